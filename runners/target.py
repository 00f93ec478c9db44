"""Feels for how many calls a provider takes at once: opens up quickly, cuts once a burst of 429, then probes gently."""

from __future__ import annotations

_SATURATED = 0.8  # grow only when at least this share of the slots is in use
_COOLDOWN_S = 1.0  # between two cuts; calls that were in flight at a cut are no news anyway
_DEEPEST, _LEAST_CUT = 0.5, 0.9  # a burst cuts to the calls that it let pass, within these shares
_LONGEST_GAP = 4  # how often the time between a refusal and the next start doubles until something is let pass
_CALM, _CALMEST = 150, 2400  # replies at a known limit before one slot more is tried: so hardly a call is refused


class Target:
    """How many calls may be in flight; the floor is one. Knows nothing of clocks and queues: times are given to it.

    Until the first 429 (``open``) it doubles when ``doubled`` is called. Calls that were in flight at a cut and are
    refused too belong to the same burst: they only say how deep it was, since those that are not refused are what the
    server can take. From there the target climbs back by one a round to what the last burst let pass, and beyond it by
    one every ``_CALM`` replies: by twice as many each time that this goes well, and after twice as many replies each
    time that it does not. ``gap_s`` is the time between a first refusal and the next start.
    """

    def __init__(self, most: int, start: int, gap_s: float = 0.1) -> None:
        self.most, self._gap_s = most, gap_s
        self._value = float(min(most, start))
        self._cut_at: float | None = None
        self._before = self._flying = self._refused = 0
        self._ceiling = 0
        self._calm, self._step, self._patience, self._row = 0, 1, _CALM // 2, 0  # doubled by the first cut

    @property
    def value(self) -> int:
        """The calls that may be in flight now."""
        return max(1, min(self.most, int(self._value)))

    @property
    def open(self) -> bool:
        """Whether nothing has been refused yet and there is more to try."""
        return self._cut_at is None and self._value < self.most

    def doubled(self) -> None:
        """Calls wait although none was refused: try twice as many."""
        if self.open:
            self._value = min(float(self.most), self._value * 2)

    def succeeded(self, in_flight: int) -> None:
        """One of so many calls in flight came back: grow if they nearly filled the target."""
        self._row = 0
        if in_flight < _SATURATED * self.value:
            return
        if self._cut_at is None:
            self._value = min(float(self.most), self._value + 1.0)
        elif self._value < self._ceiling:
            self._value = min(float(self.most), float(self._ceiling), self._value + 1.0 / self.value)
        else:
            self._calm += 1
            if self._calm >= self._patience:
                self._value = min(float(self.most), float(int(self._value) + self._step))
                self._calm, self._step, self._patience = 0, self._step * 2, max(_CALM, self._patience // 2)

    def refused(self, now: float, started: float, in_flight: int) -> float:
        """One of so many calls in flight, itself among them, was told to slow down: cut, unless it is no news.

        Returns the seconds for which nothing should start, because it would be refused as well.
        """
        if self._cut_at is not None and started <= self._cut_at:
            self._refused += 1
            self._settle()
            return 0.0
        if self._cut_at is None or now - self._cut_at >= _COOLDOWN_S:
            self._before, self._flying, self._refused = self.value, in_flight, 1
            self._cut_at, self._calm, self._step = now, 0, 1
            self._patience = min(self._patience * 2, _CALMEST)
            self._settle()
        self._row += 1
        return self._gap_s * 2.0 ** min(self._row - 1, _LONGEST_GAP)

    def _settle(self) -> None:
        passed = max(1, self._flying - self._refused)
        self._value = float(max(1, int(self._before * _DEEPEST), min(int(self._before * _LEAST_CUT), passed)))
        self._ceiling = max(int(self._value), passed)

    def resize(self, most: int) -> None:
        """Another bound; the user knows something new, so that what was learnt under the old one is let go."""
        self.most = max(1, most)
        self._value, self._cut_at = float(self.most), None
