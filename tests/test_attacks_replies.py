"""Replies that no honest server sends: a paid reply is kept whatever it holds, a hopeless server is given up on."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout

import pytest

import runners.attempts
import runners.target
from cache.store import Store
from dashboard.__main__ import main
from dashboard.progress_file import read_progress
from fake_server import FakeServer, Reply
from runners.sample import Trouble

PLANTED = "sk-ant-planted-0123456789"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(runners.attempts, "wait_s", lambda *_: 0.0)
    monkeypatch.setattr(runners.target, "_LONGEST_GAP", -20)


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Run a comparison against a server: exit code, last progress, everything that was said."""
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "MY_KEY"):
        monkeypatch.setenv(name, PLANTED)

    def go(server, *words, queries=1):
        (tmp_path / "ws").mkdir(exist_ok=True)
        (tmp_path / "ws" / "models.toml").write_text(
            f'[models.fake]\nprovider = "openai_compatible"\nname = "fake-1"\nbase_url = "{server.base_url}"\n'
            'key_env = "MY_KEY"\nusd_per_mtok_in = 1.0\nusd_per_mtok_out = 1.0\n', encoding="utf-8")  # fmt: skip
        path = tmp_path / "odd.toml"
        path.write_text(
            f'name = "odd"\nsetting = "value_conflict"\nmodels = ["fake"]\nqueries = {queries}\nreplicates = 1\n'
            'metrics = ["option"]\nconcurrency = 64\n[design]\nkind = "ladder"\nfacts = ["objections_read"]\n'
            'levels = [0, 2]\npolarities = ["affirmed"]\n', encoding="utf-8")  # fmt: skip
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main(
                ["--workspace", str(tmp_path / "ws"), "run", str(path), "--yes", "--no-report", "--json", *words]
            )
        return code, json.loads(out.getvalue()), out.getvalue() + err.getvalue()

    return go


def reply(**changes):
    data = {"id": "x", "model": "fake-1", "usage": {"prompt_tokens": 4, "completion_tokens": 1},
            "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "A"}}]}  # fmt: skip
    return json.dumps({**data, **changes}).encode()


HALF = b'"model": "fake\\ud800-1"'  # half a letter, which UTF-8 cannot hold

ODD = {
    "half a letter and a number without end": Reply(
        body=reply(usage={"prompt_tokens": 10**30}).replace(b'"model": "fake-1"', HALF)),
    "a header that is no text": Reply(headers={"x-request-id": "\udcff\udcfe"}),
    "an id that is no text": Reply(body=reply(id=7)),
    "a reply with a nought byte": Reply(text="A\0"),
    "no usage": Reply(body=reply(usage=None)),
    "a long reply": Reply(text="A" * 5_000_000),
}  # fmt: skip


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_a_paid_reply_is_kept_whatever_it_holds(tmp_path, ask, odd):
    with FakeServer(lambda _number, _body: odd) as server:
        code, _, said = ask(server)
        assert (code, len(server.bodies)) == (0, 4), said
        assert ask(server)[0] == 0
        assert len(server.bodies) == 4
    with Store(tmp_path / "ws" / "store") as store:
        assert store.count() == 4


@pytest.mark.parametrize("bad", [
    Reply(body=b"<html>"), Reply(body=b""), Reply(status=500), Reply(cut=10), Reply(status=429),
    Reply(status=429, headers={"retry-after": "1e9"}),
], ids=["page", "empty", "500", "cut", "429", "429 for ever"])  # fmt: skip
def test_a_server_that_never_answers_is_given_up_on_long_before_the_end_of_the_plan(ask, bad):
    with FakeServer(lambda _number, _body: bad) as server:
        code, last, said = ask(server, "--concurrency", "4", queries=30)
        assert len(server.bodies) <= 6 * (20 + 2 * 4)
    assert code == 1
    assert "in a row" in said
    assert sum(last["models"][0]["failures"].values()) == 120
    assert last["models"][0]["failures"][Trouble.STOPPED] >= 80


def test_a_server_that_answers_now_and_then_is_not_given_up_on(ask):
    with FakeServer(lambda number, _body: Reply() if number % 13 == 12 else Reply(status=500)) as server:
        _, last, said = ask(server, "--concurrency", "1", queries=10)
    assert "in a row" not in said
    assert last["models"][0]["done"] + sum(last["models"][0]["failures"].values()) == 40


def test_a_server_that_echoes_the_key_gets_it_neither_stored_nor_shown(tmp_path, ask):
    def behave(number, _body):
        words = f"you sent {PLANTED} \x1b[31m\x9b\u202e"
        if number < 2:
            return Reply(text=words, headers={"x-request-id": PLANTED})
        return Reply(status=401, body=json.dumps({"error": {"message": words}}).encode())

    with FakeServer(behave) as server:
        code, _, said = ask(server, "--concurrency", "1")
        assert PLANTED in server.headers[0]
    assert code == 1
    assert PLANTED not in said
    assert not {"\x1b", "\x9b", "\u202e"} & set(said.replace("\\u202e", "\u202e").replace("\\x9b", "\x9b"))
    files = [path for path in (tmp_path / "ws").rglob("*") if path.is_file()]
    assert len(files) > 3
    assert not [path for path in files if PLANTED.encode() in path.read_bytes()]


def test_the_progress_file_can_be_read_whatever_a_server_says(tmp_path, ask):
    with FakeServer(lambda *_: Reply(status=400, body=b'{"error": {"message": "bad \\ud800"}}')) as server:
        ask(server)
    assert read_progress(tmp_path / "ws" / "runs" / "odd") is not None


@pytest.mark.parametrize("calls", [1, 33, 64])
def test_the_budget_in_calls_holds_to_the_call_at_high_concurrency(ask, calls):
    with FakeServer() as server:
        code, last, _ = ask(server, "--max-calls", str(calls), queries=20)
        assert (code, len(server.bodies), last["calls"]) == (1, calls, calls)


def test_the_budget_in_usd_holds_at_high_concurrency_against_calls_that_cost_all_they_may(ask):
    longest = 60

    def dear(_number, body):
        asked = sum(len(turn["content"].encode()) for turn in json.loads(body)["messages"])
        return Reply(body=reply(usage={"prompt_tokens": asked, "completion_tokens": longest}))

    with FakeServer(dear) as server:
        _, last, _ = ask(server, "--max-usd", "0.02", queries=20)
    assert last["state"] == "stopped"
    assert 0 < last["spent_usd"] <= 0.02
