"""What goes wrong with batches: whatever an answer or a file looks like, nothing is bought twice or lost."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from filelock import Timeout

from batch_maker import KEY, WIRES, answers, asked, model
from batch_server import BatchServer
from cache.errors import StoreError
from cache.store import Store
from runners.batches import openai
from runners.batches.ledger import Ledger
from runners.sample import Failure, Sample, Trouble


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("TEST_KEY", KEY)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=WIRES)
def wire(request):
    return request.param


def samples(got):
    return [answer for answer in got if isinstance(answer.outcome, Sample)]


def failures(got):
    return [answer.outcome for answer in got if isinstance(answer.outcome, Failure)]


def every(folder):
    return Ledger(folder / "batches").every()


def once(server, count):
    assert len(server.billed) == count
    assert set(server.billed.values()) == {1}


def html(_lines):
    return [b"<html>log in</html>"]


def empty(_lines):
    return []


def torn(lines):
    return [*lines[:-1], lines[-1][:40]]


def nulls(lines):
    def hollow(line):
        data = json.loads(line)
        (data.get("result") or data["response"]).update({"message": None, "body": None})
        return json.dumps(data).encode()

    return [hollow(line) for line in lines]


@pytest.mark.parametrize("edit", [html, empty, torn, nulls])
def test_results_that_cannot_be_read_whole_stay_at_the_provider_and_are_never_bought_again(wire, tmp_path, edit):
    with BatchServer(edit=edit) as server:
        who = model(wire, server.url)
        got, line, _ = answers(asked(who, 5), who, tmp_path)
        (batch,) = every(tmp_path)
        assert len(server.batches) == 1
        assert batch.open
        assert len(got) == 5
        assert {f.trouble for f in failures(got)} == {Trouble.UNREADABLE}
        assert f"--forget {batch.tag}" in failures(got)[0].advice
        assert line.budget.maybe_usd > 0
        server.edit = lambda lines: lines
        got, _, _ = answers(asked(who, 5), who, tmp_path)
        assert len(samples(got)) == 5
        once(server, 5)
    assert not every(tmp_path)[0].open


def test_a_reply_counts_more_than_an_error_that_stood_before_it(wire, tmp_path):
    def error_first(lines):
        name = json.loads(lines[0])["custom_id"]
        bad = {"custom_id": name, "error": None, "response": {"status_code": 500, "body": {"error": {"message": "oh"}}},
               "result": {"type": "errored", "error": {"type": "error", "error": {"type": "api_error"}}}}  # fmt: skip
        return [json.dumps(bad).encode(), *lines]

    with BatchServer(edit=error_first) as server:
        who = model(wire, server.url)
        got, _, _ = answers(asked(who, 5), who, tmp_path)
        once(server, 5)
    assert len(samples(got)) == 5


def test_a_line_that_the_provider_counts_as_not_answered_is_asked_again(wire, tmp_path):
    """Nothing was billed for it, so that it is missing needs nobody's decision."""
    with BatchServer(fate=lambda n, name: "expired" if n == 0 and name[0] < "U" else "succeeded") as server:
        server.edit = lambda lines: [line for line in lines if b"expired" not in line]
        who = model(wire, server.url)
        got, _, _ = answers(asked(who, 12), who, tmp_path)
        assert len(server.batches) == 2
        once(server, 12)
    assert len(samples(got)) == 12


def test_results_that_are_not_there_at_the_first_look_are_looked_for_again(tmp_path):
    with BatchServer() as server:
        said, looks = server.said, []

        def late(held):
            looks.append(held.ended)
            return said(held) | ({"output_file_id": None} if looks.count(True) == 1 else {})

        server.said = late
        who = model("openai", server.url)
        got, _, _ = answers(asked(who, 4), who, tmp_path)
        once(server, 4)
    assert len(samples(got)) == 4


@pytest.mark.parametrize("answer", [{"object": "batch"}, {"id": 7}, {"id": ""}, [], b"<html>ok</html>", b""])
def test_a_batch_whose_id_was_not_said_is_looked_for_and_not_sent_again(wire, tmp_path, answer):
    with BatchServer() as server:
        create, made = server.create, []

        def silent(*call):
            made.append(create(*call))
            return answer if len(made) == 1 else made[-1]

        server.create = silent
        who = model(wire, server.url)
        got, _, _ = answers(asked(who, 5), who, tmp_path)
        assert len(server.batches) == 1
        once(server, 5)
    assert len(samples(got)) == 5


