"""The sampler: store before slot, one call per key, kept before told, bounded retries, hard budgets, cancel."""

import asyncio
import threading

import orjson
import pytest

from cache.store import Store
from fake_server import FakeServer, Reply
from runners import sampler
from runners.attempts import wait_s
from runners.budget import Budget, Verdict
from runners.keep import kept
from runners.limits import Limits
from runners.model import Model
from runners.pace import Pace
from runners.request import Request, Turn
from runners.sample import Failure, Sample, Stop, Trouble

FAST = Limits(concurrency=8, attempts=4, backoff_s=0.01, timeout_s=5, retry_wall_s=10)


def model(server, **changes):
    settings = {"label": "local", "provider": "openai_compatible", "name": "fake-1", "base_url": server.base_url,
                "usd_per_mtok_in": 1.0, "usd_per_mtok_out": 2.0}  # fmt: skip
    return Model(**(settings | changes))


def request(number=0, replicate=0, server=None):
    return Request(
        provider="openai_compatible", endpoint=server.base_url if server else "http://x", model="fake-1",
        turns=(Turn(role="user", text=f"question {number}"),), max_tokens=16, temperature=1.0, replicate=replicate,
    )  # fmt: skip


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "store") as opened:
        yield opened


def answers(requests, server, store, *, limits=FAST, budget=None, cancel=None, on_answer=None, **changes):
    """All answers, in the order in which they came."""

    async def go():
        cancelled = asyncio.Event()
        line = sampler.Line(model=model(server, **changes), store=store, limits=limits, budget=budget or Budget(),
                            cancelled=cancelled)  # fmt: skip
        got = []
        async for answer in sampler.sample(((r.key, r) for r in requests), line):
            got.append(answer)
            if on_answer:
                on_answer(answer, cancelled)
        return got, line

    return asyncio.run(go())


def test_what_comes_back_is_kept_with_its_request(store):
    with FakeServer() as server:
        got, _ = answers([request(1)], server, store)
    (answer,) = got
    assert isinstance(answer.outcome, Sample)
    assert answer.outcome.text == "A"
    stored = orjson.loads(store.get(answer.key))
    assert stored["request"]["turns"][0]["text"] == "question 1"
    assert kept(store, [answer.key])[answer.key] == answer.outcome


def test_a_second_run_makes_no_calls(store):
    with FakeServer() as server:
        first, _ = answers([request(i) for i in range(20)], server, store)
        again, _ = answers([request(i) for i in range(20)], server, store)
        assert len(server.bodies) == 20
    assert all(answer.was_kept for answer in again)
    assert {a.key: a.outcome for a in first} == {a.key: a.outcome for a in again}


def test_100_identical_concurrent_requests_make_one_call(store):
    with FakeServer(lambda _n, _b: Reply(delay_s=0.2)) as server:
        got, _ = answers([request(1)] * 100, server, store, limits=Limits(concurrency=100))
        assert len(server.bodies) == 1
    assert len(got) == 100
    assert len({answer.outcome for answer in got}) == 1


def test_raising_replicates_from_2_to_3_buys_exactly_the_new_ones(store):
    with FakeServer() as server:
        answers([request(i, r) for i in range(5) for r in range(2)], server, store)
        answers([request(i, r) for i in range(5) for r in range(3)], server, store)
        assert len(server.bodies) == 15


def test_every_attempt_sends_the_very_same_bytes(store):
    with FakeServer(lambda n, _b: Reply(status=500) if n < 3 else Reply()) as server:
        (answer,), _ = answers([request(1)], server, store)
        assert len(set(server.bodies)) == 1
        assert len(server.bodies) == 4
    assert isinstance(answer.outcome, Sample)


def test_retries_are_bounded_and_a_failure_is_reported_not_kept(store):
    with FakeServer(lambda _n, _b: Reply(status=529)) as server:
        (answer,), line = answers([request(1)], server, store)
        assert len(server.bodies) == FAST.attempts
    assert isinstance(answer.outcome, Failure)
    assert answer.outcome.trouble in {Trouble.OVERLOADED, Trouble.SERVER}
    assert answer.outcome.attempts == FAST.attempts
    assert store.count() == 0
    assert line.stopped is None


