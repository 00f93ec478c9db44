"""The pace finds a hidden limit, keeps to it with hardly a refusal, and freezes for nobody; all in virtual time."""

import asyncio
import random
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from runners.attempts import attempt
from runners.headroom import Headroom, headroom
from runners.limits import Limits
from runners.pace import Pace
from runners.rate import per_minute
from runners.sample import Sample, Stop, Trouble, Usage
from runners.trouble import Retryable
from virtual_time import run_virtually

LATENCY_S = 2.0


class OpenGate:
    async def enter(self):
        return None

    def leave(self, sample, trouble):
        pass


@dataclass
class Server:
    """Takes ``capacity`` calls at once, or ``per_minute`` calls from a bucket; refuses the rest after 20 ms."""

    clock: object
    capacity: int = 10**9
    per_minute: float | None = None
    retry_after_s: float | None = None
    jitter: float = 0.5
    in_flight: int = 0
    level: float = 0.0
    last: float = 0.0
    log: list[tuple[float, bool]] = field(default_factory=list)
    draw: random.Random = field(default_factory=lambda: random.Random(1))
    waits: int = 0

    def takes(self):
        if self.per_minute:
            now = self.clock()
            self.level = min(self.per_minute / 10, self.level + (now - self.last) * self.per_minute / 60)
            self.last = now
            if self.level < 1:
                return False
            self.level -= 1
        return self.in_flight < self.capacity

    async def call(self, body, timeout_s):
        taken = self.takes()
        self.log.append((self.clock(), taken))
        if not taken:
            await asyncio.sleep(0.02)
            self.waits += self.retry_after_s is not None
            raise Retryable(Trouble.RATE_LIMIT, "slow down", status=429, retry_after_s=self.retry_after_s)
        self.in_flight += 1
        try:
            await asyncio.sleep(LATENCY_S * (1 + self.draw.uniform(-self.jitter, self.jitter)))
        finally:
            self.in_flight -= 1
        return Sample(text="A", stop=Stop.END, model="m", usage=Usage(input_tokens=900, output_tokens=100))

    def rates(self, after_s, until_s):
        """Calls taken per second, and the share of calls that were refused, between two times."""
        found = [taken for at, taken in self.log if after_s <= at < until_s]
        return sum(found) / (until_s - after_s), 1 - sum(found) / len(found)


async def work(pace, server, seconds, clock, tokens=0.0, limits=None, workers=400):
    """As many requests as the pace lets through for so long."""
    cancelled = asyncio.Event()
    limits = limits or Limits(concurrency=4096, attempts=20)
    outcomes = []

    async def one():
        while clock() < seconds:
            outcomes.append(
                await attempt(server, b"", limits, pace, OpenGate(), cancelled, server.draw, tokens=tokens)
            )  # fmt: skip

    tasks = [asyncio.create_task(one()) for _ in range(workers)]
    await asyncio.sleep(seconds)
    cancelled.set()
    pace.let_go()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return outcomes


@pytest.mark.parametrize("most", [64, 1024])
@pytest.mark.parametrize("capacity", [1, 3, 10, 50, 200])
def test_a_hidden_limit_is_used_within_15_percent_with_less_than_2_percent_refused(capacity, most):
    def go(clock):
        server.clock = clock
        return work(Pace(most, start=64, clock=clock), server, 600, clock)

    server = Server(None, capacity=capacity)
    run_virtually(go)
    rate, refused = server.rates(120, 600)
    ideal = min(capacity, most) / LATENCY_S
    assert rate >= 0.85 * ideal
    assert refused < 0.02


@pytest.mark.parametrize("per_minute_", [300, 3000])
def test_a_hidden_rate_is_used_within_15_percent_with_less_than_2_percent_refused(per_minute_):
    def go(clock):
        server.clock = clock
        return work(Pace(256, start=64, clock=clock), server, 1800, clock)

    server = Server(None, per_minute=per_minute_)
    run_virtually(go)
    rate, refused = server.rates(300, 1800)
    assert rate >= 0.85 * per_minute_ / 60
    assert refused < 0.02


def test_a_rate_below_one_call_at_a_time_is_used_though_calls_are_refused():
    """One call at a time is the floor, and here it is already too much: starts are spaced, never a storm."""

    def go(clock):
        server.clock = clock
        return work(Pace(64, clock=clock), server, 1800, clock)

    server = Server(None, per_minute=30)
    run_virtually(go)
    rate, refused = server.rates(300, 1800)
    assert rate >= 0.85 * 30 / 60
    assert refused < 0.15


def test_a_provider_that_asks_for_89_seconds_delays_those_requests_and_nobody_else():
    def go(clock):
        server.clock = clock
        return work(Pace(64, clock=clock), server, 300, clock)

    server = Server(None, capacity=20, retry_after_s=89.0)
    run_virtually(go)
    assert server.waits > 0
    assert server.rates(10, 89)[0] >= 0.8 * 20 / LATENCY_S


def test_a_limit_that_is_lifted_is_noticed():
    def go(clock):
        server.clock = clock

        async def lift():
            task = asyncio.create_task(work(Pace(256, clock=clock), server, 1500, clock))
            await asyncio.sleep(300)
            server.capacity = 200
            return await task

        return lift()

    server = Server(None, capacity=20)
    run_virtually(go)
    assert server.rates(200, 300)[0] <= 20 / LATENCY_S * 1.1
    assert server.rates(1300, 1500)[0] >= 0.85 * 200 / LATENCY_S


