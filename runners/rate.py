"""A limit on how much may be started per minute, as a bucket that fills steadily; set by the user or by a reply."""

from __future__ import annotations

import time
from collections.abc import Callable

_BURST_S = 1.0  # what may be started at once after a pause: this many seconds' worth, as providers count in seconds too


class Rate:
    """How much may be started when: ``level`` is what may be started now, ``per_second`` is how fast it fills.

    A call that costs more than the bucket holds starts from a full bucket and leaves it in debt. Not safe to share
    between threads.
    """

    def __init__(self, name: str, burst: float, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._burst, self._level, self._per_second = burst, burst, per_second
        self._clock, self._at = clock, clock()

    def _fill(self) -> float:
        now = self._clock()
        self._level = min(self._burst, self._level + (now - self._at) * self._per_second)
        self._at = now
        return self._level

    def wait_s(self, cost: float) -> float:
        """Seconds until so much may be started; 0 when it may be now."""
        lacking = min(cost, self._burst) - self._fill()
        return max(0.0, lacking / self._per_second) if lacking > 1e-9 else 0.0

    def take(self, cost: float) -> None:
        """So much is being started."""
        self._level = self._fill() - cost

    def correct(self, excess: float) -> None:
        """So much less (or, below 0, more) was used than was taken."""
        self._level = min(self._burst, self._fill() + excess)

    def told(self, remaining: float, limit: float, reset_s: float) -> None:
        """The provider says what remains of a limit, and when all of it will be there again, if nothing is started."""
        self._at = self._clock()
        self._burst = max(limit, 1.0)
        self._level = min(remaining, self._burst)
        self._per_second = max((limit - remaining) / reset_s, self._burst / 1e6)


def per_minute(name: str, most: float, clock: Callable[[], float] = time.monotonic) -> Rate:
    """A limit that the user sets: in no 60 s is more than ``most`` started (a single call that costs more than a burst
    apart). Even spacing, because providers refill steadily as well.
    """
    burst = max(1.0, most * _BURST_S / 60)
    return Rate(name, burst, (most - burst + 1) / 60, clock)