@pytest.mark.parametrize(("finish", "stop"), [("content_filter", Stop.CONTENT_FILTER), ("length", Stop.LENGTH)])
def test_filters_and_length_stops_are_results_kept_and_never_retried(store, finish, stop):
    with FakeServer(lambda _n, _b: Reply(finish=finish)) as server:
        (answer,), _ = answers([request(1)], server, store)
        assert len(server.bodies) == 1
    assert answer.outcome.stop is stop
    assert store.count() == 1


def test_a_wrong_key_stops_the_model_after_the_calls_in_flight(store):
    with FakeServer(lambda _n, _b: Reply(status=401, delay_s=0.05)) as server:
        got, line = answers([request(i) for i in range(500)], server, store)
        assert len(server.bodies) <= FAST.concurrency * 2
    assert line.stopped.trouble is Trouble.STOPPED
    assert {a.outcome.trouble for a in got} <= {Trouble.AUTH, Trouble.STOPPED}


def test_a_cut_connection_is_tried_again_and_kept_whole(store):
    with FakeServer(lambda n, _b: Reply(cut=40) if n == 0 else Reply(text="whole")) as server:
        (answer,), _ = answers([request(1)], server, store)
        assert len(server.bodies) == 2
    assert answer.outcome.text == "whole"


def test_the_budget_in_calls_is_hard(store):
    budget = Budget(max_calls=7)
    with FakeServer(lambda _n, _b: Reply(delay_s=0.01)) as server:
        got, _ = answers([request(i) for i in range(100)], server, store, budget=budget)
        assert len(server.bodies) == 7
    assert sum(isinstance(a.outcome, Sample) for a in got) == 7
    assert store.count() == 7
    assert "7 calls" in budget.reached


def test_the_budget_in_usd_is_never_passed_and_nearly_used(store):
    """Each reply costs 60 µ$; the most a call can cost (about 100 µ$) is set aside while it is in flight."""
    budget = Budget(max_usd=0.0012)
    with FakeServer(lambda _n, _b: Reply(delay_s=0.01)) as server:
        answers([request(i) for i in range(100)], server, store, budget=budget)
        calls = len(server.bodies)
    assert budget.spent_usd <= 0.0012
    assert calls >= 17
    assert budget.spent_usd == pytest.approx(calls * 60e-6)


def test_calls_that_broke_off_count_against_the_budget():
    budget = Budget(max_usd=1.0)
    assert budget.reserve(0.6) is Verdict.GO
    assert budget.reserve(0.6) is Verdict.WAIT
    budget.lost(0.6, billable=True)
    assert budget.reserve(0.6) is Verdict.STOP
    assert (budget.spent_usd, budget.maybe_usd) == (0.0, 0.6)


def test_cancel_starts_no_new_call_and_keeps_what_is_in_flight(store):
    def behave(number, _body):
        return Reply(delay_s=0.0 if number < 10 else 0.3)

    seen = []

    def on_answer(_answer, cancelled):
        seen.append(1)
        if len(seen) == 10:
            cancelled.set()

    with FakeServer(behave) as server:
        got, _ = answers([request(i) for i in range(1000)], server, store, on_answer=on_answer)
        calls = len(server.bodies)
    assert calls <= 10 + 2 * FAST.concurrency
    assert store.count() == calls == sum(isinstance(a.outcome, Sample) for a in got)


def test_concurrency_never_passes_its_limit(store):
    with FakeServer(lambda _n, _b: Reply(delay_s=0.02)) as server:
        answers([request(i) for i in range(64)], server, store, limits=Limits(concurrency=5))
        assert 3 <= server.most_in_flight <= 5


def test_a_full_disk_stops_the_run_and_says_so(store, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store._cache, "transact", full)
    with FakeServer() as server:
        got, line = answers([request(i) for i in range(50)], server, store)
        assert len(server.bodies) <= FAST.concurrency * 3
    assert line.stopped.trouble is Trouble.STORE
    assert "No space left" in line.stopped.message
    assert not any(isinstance(a.outcome, Sample) for a in got)


def test_requests_are_taken_lazily(store):
    """A plan of a million is never held in memory."""
    taken = []

    def many():
        for i in range(1_000_000):
            taken.append(i)
            yield request(i)

    def on_answer(_answer, cancelled):
        cancelled.set()

    with FakeServer() as server:
        answers(many(), server, store, on_answer=on_answer)
    assert len(taken) < 2000


