"""Batches: bought once, kept before told, at batch price, whatever the provider and the network do."""

import asyncio
import threading

import orjson
import pytest

from batch_maker import KEY, WIRES, answers, asked, collect, model
from batch_server import BatchServer
from cache.store import Store
from runners import batches
from runners.batches.batch import Batch, mark, marked
from runners.batches.ledger import Ledger
from runners.budget import Budget, cost_usd
from runners.keep import kept
from runners.providers import find
from runners.sample import Failure, Sample, Trouble


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("TEST_KEY", KEY)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=WIRES)
def wire(request):
    return request.param


def once(server, requests, times=1):
    """Every request was billed so many times, and no other."""
    assert len(server.billed) == len(requests)
    assert set(server.billed.values()) == {times}


def samples(got):
    return [answer for answer in got if isinstance(answer.outcome, Sample)]


def failures(got):
    return [answer.outcome for answer in got if isinstance(answer.outcome, Failure)]


def every(folder):
    return Ledger(folder / "batches").every()


def test_a_batch_brings_what_live_calls_would_under_the_same_keys(wire, tmp_path):
    with BatchServer() as server:
        who = model(wire, server.url)
        requests = asked(who, 7)
        got, line, standing = answers(requests, who, tmp_path)
        once(server, requests)
        sent = {orjson.dumps(body, option=orjson.OPT_SORT_KEYS) for body in server.batches[0].requests.values()}
    bodies = {orjson.dumps(orjson.loads(find(wire).body(r)), option=orjson.OPT_SORT_KEYS) for r in requests}
    assert sent == bodies
    assert {a.key for a in samples(got)} == {r.key for r in requests}
    with Store(tmp_path / "store") as store:
        found = kept(store, [r.key for r in requests])
    assert all(found[a.key] == a.outcome for a in got)
    (outcome, *_) = [a.outcome for a in got]
    assert outcome.latency_s is None
    assert outcome.received_at
    assert line.spent_usd == pytest.approx(7 * cost_usd(who, outcome.usage) / 2)
    assert (standing.requests, standing.batches) == (0, 0)


def test_a_second_pass_sends_nothing_and_needs_no_key(wire, tmp_path, monkeypatch):
    with BatchServer() as server:
        who = model(wire, server.url)
        answers(asked(who, 4), who, tmp_path)
        calls = sum(server.calls.values())
        monkeypatch.delenv("TEST_KEY")
        got, _, _ = answers(asked(who, 4), who, tmp_path)
        assert sum(server.calls.values()) == calls
    assert all(a.was_kept for a in got)


def test_a_custom_id_names_the_key_and_the_batch_in_64_letters(wire, tmp_path):
    with BatchServer() as server:
        who = model(wire, server.url)
        requests = asked(who, 3)
        answers(requests, who, tmp_path)
        (held,) = server.batches
    (batch,) = every(tmp_path)
    assert set(held.requests) == {batch.custom_id(r.key) for r in requests}
    assert {marked(name) for name in held.requests} == {(mark(r.key), batch.tag) for r in requests}


@pytest.mark.parametrize("text", ["", "x" * 64, "a" * 43 + "_" + "é" * 20, "=" * 43 + "_" + "a" * 20])
def test_a_custom_id_that_is_not_ours_is_nobodys(text):
    found = marked(text)
    assert found is None or len(found[0]) != 32 or found[1] != "f" * 20


def test_the_key_is_in_no_file(wire, tmp_path):
    with BatchServer(fate=lambda _n, name: "errored" if name[0] < "T" else "succeeded") as server:
        who = model(wire, server.url)
        answers(asked(who, 9), who, tmp_path)
        assert any(KEY in head for head in server.headers)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_large_plans_are_cut_into_batches_that_the_provider_takes(wire, tmp_path, monkeypatch):
    monkeypatch.setattr(f"runners.batches.{wire}._Api.most", (4, 1_000_000))
    with BatchServer() as server:
        who = model(wire, server.url)
        requests = asked(who, 10)
        got, _, _ = answers(requests, who, tmp_path)
        assert [len(held.requests) for held in server.batches] == [4, 4, 2]
        once(server, requests)
    assert len(samples(got)) == 10


def test_what_expired_is_asked_again_and_nothing_else(wire, tmp_path):
    late = set()

    def fate(batch, name):
        if batch == 0 and ord(name[0]) % 3 == 0:
            late.add(name[:43])
            return "expired"
        return "succeeded"

    with BatchServer(fate=fate) as server:
        who = model(wire, server.url)
        requests = asked(who, 30)
        got, _, _ = answers(requests, who, tmp_path)
        assert late
        assert {name[:43] for name in server.batches[1].requests} == late
        once(server, requests)
    assert len(samples(got)) == 30