@pytest.mark.parametrize("status", [302, 408, 409, 499, 501])
def test_a_status_that_does_not_say_whether_the_batch_arrived_is_no_refusal(wire, tmp_path, status):
    with BatchServer() as server:
        send, answered = server.send, []

        def odd(http, found, _status, **more):
            created = http.command == "POST" and http.path.endswith("/batches")
            answered.append(created)
            send(http, found, status if created and answered.count(True) == 1 else _status, **more)

        server.send = odd
        who = model(wire, server.url)
        got, _, _ = answers(asked(who, 5), who, tmp_path)
        assert len(server.batches) == 1
        once(server, 5)
    assert len(samples(got)) == 5


@pytest.mark.parametrize("hours", [-48, 2, 48])
def test_a_clock_that_is_off_does_not_hide_a_lost_batch(wire, tmp_path, monkeypatch, hours):
    monkeypatch.setattr("runners.batches.filling.now", (datetime.now(UTC) + timedelta(hours=hours)).isoformat)
    with BatchServer(faults=lambda call, n: "lost" if call == "create" and n == 1 else None) as server:
        who = model(wire, server.url)
        got, _, _ = answers(asked(who, 5), who, tmp_path)
        assert len(server.batches) == 1
        once(server, 5)
    assert len(samples(got)) == 5


def test_batches_from_before_are_not_taken_for_a_lost_one_even_if_the_newest_of_them_is_gone(tmp_path):
    with BatchServer() as server:
        who = model("anthropic", server.url)
        for start in (100, 200):
            answers(asked(who, 5, start=start), who, tmp_path / str(start))
        server.faults = lambda call, n: "lost" if call == "create" and n == 3 else None
        create, before = server.create, server.calls["results"]

        def deleting(*call):
            made = create(*call)
            del server.batches[1]
            return made

        server.create = deleting
        got, _, _ = answers(asked(who, 5), who, tmp_path)
        assert server.calls["results"] - before == 2  # of the lost batch: once to know it, once to harvest it
    assert len(samples(got)) == 5


def damaged(path, how):
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "short": b"".join(lines[:-1]), "torn": content[:-20]}[how])


@pytest.mark.parametrize("how", ["gone", "empty", "short", "torn"])
def test_a_list_of_requests_that_is_not_whole_stops_buying_and_nothing_else(wire, tmp_path, how):
    with BatchServer(faults=lambda call, _n: 401 if call == "look" else None) as server:
        who = model(wire, server.url)
        answers(asked(who, 6), who, tmp_path)
        (first,) = every(tmp_path)
        answers(asked(who, 3, start=10), who, tmp_path)
        server.faults = lambda _call, _n: None
        damaged(tmp_path / "batches" / f"{first.tag}.requests.jsonl", how)
        got, _, _ = answers([*asked(who, 6), *asked(who, 3, start=10)], who, tmp_path)
        assert len(server.batches) == 2
        assert len(samples(got)) == 3, "the other batch is harvested"
        assert {(f.trouble, f"--forget {first.tag}" in f.advice) for f in failures(got)} == {(Trouble.STORE, True)}
        assert first.id in failures(got)[0].message
        assert len(got) == 9


def test_a_file_that_cannot_be_written_leaves_no_lock_behind(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with BatchServer() as server:
        who = model("openai", server.url)
        write = openai._write
        monkeypatch.setattr(openai, "_write", full)
        with pytest.raises(OSError, match="No space left") as raised:
            answers(asked(who, 3), who, tmp_path)
        monkeypatch.setattr(openai, "_write", write)
        (batch,) = every(tmp_path)
        try:
            with Ledger(tmp_path / "batches").lock(batch.tag):
                pass
        except Timeout:
            pytest.fail("the batch is locked for as long as this process lives")
        assert raised.value.errno == 28  # held until here, as whoever shows it may
        got, _, _ = answers(asked(who, 3), who, tmp_path)
        once(server, 3)
    assert len(samples(got)) == 3


def test_an_error_while_a_batch_is_looked_after_reaches_whoever_runs(wire, tmp_path, monkeypatch):
    def full(_self):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Ledger, "again", full)
    with BatchServer(fate=lambda _n, _name: "expired") as server, pytest.raises(OSError, match="No space left"):
        answers(asked(model(wire, server.url), 3), model(wire, server.url), tmp_path)


