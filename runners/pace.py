"""Says when a call to one model may start: as many at once as the provider takes, and no more a minute than allowed."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType

from runners.headroom import Headroom
from runners.rate import Rate
from runners.target import Target

_LONGEST_S = 60.0  # a provider's word that nothing is left is believed for so long
_RAMP_S = 0.1  # a full server refuses in less than this, so that twice as many may be tried after it


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Calls that will be made again: how many, why the first of them waits, and until when.

    ``until_s`` is on the clock of the pace; ``asked`` says that the provider named the time.
    """

    calls: int
    trouble: str
    until_s: float
    asked: bool


class Pace:
    """Gives out slots: as many as the ``Target`` says, in turn. ``most`` can be changed while running.

    Rate limits (429) alone cut: a slow or failing server is not a full one. ``Retry-After`` delays the request that
    got it, never the others. ``rates`` are limits per minute that the user has set; what replies say of the provider's
    own limits holds calls back where little is left. While ``held`` no slot is given out; what holds one keeps it.
    ``held_by`` names the limit that the next call waits for, if any; ``listeners`` are called when ``backing_off``
    begins or the bound changes. For one event loop.
    """

    def __init__(
        self, most: int, start: int | None = None, clock: Callable[[], float] = time.monotonic,
        rates: Iterable[Rate] = (), gap_s: float = 0.1,
    ) -> None:  # fmt: skip
        self._target = Target(most, start or most, gap_s)
        self._clock = clock
        self._in_flight, self._not_before = 0, 0.0
        self._queue: deque[tuple[asyncio.Future[None], float]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._ramp: asyncio.TimerHandle | None = None
        self._waits: dict[int, Wait] = {}
        self._held = False
        self._rates = tuple(rates)
        self._said: dict[str, Rate] = {}
        self._asking: set[str] = set()
        self._wrong: set[str] = set()
        self._last_start = clock()
        self._over = False
        self.held_by = ""
        self.listeners: list[Callable[[], None]] = []

    @property
    def held(self) -> bool:
        """Whether no new call may start, although nothing is wrong."""
        return self._held

    @property
    def waiting(self) -> Wait | None:
        """The calls that wait to be made again, the next one's reason and time; None where none waits."""
        first = min(self._waits.values(), key=lambda wait: wait.until_s, default=None)
        if first is None:
            return None
        return Wait(calls=len(self._waits), trouble=first.trouble, until_s=first.until_s, asked=first.asked)

    @property
    def backing(self) -> int:
        """The calls that wait to be made again."""
        return len(self._waits)

    @property
    def most(self) -> int:
        """The upper bound."""
        return self._target.most

    @property
    def target(self) -> int:
        """The calls that may be in flight now."""
        return self._target.value

    @property
    def in_flight(self) -> int:
        """The calls that are in flight now."""
        return self._in_flight

    def slot(self, tokens: float = 0.0) -> Slot:
        """Wait, as an async context, for a free slot and hold it; ``tokens`` are expected to be used."""
        return Slot(self, tokens)

    async def take(self, tokens: float) -> None:
        """Wait for a slot: in turn, and for as long as the rates want."""
        waiting = asyncio.get_running_loop().create_future()
        self._queue.append((waiting, tokens))
        self._grant()
        try:
            await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled():  # given in the very moment of the cancellation
                self.give_back()
            raise

    def give_back(self) -> None:
        """A slot is free again."""
        self._in_flight -= 1
        self._grant()

    def _grant(self) -> None:
        while self._queue and (self._over or (not self._held and self._in_flight < self.target)):
            waiting, tokens = self._queue[0]
            if waiting.done():  # its call was cancelled
                self._queue.popleft()
                continue
            if not self._over and (pause := self._pause_s(tokens)) > 0:
                self._wake_in(pause)
                return
            self._queue.popleft()
            self._asking.update(name for name, rate in self._said.items() if rate.wait_s(1) > _RAMP_S)
            self._last_start = self._clock()
            for rate in (*self._rates, *self._said.values()):
                rate.take(tokens if rate.name == "tokens" else 1)
            self._in_flight += 1
            waiting.set_result(None)
        if self._queue and self._target.open and self._ramp is None and not self._held:
            self._ramp = asyncio.get_running_loop().call_later(_RAMP_S, self._open)

    def _wake_in(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if self._timer.when() <= loop.time() + seconds:
                return
            self._timer.cancel()  # what was expected to be used was not
        self._timer = loop.call_later(seconds, self._again)

    def _pause_s(self, tokens: float) -> float:
        pause, self.held_by = max(0.0, self._not_before - self._clock()), ""
        for rate in self._rates:
            if (wait := rate.wait_s(tokens if rate.name == "tokens" else 1)) > pause:
                pause, self.held_by = wait, f"the {rate.name} per minute in models.toml"
        # Not believed for longer than this: then one call asks, and its reply says how things stand.
        longest = max(0.0, self._last_start + _LONGEST_S - self._clock())
        for rate in self._said.values():
            if (wait := min(rate.wait_s(tokens if rate.name == "tokens" else 1), longest)) > pause:
                pause, self.held_by = wait, f"what the provider says is left of its limit in {rate.name}"
        return pause

    def _again(self) -> None:
        self._timer = None
        self._grant()

    def _open(self) -> None:
        self._ramp = None
        if self._queue:
            self._target.doubled()
            self._grant()

    def told(self, rooms: Iterable[Headroom]) -> None:
        """What a reply says of the provider's limits; it bites only where little is left."""
        for room in rooms:
            if room.kind in self._wrong:
                continue
            rate = self._said.get(room.kind)
            if rate is None:
                rate = self._said[room.kind] = Rate(room.kind, room.limit, 1.0, self._clock)
            # Calls in flight may or may not be counted in it already: counted twice for a moment, never not at all.
            uncounted = self._in_flight if room.kind == "requests" else 0
            rate.told(max(room.remaining - uncounted, 0), room.limit, room.reset_s)

    def used(self, expected: float, tokens: float) -> None:
        """A reply used so many tokens where so many were expected."""
        for rate in self._rates:
            if rate.name == "tokens":
                rate.correct(expected - tokens)

    def succeeded(self, started: float | None = None) -> None:
        """A call that started then came back, while its slot is still held."""
        if self._asking and started is not None and started >= self._last_start:
            # It asked although nothing was left, and was not refused: the provider's word on this is worth nothing.
            self._wrong |= self._asking
            for name in self._asking:
                self._said.pop(name, None)
            self._asking.clear()
        self._target.succeeded(self._in_flight)

    def rate_limited(self, started: float, retry_after_s: float | None = None) -> None:
        """A call that started then (on the clock of the pace) was told to slow down, while its slot is still held."""
        self._asking.clear()
        now = self._clock()
        gap_s = self._target.refused(now, started, self._in_flight)
        # Others that start now would be refused as well: a full server lets nobody pass for a moment, but never for
        # longer than it asks.
        self._not_before = max(self._not_before, now + (gap_s if retry_after_s is None else min(gap_s, retry_after_s)))

    def let_go(self) -> None:
        """Nothing will be called any more: whoever waits for a slot gets one at once, to find that out."""
        self._over = True
        self._grant()

    async def hold(self, held: bool) -> None:
        """Give out no more slots, or go on."""
        if held != self._held:
            self._held = held
            self._grant()

    @contextmanager
    def backing_off(self, trouble: str, seconds: float, *, asked: bool) -> Generator[None]:
        """Say, while the block lasts, that a call waits so long before it is made again."""
        wait = Wait(calls=1, trouble=trouble, until_s=self._clock() + seconds, asked=asked)
        self._waits[id(wait)] = wait
        for listener in self.listeners:
            listener()
        try:
            yield
        finally:
            del self._waits[id(wait)]

    def now(self) -> float:
        """The time on the clock of the pace."""
        return self._clock()

    def seconds_to(self, until_s: float) -> float:
        """How far off a time on this pace's clock is."""
        return max(0.0, until_s - self._clock())

    async def resize(self, most: int) -> None:
        """Change the upper bound; waiting calls notice at once."""
        self._target.resize(most)
        for listener in self.listeners:
            listener()
        self._grant()


class Slot:
    """A call's place among those in flight: ``async with pace.slot(): …``."""

    __slots__ = ("_pace", "_tokens", "started")

    def __init__(self, pace: Pace, tokens: float) -> None:
        self._pace, self._tokens, self.started = pace, tokens, 0.0

    async def __aenter__(self) -> Slot:
        await self._pace.take(self._tokens)
        self.started = self._pace.now()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pace.give_back()