def test_what_always_expires_fails_after_three_batches(wire, tmp_path):
    with BatchServer(fate=lambda _n, _name: "expired") as server:
        who = model(wire, server.url)
        got, line, _ = answers(asked(who, 2), who, tmp_path)
        assert len(server.batches) == 3
    assert [f.trouble for f in failures(got)] == [Trouble.TIMEOUT] * 2
    assert "expired in 3 batches" in failures(got)[0].message
    assert line.budget.spent_usd == line.budget.maybe_usd == 0


def test_an_error_in_one_request_is_that_requests_failure(wire, tmp_path):
    with BatchServer(fate=lambda _n, name: "errored" if ord(name[0]) % 2 else "succeeded") as server:
        who = model(wire, server.url)
        got, line, _ = answers(asked(who, 12), who, tmp_path)
        assert len(server.batches) == 1
        assert len(samples(got)) == sum(server.billed.values())
    assert {f.trouble for f in failures(got)} == {Trouble.BAD_REQUEST}
    assert "too hot" in failures(got)[0].message
    assert len(got) == 12
    assert line.stopped is None


def test_a_batch_of_nothing_but_errors_stops_the_model(wire, tmp_path):
    with BatchServer(fate=lambda _n, _name: "errored") as server:
        who = model(wire, server.url)
        _, line, _ = answers(asked(who, 3), who, tmp_path)
    assert line.stopped is not None
    assert "too hot" in line.stopped.message


@pytest.mark.parametrize("call", ["look", "results", "list", "upload"])
@pytest.mark.parametrize("fault", ["cut", "lost", "half", 500, 429, 529])
def test_no_passing_fault_of_any_call_buys_twice_or_loses_anything(wire, tmp_path, call, fault):
    with BatchServer(faults=lambda c, n: fault if c == call and n <= 2 else None, looks=2) as server:
        who = model(wire, server.url)
        requests = asked(who, 6)
        got, _, _ = answers(requests, who, tmp_path)
        once(server, requests)
    assert len(samples(got)) == 6


@pytest.mark.parametrize("fault", ["cut", "lost", "half", 500, 502, 529, 429])
def test_a_batch_whose_creation_broke_off_is_found_again_or_sent_once(wire, tmp_path, fault):
    with BatchServer(faults=lambda c, n: fault if c == "create" and n == 1 else None, looks=3) as server:
        who = model(wire, server.url)
        requests = asked(who, 6)
        got, _, _ = answers(requests, who, tmp_path)
        assert len(server.batches) == 1
        once(server, requests)
    assert len(samples(got)) == 6


def test_a_lost_batch_is_told_from_strangers_of_the_same_size(wire, tmp_path):
    """Somebody else's batches of as many requests come in between, one of them still going on."""
    with BatchServer(faults=lambda c, n: "lost" if c == "create" and n == 2 else None, looks=2) as server:
        who = model(wire, server.url)
        answers(asked(who, 6, start=100), who, tmp_path / "other")
        requests = asked(who, 6)
        got, _, _ = answers(requests, who, tmp_path)
        assert len(server.batches) == 2
    assert len(samples(got)) == 6


def test_lines_that_are_broken_foreign_or_double_are_told_and_never_kept(wire, tmp_path):
    def spoil(lines):
        stranger = lines[0].replace(lines[0][lines[0].index(b"custom_id") + 13 :][:6], b"AAAAAA", 1)
        return [lines[0], lines[0], stranger, b'{"custom_id": "', b"[]", *lines[1:]]

    with BatchServer(edit=spoil) as server:
        who = model(wire, server.url)
        requests = asked(who, 5)
        got, _, standing = answers(requests, who, tmp_path)
        once(server, requests)
    assert len(samples(got)) == 5
    (batch,) = every(tmp_path)
    assert "came twice" in batch.note
    assert "could not be read" in standing.note
    with Store(tmp_path / "store") as store:
        assert store.count() == 5


def test_a_truncated_line_is_read_again(wire, tmp_path):
    reads = []

    def cut(lines):
        reads.append(1)
        return [*lines[:-1], lines[-1][:40]] if len(reads) <= 3 else lines

    with BatchServer(edit=cut) as server:
        who = model(wire, server.url)
        got, line, _ = answers(asked(who, 5), who, tmp_path)
        assert [len(held.requests) for held in server.batches] == [5]
    assert len(samples(got)) == 5
    assert line.budget.maybe_usd == 0


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_key_stops_the_model_and_keeps_the_batch(wire, tmp_path, status):
    faulty = threading.Event()
    faulty.set()
    with BatchServer(faults=lambda c, _n: status if c == "look" and faulty.is_set() else None) as server:
        who = model(wire, server.url)
        requests = asked(who, 4)
        got, line, _ = answers(requests, who, tmp_path)
        assert got == []
        assert line.stopped.status == status
        assert line.stopped.advice
        (batch,) = every(tmp_path)
        assert batch.open
        faulty.clear()
        got, _, _ = answers(requests, who, tmp_path)
        once(server, requests)
    assert len(samples(got)) == 4


