"""Adaptive concurrency for one model: grow while slots are full, cut once per burst of rate limits, hold on request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

_SATURATED = 0.8  # grow only when at least this share of the slots is in use
_COOLDOWN_S = 5.0  # one cut per burst: calls in flight when the limit bit answer 429 together
_CUT = 0.6


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
    """How many calls may be in flight. ``most`` can be changed while running; the floor is one.

    Rate limits (429) alone cut: a slow or failing server is not a full one. ``Retry-After`` delays the request that
    got it, never this controller. While ``held`` no slot is given out; what holds one keeps it.
    """

    def __init__(self, most: int, start: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._target = float(min(most, start or most))
        self._clock = clock
        self._last_cut = -_COOLDOWN_S
        self._in_flight = 0
        self._free = asyncio.Condition()
        self._waits: dict[int, Wait] = {}
        self._held = False

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
    def target(self) -> int:
        """The calls that may be in flight now."""
        return max(1, min(self._most, int(self._target)))

    @property
    def in_flight(self) -> int:
        """The calls that are in flight now."""
        return self._in_flight

    @asynccontextmanager
    async def slot(self) -> AsyncGenerator[None]:
        """Wait for a free slot and hold it."""
        async with self._free:
            await self._free.wait_for(lambda: not self._held and self._in_flight < self.target)
            self._in_flight += 1
        try:
            yield
        finally:
            async with self._free:
                self._in_flight -= 1
                self._free.notify(2)

    def succeeded(self) -> None:
        """A call came back: grow by one slot per round of calls if the slots were nearly full."""
        if self._in_flight >= _SATURATED * self.target:
            self._target = min(float(self._most), self._target + 1.0 / self.target)

    def rate_limited(self) -> None:
        """A call was told to slow down: cut, unless a cut was just made."""
        now = self._clock()
        if now - self._last_cut >= _COOLDOWN_S:
            self._last_cut = now
            self._target = max(1.0, self.target * _CUT)

    async def hold(self, held: bool) -> None:
        """Give out no more slots, or go on."""
        if held != self._held:
            async with self._free:
                self._held = held
                self._free.notify_all()

    @contextmanager
    def backing_off(self, trouble: str, seconds: float, *, asked: bool) -> Generator[None]:
        """Say, while the block lasts, that a call waits so long before it is made again."""
        wait = Wait(calls=1, trouble=trouble, until_s=self._clock() + seconds, asked=asked)
        self._waits[id(wait)] = wait
        try:
            yield
        finally:
            del self._waits[id(wait)]

    def seconds_to(self, until_s: float) -> float:
        """How far off a time on this pace's clock is."""
        return max(0.0, until_s - self._clock())

    async def resize(self, most: int) -> None:
        """Change the upper bound; waiting calls notice at once."""
        async with self._free:
            self._most = max(1, most)
            self._target = min(self._target, float(self._most)) if most < self._target else float(self._most)
            self._free.notify_all()
