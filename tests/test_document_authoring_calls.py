"""Authoring over real sockets: every call kept, hard budgets, errors told, killed runs resumed with what is missing."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request as Wire
from werkzeug import Response

from authoring_model import document, good, prompt_of, stage_of
from cache.store import Store
from dashboard.__main__ import main
from facts.documents.formats.set_folder import read_set
from fake_server import FakeServer, Reply
from http_wires import KEY, PATHS, reply

COUNT = 4
DOSE = "objections_read:2a"


def talk(number, body):
    """What a good model replies; the number of a call decides nothing, or a rerun would differ."""
    return Reply(text=good(prompt_of(body), 0))


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    monkeypatch.setenv("SALIENCE_WORKSPACE", str(tmp_path / "ws"))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def arguments(server, *more, count=COUNT, doses=(DOSE,)):
    return ["documents", "generate", *doses, "--model", f"openai_compatible/fake-1@{server.base_url}",
            "--count", str(count), "--tokens", "200", *more]  # fmt: skip


def folders(tmp_path):
    return sorted(path.parent for path in (tmp_path / "ws" / "documents").glob("*/set.json"))


def asked(bodies):
    return Counter(stage_of(prompt_of(body)) for body in bodies)


def test_a_set_is_written_shown_first_and_the_same_command_again_is_free(tmp_path, capsys):
    with FakeServer(talk) as server:
        assert main(arguments(server, "--yes", "--json")) == 0
        told = capsys.readouterr()
        bodies = list(server.bodies)
        assert main(arguments(server, "--yes", "--json")) == 0
        assert len(server.bodies) == len(bodies)
    assert asked(bodies) == {"context": 1, "key_facts": 1, "types": 1, "idea": 4, "document": 4, "critique": 4}
    assert "The first document" in told.err
    assert "⟦affirmed state: " in told.err
    (row,) = json.loads(told.out)
    assert (row["asked"], row["made"], row["missing"], row["simulated"]) == (4, 4, [], False)
    (folder,) = folders(tmp_path)
    said, records = read_set(folder)
    assert (said.generator, said.model, said.count) == ("llm", "openai_compatible/fake-1", 4)
    assert said.gates["presence"] == "pass"
    assert all(record.n_exposures == 1 for record in records)
    beside = json.loads((folder / "authoring.json").read_text(encoding="utf-8"))
    assert beside["replies"] == dict(asked(bodies))
    assert {record.doc_id for record in records} == set(beside["ideas"])
    assert beside["worlds"][0]["universe_context"]


def test_nothing_is_spent_after_the_first_document_unless_told_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", open(os.devnull, encoding="utf-8"))  # noqa: SIM115, PTH123
    with FakeServer(talk) as server:
        assert main(arguments(server)) == 1
        assert asked(server.bodies) == {
            "context": 1,
            "key_facts": 1,
            "types": 1,
            "idea": 1,
            "document": 1,
            "critique": 1,
        }
        assert "Go on? [y/N]" in capsys.readouterr().err
        assert main(arguments(server, "--yes")) == 0
        assert asked(server.bodies)["document"] == COUNT  # the first one is part of the set
    assert len(folders(tmp_path)) == 1


def test_a_plan_calls_nothing_bounds_what_is_called_and_knows_what_is_kept(tmp_path, capsys):
    with FakeServer(talk) as server:
        assert (
            main(arguments(server, "--plan", "--json", "--verify-with", f"openai_compatible/b@{server.base_url}")) == 0
        )
        assert not server.bodies
        plan, checks = json.loads(capsys.readouterr().out)
        assert not (tmp_path / "ws").exists()
        assert plan["cost_usd"] == {"low": None, "expected": None, "high": None}
        assert (plan["calls"]["kept"], checks["calls"]["expected"]) == (0, COUNT)
        main(arguments(server, "--yes", "--json"))
        made = asked(server.bodies)
        capsys.readouterr()
        most = {stage["stage"]: stage["most"] for stage in plan["stages"]}
        once = {stage["stage"]: stage["once"] for stage in plan["stages"]}
        assert all(made[stage] <= most[stage] for stage in most)
        assert all(once[stage] == made[stage] for stage in most if stage != "revise")
        assert main(arguments(server, "--plan", "--json")) == 0
        (after,) = json.loads(capsys.readouterr().out)
        assert after["calls"] == {"kept": sum(made.values()), "once": 0, "expected": 0, "most": 0}


@pytest.mark.parametrize("wire", ["anthropic", "openai"])
def test_every_wire_writes_the_same_set_from_the_same_replies(
    wire, tmp_path, capsys, monkeypatch, httpserver: HTTPServer
):
    calls = []

    def answer(request: Wire) -> Response:
        calls.append(request.get_data())
        return Response(json.dumps(reply(wire, good(prompt_of(calls[-1])))), content_type="application/json")

    httpserver.expect_request(PATHS[wire], method="POST").respond_with_handler(answer)
    monkeypatch.setenv("TEST_KEY", KEY)
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "models.toml").write_text(
        f'[models.writer]\nprovider = "{wire}"\nname = "w"\nbase_url = "{httpserver.url_for("/v1")}"\n'
        'key_env = "TEST_KEY"\nusd_per_mtok_in = 1.0\nusd_per_mtok_out = 5.0\n', encoding="utf-8")  # fmt: skip
    order = ["documents", "generate", DOSE, "--model", "writer", "--count", "3", "--tokens", "200"]
    assert main([*order, "--yes", "--max-usd", "5", "--arms", "affirmed,placebo"]) == 0
    assert KEY not in capsys.readouterr().out
    assert asked(calls)["document"] == 6
    one, two = (read_set(folder)[1] for folder in folders(tmp_path))
    assert [record.scaffold_id for record in one] == [record.scaffold_id for record in two]
    assert {one[0].polarity, two[0].polarity} == {"affirmed", "placebo"}
    assert main([*order, "--plan", "--json"]) == 0
    (plan,) = json.loads(capsys.readouterr().out)
    costs = [plan["cost_usd"][which] for which in ("low", "expected", "high")]
    assert costs == [0, 0, 0]  # all of it is kept
    assert main([*order, "--seed", "other", "--plan", "--json"]) == 0
    (plan,) = json.loads(capsys.readouterr().out)
    low, expected, high = (plan["cost_usd"][which] for which in ("low", "expected", "high"))
    assert 0 < low < expected < high


@pytest.mark.parametrize("kill_after", [2, 9])
def test_sigkill_then_resume_makes_exactly_the_missing_calls(tmp_path, kill_after):
    hold = threading.Event()

    def slow(number, body):
        return Reply(text=good(prompt_of(body), 0), delay_s=0.0 if hold.is_set() or number < kill_after else 1)

    with FakeServer(slow) as server:
        command = [sys.executable, "-m", "dashboard", *arguments(server, "--yes")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        server.wait_for(kill_after + 1)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        assert not folders(tmp_path)
        with Store(tmp_path / "ws" / "store") as store:
            survived = store.count()
        before = len(server.bodies)
        hold.set()
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert len(server.bodies) - before == 3 + 3 * COUNT - survived
    assert len(folders(tmp_path)) == 1


@pytest.mark.parametrize("most", [1, 4, 8])
def test_the_budget_in_calls_is_never_passed_and_what_came_is_kept(tmp_path, capsys, most):
    with FakeServer(talk) as server:
        assert main(arguments(server, "--yes", "--max-calls", str(most))) == 1
        assert len(server.bodies) == most
        said = capsys.readouterr().err
        assert f"{most} calls is used up" in said
        assert not folders(tmp_path)
        assert main(arguments(server, "--yes")) == 0
        assert len(server.bodies) == 3 + 3 * COUNT


def test_a_budget_in_usd_needs_a_known_price(capsys):
    with FakeServer(talk) as server:
        assert main(arguments(server, "--yes", "--max-usd", "1")) == 1
        assert not server.bodies
    assert "the price of" in capsys.readouterr().err


@pytest.mark.parametrize(("status", "words"), [(401, "key"), (404, "fake-1"), (400, "planned 400")])
def test_an_error_that_cannot_pass_ends_it_with_what_to_do_and_writes_nothing(tmp_path, capsys, status, words):
    fails = 6

    def behave(number, body):
        return Reply(status=status) if number >= fails else talk(number, body)

    with FakeServer(behave) as server:
        assert main(arguments(server, "--yes")) == 1
        said = capsys.readouterr().err
        assert words in said
        assert "Run the same command again" in said
        assert not folders(tmp_path)
        assert not list((tmp_path / "ws").glob("documents/.*"))
        server.behave = talk
        paid = len(server.bodies)
        assert main(arguments(server, "--yes")) == 0
        assert len(server.bodies) - paid == 3 + 3 * COUNT - fails  # nothing paid is lost


@pytest.mark.parametrize("status", [429, 529])
def test_what_can_pass_is_tried_again_with_the_same_bytes(tmp_path, status):
    seen = set()

    def behave(number, body):
        if body not in seen:
            seen.add(body)
            return Reply(status=status, headers={"retry-after": "0"})
        return talk(number, body)

    with FakeServer(behave) as server:
        assert main(arguments(server, "--yes", count=1)) == 0
        assert set(Counter(server.bodies).values()) == {2}
    assert len(folders(tmp_path)) == 1


def test_drops_are_counted_told_and_tried_again_as_new_calls(tmp_path, capsys):
    seen = set()

    def behave(number, body):
        prompt = prompt_of(body)
        if stage_of(prompt) == "document" and prompt not in seen:
            seen.add(prompt)
            return Reply(text="The gate \0 is green.")
        return Reply(text=document(prompt, __import__("random").Random(number))
                     if stage_of(prompt) == "document" else good(prompt))  # fmt: skip

    with FakeServer(behave) as server:
        assert main(arguments(server, "--yes", count=2)) == 0
        assert asked(server.bodies)["document"] == 4
    told = capsys.readouterr().out
    assert "asked 2, made 2" in told
    assert "dropped at document: 2 × the reply held null bytes or control characters" in told


def test_a_model_that_cannot_do_it_is_told_where_it_failed(tmp_path, capsys):
    with FakeServer(lambda _n, _b: Reply(text="I'm sorry, I can't help with that.")) as server:
        assert main(arguments(server, "--yes")) == 1
        assert len(server.bodies) == 4
    said = capsys.readouterr().err
    assert "'context'" in said
    assert "the model refused" in said
    assert "--hybrid" in said
    assert not folders(tmp_path)


def test_a_set_of_which_nothing_passes_is_accounted_for_and_not_written(tmp_path, capsys):
    def behave(number, body):
        return Reply(text=good(prompt_of(body).replace("such as: ", "for instance: ")))  # it says nothing of the fact

    with FakeServer(behave) as server:
        assert main(arguments(server, "--yes", "--no-revise", count=2)) == 1
    said = capsys.readouterr().err
    assert "asked 2, made 0" in said
    assert "at document 8 × no sentence says the fact" in said
    assert not folders(tmp_path)


def test_fewer_documents_than_asked_for_are_said_and_end_in_an_error(tmp_path, capsys):
    def behave(number, body):
        prompt = prompt_of(body)
        bad = stage_of(prompt) == "document" and "Elsa Mertens" in prompt
        return Reply(text="No." if bad or (stage_of(prompt) == "document" and first in prompt) else good(prompt))

    from facts.documents.scaffold import scaffold

    first = scaffold("0", COUNT).author  # of the first place's scaffold of reserve
    assert scaffold("0", 0).author == "Elsa Mertens"
    with FakeServer(behave) as server:
        assert main(arguments(server, "--yes")) == 1
    told = capsys.readouterr()
    assert "every try at the first document was dropped" in told.err
    assert "asked 4, made 3, missing 1" in told.out
    (folder,) = folders(tmp_path)
    assert read_set(folder)[0].count == 3


def test_a_disk_that_cannot_be_written_to_loses_nothing_paid(tmp_path, capsys):
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "documents").write_text("in the way", encoding="utf-8")
    with FakeServer(talk) as server:
        assert main(arguments(server, "--yes")) == 1
        assert "salience:" in capsys.readouterr().err
        paid = len(server.bodies)
        (tmp_path / "ws" / "documents").unlink()
        assert main(arguments(server, "--yes")) == 0
        assert len(server.bodies) == paid


def test_another_model_checks_presence_and_its_unproven_words_count_as_unscored(tmp_path, capsys):
    def behave(number, body):
        prompt = prompt_of(body)
        if stage_of(prompt) == "presence" and "Elsa" not in prompt:
            return Reply(text='entails\n"words that stand nowhere in it"')
        return Reply(text=good(prompt))

    with FakeServer(behave) as server:
        assert main(arguments(server, "--yes", "--verify-with", f"openai_compatible/b@{server.base_url}")) == 0
        assert asked(server.bodies)["presence"] == COUNT
    assert "unscored" in capsys.readouterr().out
    beside = json.loads((folders(tmp_path)[0] / "authoring.json").read_text(encoding="utf-8"))
    assert all(v["says"] is None for v in beside["presence"]["verdicts"].values())


def test_a_context_of_ones_own_takes_the_place_of_the_first_stages(tmp_path, capsys):
    path = tmp_path / "contexts.jsonl"
    rows = [{"id": "a", "universe_context": "In this town objections are read.", "key_facts": ["one", "two"]},
            {"id": "b", "universe_context": "Elsewhere.", "key_facts": []}]  # fmt: skip
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    with FakeServer(talk) as server:
        assert main(arguments(server, "--yes", "--context", str(path))) == 1
        assert "a, b" in capsys.readouterr().err
        assert main(arguments(server, "--yes", "--context", str(path), "--context-id", "a")) == 0
        assert not {"context", "key_facts"} & set(asked(server.bodies))
        path.write_text('{"universe_context": ', encoding="utf-8")
        assert main(arguments(server, "--yes", "--context", str(path))) == 1


def test_a_model_that_reads_too_little_is_told_before_anything_is_called(tmp_path, capsys):
    (tmp_path / "ws").mkdir()
    with FakeServer(talk) as server:
        (tmp_path / "ws" / "models.toml").write_text(
            f'[models.small]\nprovider = "openai_compatible"\nname = "s"\nbase_url = "{server.base_url}"\n'
            "context = 1800\n", encoding="utf-8")  # fmt: skip
        order = ["documents", "generate", DOSE, "--model", "small", "--yes"]
        assert main([*order, "--count", "2", "--tokens", "900"]) == 1
        assert not server.bodies
    said = capsys.readouterr().err
    assert "reads 1,800 tokens" in said
    assert "'document'" in said


def test_interrupting_keeps_what_came_and_writes_nothing(tmp_path):
    with FakeServer(lambda n, b: Reply(text=good(prompt_of(b)), delay_s=0.0 if n < 8 else 1.0)) as server:
        command = [sys.executable, "-m", "dashboard", *arguments(server, "--yes")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        server.wait_for(9)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "Run the same command again" in said
        assert not folders(tmp_path)
        with Store(tmp_path / "ws" / "store") as store:
            assert store.count() == len(server.bodies)


@pytest.mark.parametrize(("more", "words"), [
    (["--arms", "affirmed,maybe"], "maybe"), (["--arms", "affirmed,affirmed"], "twice"), (["--count", "0"], "empty"),
    (["--concurrency", "0"], "concurrency"), (["--max-usd", "-1"], "max_usd"),
    (["--hybrid", "--context", "x"], "--context"), (["--verify-with", "nobody"], "nobody"),
])  # fmt: skip
def test_what_cannot_be_asked_for_is_said_before_anything_is_called(capsys, more, words):
    with FakeServer(talk) as server:
        assert main([*arguments(server, "--yes"), *more]) == 1
        assert main(arguments(server, "--yes", doses=(DOSE, "weights_kept:2a"))) == 1
        assert main(arguments(server, "--yes", doses=())) == 1
        assert not server.bodies
    said = capsys.readouterr().err
    assert said.count("one fact at a time") == 2
    assert words in said