def test_a_budget_that_fits_part_sends_the_part(wire, tmp_path):
    with BatchServer() as server:
        who = model(wire, server.url)
        got, line, _ = answers(asked(who, 40), who, tmp_path, budget=Budget(max_calls=9))
        assert sum(server.billed.values()) == 9
    assert len(samples(got)) == 9
    assert failures(got)[0].trouble is Trouble.BUDGET
    assert "9 calls" in line.budget.reached


def test_money_set_aside_for_a_batch_comes_back_and_buys_the_rest(wire, tmp_path):
    with BatchServer() as server:
        who = model(wire, server.url)
        requests = asked(who, 12)
        budget = Budget(max_usd=0.008)
        got, line, _ = answers(requests, who, tmp_path, budget=budget)
        assert len(server.batches) > 1  # not all fitted at once
        assert len(samples(got)) == sum(server.billed.values())
    assert line.budget.spent_usd <= 0.008


def test_the_price_in_batches_is_half_unless_the_entry_says_otherwise():
    who = model("anthropic", "http://x")
    assert batches.priced(who).usd_per_mtok_in == 5.0
    assert batches.priced(model("openai", "http://x", batch_share=0.8)).usd_per_mtok_out == 80.0
    assert not batches.offered(model("openai_compatible", "http://x"))
    assert batches.offered(model("openai_compatible", "http://x", batch_share=0.5))
    assert batches.priced(model("openai", "http://x", usd_per_mtok_in=None)).usd_per_mtok_in is None


def test_cancelling_the_run_cancels_the_batch_and_keeps_what_was_finished(wire, tmp_path):
    with BatchServer() as server:
        server.open = True
        who = model(wire, server.url)
        requests = asked(who, 40)

        async def go(store):
            cancelled = asyncio.Event()
            loop = asyncio.get_running_loop()
            watching = threading.Thread(target=lambda: (server.wait_for(lambda s: s.calls["look"] >= 2),
                                                        loop.call_soon_threadsafe(cancelled.set)))  # fmt: skip
            watching.start()
            return await collect(requests, who, store, tmp_path, cancelled=cancelled)

        with Store(tmp_path / "store") as store:
            got, _, _ = asyncio.run(go(store))
            assert server.calls["cancel"] == 1
            assert store.count() == sum(server.billed.values()) == len(samples(got)) > 0
        assert {f.trouble for f in failures(got)} == {Trouble.CANCELLED}
        assert len(got) == 40
        server.open = False
        again, _, _ = answers(requests, who, tmp_path)
        once(server, requests)
    assert len(samples(again)) == 40


def test_a_pause_sends_nothing_new(wire, tmp_path):
    held = threading.Event()
    held.set()
    with BatchServer() as server:
        who = model(wire, server.url)

        def release(_line, _standing):
            threading.Timer(0.2, held.clear).start()

        calls = []

        def paused():
            calls.append(server.calls["create"])
            return held.is_set()

        got, _, _ = answers(asked(who, 3), who, tmp_path, held=paused, on_line=release)
    assert len(samples(got)) == 3
    assert set(calls[:-2]) <= {0}


def test_a_batch_turned_down_as_a_whole_costs_nothing_and_says_why(tmp_path):
    with BatchServer(fate=lambda _n, _name: "failed") as server:
        who = model("openai", server.url)
        _, line, _ = answers(asked(who, 3), who, tmp_path)
        assert not server.billed
    assert "no such endpoint" in line.stopped.message


def test_two_comparisons_that_share_requests_wait_for_one_batch(wire, tmp_path):
    with BatchServer(looks=4) as server:
        who = model(wire, server.url)

        async def go(store):
            one = collect(asked(who, 8), who, store, tmp_path)
            two = collect(asked(who, 8, start=4), who, store, tmp_path)
            return await asyncio.gather(one, two)

        with Store(tmp_path / "store") as store:
            (first, _, _), (second, _, _) = asyncio.run(go(store))
        once(server, asked(who, 12))
    assert len(samples(first)) == len(samples(second)) == 8


def test_a_record_that_cannot_be_read_is_named_and_stops_before_anything_is_bought(wire, tmp_path):
    (tmp_path / "batches").mkdir()
    (tmp_path / "batches" / "abc.json").write_text('{"tag": "abc", "sta', encoding="utf-8")
    with BatchServer() as server, pytest.raises(Exception, match=r"abc\.json.*console"):
        answers(asked(model(wire, server.url), 2), model(wire, server.url), tmp_path)
    assert not server.batches


def test_the_ledger_survives_a_round_trip(tmp_path):
    ledger = Ledger(tmp_path / "batches")
    batch = Batch(tag="t" * 20, provider="anthropic", endpoint="e", model="m", label="l", comparison="c", requests=3,
                  began="2026-11-27T00:00:00+00:00", most_usd=0.5)  # fmt: skip
    ledger.write(batch)
    assert ledger.every() == (batch,)