def busiest(times, span_s):
    """The most events within any half-open span."""
    most = first = 0
    for last, at in enumerate(times):
        while times[first] <= at - span_s:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.parametrize("limit", [1, 2, 10, 60, 1000])
def test_no_minute_sees_more_calls_than_the_user_allows(limit):
    def go(clock):
        server.clock = clock
        return work(Pace(256, clock=clock, rates=[per_minute("requests", limit, clock)]), server, 600, clock)

    server = Server(None)
    run_virtually(go)
    times = [at for at, _ in server.log]
    assert busiest(times, 60 - 1e-6) <= limit
    assert len(times) >= 0.9 * limit * 10


def test_tokens_per_minute_are_kept_and_corrected_by_what_replies_used():
    """1,000 tokens a call are used where 2,000 were expected: ten calls a minute fit into 10,000, not five."""

    def go(clock):
        server.clock = clock
        pace = Pace(256, clock=clock, rates=[per_minute("tokens", 10_000, clock)])
        return work(pace, server, 1200, clock, tokens=2_000.0)

    server = Server(None)
    run_virtually(go)
    times = [at for at, _ in server.log]
    assert 8.5 * 20 <= len(times) <= 10 * 20 + 2


def test_the_next_call_says_what_it_waits_for_and_lets_go_when_nothing_may_be_called():
    def go(clock):
        async def wait():
            pace = Pace(8, clock=clock, rates=[per_minute("requests", 1, clock)])
            async with pace.slot():
                pass
            second = asyncio.create_task(pace.slot().__aenter__())
            await asyncio.sleep(1)
            assert pace.held_by == "the requests per minute in models.toml"
            assert pace.in_flight == 0
            pace.let_go()
            await second
            return clock()

        return wait()

    assert run_virtually(go) == pytest.approx(1, abs=0.01)


def test_little_that_is_left_of_a_providers_limit_slows_and_its_word_is_not_believed_for_ever():
    def go(clock):
        async def starts():
            pace, times = Pace(64, clock=clock), []
            pace.told([Headroom(kind="requests", limit=60, remaining=0, reset_s=60)])
            for _ in range(5):
                async with pace.slot():
                    times.append(clock())
            nothing = [Headroom(kind="requests", limit=200, remaining=0, reset_s=86_400)]
            pace.told(nothing)
            before, asked = clock(), []

            async def ask():
                async with pace.slot() as slot:
                    asked.append(clock() - before)
                    await asyncio.sleep(1)
                    if len(asked) > 1:  # the first that asks is refused, the second is not, although nothing is left
                        pace.succeeded(slot.started)
                    pace.told(nothing)

            await asyncio.gather(*(ask() for _ in range(20)))
            return [*times, asked]

        return starts()

    *first, asked = run_virtually(go)
    assert [round(b - a, 2) for a, b in pairwise(first)] == [1.0] * 4
    # One call asks after a minute, and one after the next; that one was not refused, so the word is worth nothing.
    assert asked[:3] == pytest.approx([60, 120, 121], abs=0.1)
    assert asked[-1] == pytest.approx(121, abs=0.1)


def test_a_call_that_is_given_up_while_it_waits_gives_its_turn_to_the_next():
    def go(clock):
        async def give_up():
            pace = Pace(1, clock=clock)
            async with pace.slot():
                first, second = (asyncio.create_task(pace.slot().__aenter__()) for _ in range(2))
                await asyncio.sleep(0)
                first.cancel()
            await second
            assert pace.in_flight == 1
            third = asyncio.create_task(pace.slot().__aenter__())
            await asyncio.sleep(0)
            pace.give_back()  # the third has its slot in this very moment, and is cancelled before it runs
            third.cancel()
            await asyncio.gather(third, return_exceptions=True)
            return pace.in_flight

        return give_up()

    assert run_virtually(go) == 0


OPENAI = {"x-ratelimit-limit-requests": "500", "x-ratelimit-remaining-requests": "3",
          "x-ratelimit-reset-requests": "6m0s",
          "x-ratelimit-limit-tokens": "200000", "x-ratelimit-remaining-tokens": "50000",
          "x-ratelimit-reset-tokens": "120ms"}  # fmt: skip
ANTHROPIC = {"date": "Fri, 27 Nov 2026 10:00:00 GMT", "anthropic-ratelimit-requests-limit": "50",
             "anthropic-ratelimit-requests-remaining": "0",
             "anthropic-ratelimit-requests-reset": "2026-11-27T10:00:30Z"}  # fmt: skip


def test_headers_are_read_against_the_replys_own_date():
    assert headroom(OPENAI) == (
        Headroom(kind="requests", limit=500, remaining=3, reset_s=360),
        Headroom(kind="tokens", limit=200_000, remaining=50_000, reset_s=0.12),
    )
    assert headroom(ANTHROPIC) == (Headroom(kind="requests", limit=50, remaining=0, reset_s=30),)


@pytest.mark.parametrize(("name", "value"), [
    ("x-ratelimit-reset-requests", "soon"), ("x-ratelimit-reset-requests", ""), ("x-ratelimit-limit-requests", "-5"),
    ("x-ratelimit-limit-requests", "9" * 400), ("x-ratelimit-remaining-requests", "nan"),
    ("x-ratelimit-reset-requests", "1e999"), ("x-ratelimit-remaining-requests", "700"),
    ("x-ratelimit-reset-requests", "0001-01-01T00:00:00Z"), ("x-ratelimit-reset-requests", "m" * 5000),
])  # fmt: skip
def test_headers_that_make_no_sense_are_left_alone(name, value):
    assert "requests" not in {room.kind for room in headroom({**OPENAI, name: value})}