def test_an_address_where_nobody_answers_is_given_up_and_says_what_to_do(wire, tmp_path):
    with BatchServer() as server:
        who = model(wire, server.url)
    got, line, _ = answers(asked(who, 3), who, tmp_path)
    assert line.stopped is not None
    assert "in a row" in line.stopped.message or "never arrived" in line.stopped.message
    assert "run again" in line.stopped.advice
    assert not samples(got)


ODD = ("[]", '{"stage": "sent", "tag": "zz", "requests": "many", "began": 5}', '{"tag": "')


@pytest.mark.parametrize("record", ODD)
def test_a_record_that_makes_no_sense_is_named_and_hides_no_other(wire, tmp_path, record):
    with BatchServer() as server:
        who = model(wire, server.url)
        answers(asked(who, 2), who, tmp_path)
        (tmp_path / "batches" / "zz.json").write_text(record, encoding="utf-8")
        found, wrong = Ledger(tmp_path / "batches").readable()
        assert [batch.requests for batch in found] == [2]
        assert ["zz.json" in str(error) for error in wrong] == [True]
        with pytest.raises(StoreError, match=r"zz\.json.*console"):
            answers(asked(who, 4), who, tmp_path)
        assert len(server.batches) == 1


def test_results_come_by_the_address_of_the_model_whatever_host_the_reply_names(tmp_path):
    """As behind a gateway that passes the API through."""
    with BatchServer() as server:
        said = server.said
        server.said = lambda held: said(held) | {"results_url": "http://192.0.2.1/v1/messages/batches/x/results"}
        who = model("anthropic", server.url)
        got, _, _ = answers(asked(who, 3), who, tmp_path)
    assert len(samples(got)) == 3


@pytest.mark.parametrize("status", [403, 404])
def test_results_that_are_gone_name_the_batch_and_how_to_give_it_up(wire, tmp_path, status):
    with BatchServer(faults=lambda call, _n: status if call == "results" else None) as server:
        who = model(wire, server.url)
        _, line, _ = answers(asked(who, 3), who, tmp_path)
    (batch,) = every(tmp_path)
    assert batch.open
    assert batch.id in line.stopped.message
    assert f"--forget {batch.tag}" in line.stopped.advice
    with Store(tmp_path / "store") as store:
        assert store.count() == 0


@pytest.mark.parametrize("call", ["look", "list", "create", "upload"])
def test_no_answer_makes_a_run_wait_for_years(wire, tmp_path, call):
    with BatchServer(faults=lambda c, n: 429 if c == call and n == 1 else None) as server:
        server.retry_after_s = 100_000_000
        who = model(wire, server.url)
        got, _, _ = answers(asked(who, 3), who, tmp_path, most_wait_s=0.02)
        once(server, 3)
    assert len(samples(got)) == 3


@pytest.mark.parametrize("where", ["result", "id"])
def test_a_key_that_a_server_spells_in_escapes_is_kept_nowhere(wire, tmp_path, where):
    spelled = "".join(f"\\u{ord(letter):04x}" for letter in KEY).encode()
    with BatchServer() as server:
        if where == "result":
            server.edit = lambda lines: [line.replace(b"said", spelled) for line in lines]
        else:
            send = server.send
            server.send = lambda http, found, status, **more: send(
                http, json.dumps(found).encode().replace(b"batch_", spelled) if isinstance(found, dict) else found,
                status, **more,
            )  # fmt: skip
        who = model(wire, server.url)
        got, line, standing = answers(asked(who, 3), who, tmp_path)
        assert sum(server.calls.values()) > 2
    assert KEY not in f"{got}{line.stopped}{standing}"
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert (len(samples(got)) == 3) is (where == "result")