class _Clock:
    """A clock that stands until it is moved."""

    now = 0.0

    def __call__(self):
        return self.now


async def in_flight(pace, calls):
    """So many slots, taken and held."""
    return [await pace.slot().__aenter__() for _ in range(calls)]


async def give_back(slots):
    for slot in slots:
        await slot.__aexit__(None, None, None)


def test_a_burst_of_rate_limits_is_one_cut_as_deep_as_the_burst_is_long():
    """The server takes 30 of 40: ten refusals of one burst leave 30, however late the last of them arrives."""

    async def go():
        clock = _Clock()
        pace = Pace(40, clock=clock)
        slots = await in_flight(pace, 40)
        targets = []
        for number in range(10):
            clock.now = 0.2 * number
            pace.rate_limited(slots[number].started)
            targets.append(pace.target)
        assert targets == [36, 36, 36, 36, 35, 34, 33, 32, 31, 30]
        await give_back(slots)
        # Calls that start after the cut and are refused are news again, but not before a second has passed.
        slots = await in_flight(pace, 30)
        pace.rate_limited(slots[0].started)
        assert pace.target == 27
        clock.now += 0.5
        late = await in_flight(Pace(1, clock=clock), 1)
        pace.rate_limited(late[0].started)
        assert pace.target == 27

    asyncio.run(go())


def test_no_burst_cuts_below_half_and_nothing_cuts_below_one():
    async def go():
        clock = _Clock()
        pace = Pace(10, clock=clock)
        for left in (5, 2, 1, 1):
            clock.now += 2
            slots = await in_flight(pace, pace.target)
            for slot in slots:
                pace.rate_limited(slot.started)
            assert pace.target == left
            await give_back(slots)

    asyncio.run(go())


def test_after_a_cut_the_limit_is_felt_for_slowly_and_faster_once_it_is_gone():
    async def go():
        clock = _Clock()
        pace = Pace(1000, start=10, clock=clock)
        slots = await in_flight(pace, 10)
        pace.rate_limited(slots[0].started)
        assert pace.target == 9
        clock.now += 1
        await give_back(slots)
        grown = []
        for _ in range(3):
            for _ in range(150):
                slots = await in_flight(pace, pace.target)
                pace.succeeded()
                await give_back(slots)
            grown.append(pace.target)
        return grown

    assert asyncio.run(go()) == [10, 12, 16]


def test_waiting_follows_the_server_and_is_bounded():
    import random

    jitter = random.Random(0)
    assert 7.0 <= wait_s(1, 7.0, Limits(backoff_s=0.5), jitter) <= 7.5
    assert wait_s(1, 1e9, Limits(retry_wall_s=60, backoff_s=0), jitter) == 60
    assert all(0.25 * 2**n <= wait_s(n + 1, None, Limits(backoff_s=0.5), jitter) <= 0.5 * 2**n for n in range(6))


def test_pace_grows_only_when_full_and_can_be_resized():
    async def go():
        pace = Pace(20, start=4)
        pace.succeeded()
        assert pace.target == 4  # nothing in flight: not saturated
        async with pace.slot(), pace.slot(), pace.slot(), pace.slot():
            for _ in range(2):
                pace.succeeded()
        assert pace.target == 6  # and no longer saturated
        await pace.resize(2)
        assert pace.target == 2
        return pace.in_flight

    assert asyncio.run(go()) == 0


@pytest.mark.parametrize("field", ["concurrency", "attempts"])
def test_limits_refuse_nonsense(field):
    with pytest.raises(ValueError, match=field):
        Limits(**{field: 0})
    with pytest.raises(ValueError, match="finite"):
        Limits(max_usd=float("nan"))


def test_two_models_on_one_store_do_not_wait_for_each_other(store):
    """One dead model never stops the others."""
    with FakeServer(lambda _n, _b: Reply(status=401)) as dead, FakeServer() as alive:
        results = {}

        def go(name, server):
            results[name] = answers([request(i, server=server) for i in range(30)], server, store)

        threads = [threading.Thread(target=go, args=pair) for pair in (("dead", dead), ("alive", alive))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert sum(isinstance(a.outcome, Sample) for a in results["alive"][0]) == 30
    assert results["dead"][1].stopped is not None
