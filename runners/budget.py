"""The hard budget of a run, in calls and USD: a call that could pass it is not made."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from enum import Enum

from runners.model import Model
from runners.prefix_cache import write_price
from runners.sample import Usage

_MTOK = 1_000_000
_TEMPLATE_TOKENS = 30  # a turn's own marks


def cost_usd(model: Model, usage: Usage) -> float | None:
    """What a sample cost, or None where a price or a count is unknown (which is not free)."""
    if model.usd_per_mtok_in is None or model.usd_per_mtok_out is None:
        return None
    if model.usd_per_mtok_in == 0 and model.usd_per_mtok_out == 0:
        return 0.0
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    read = model.usd_per_mtok_cache_read if model.usd_per_mtok_cache_read is not None else model.usd_per_mtok_in
    write = write_price(model.usd_per_mtok_in, model.usd_per_mtok_cache_write)
    return (
        usage.input_tokens * model.usd_per_mtok_in
        + (usage.cache_read_tokens or 0) * read
        + (usage.cache_write_tokens or 0) * write
        + usage.output_tokens * model.usd_per_mtok_out
    ) / _MTOK


def most_usd(model: Model, texts: Iterable[str], max_tokens: int) -> float | None:
    """The most a call can cost: every byte a token, the template's own tokens, and a reply that uses all it may.

    Tokenizers fall back to single bytes, and digits or rare scripts come near that; English takes about one per four.
    """
    if model.usd_per_mtok_in is None or model.usd_per_mtok_out is None:
        return None
    prompt_tokens = sum(len(text.encode()) + _TEMPLATE_TOKENS for text in texts)
    dearest = max(model.usd_per_mtok_in, write_price(model.usd_per_mtok_in, model.usd_per_mtok_cache_write))
    return (prompt_tokens * dearest + max_tokens * model.usd_per_mtok_out) / _MTOK


class Verdict(Enum):
    """What the budget says to one more call."""

    GO = "go"
    WAIT = "wait"
    STOP = "stop"


class Budget:
    """Counts calls and money; safe to share between threads.

    ``reserve`` sets aside the most a call can cost before it is made, ``settle`` replaces that by what it did cost.
    ``maybe_usd`` is what calls that broke off may have cost: it counts against the budget, since a provider may bill
    a reply that never arrived.
    """

    def __init__(self, max_calls: int | None = None, max_usd: float | None = None) -> None:
        self._max_calls = max_calls
        self._max_usd = max_usd
        self._lock = threading.Lock()
        self._reserved_usd = 0.0
        self.calls = 0
        self.spent_usd = 0.0
        self.maybe_usd = 0.0
        self.unknown_cost = False
        self.reached: str | None = None

    def reserve(self, most: float | None) -> Verdict:
        """Whether the call may be made; if so it is counted and its highest cost set aside.

        ``WAIT`` says that it may fit once calls in flight have turned out cheaper than the most they can cost.
        """
        with self._lock:
            if self._max_calls is not None and self.calls >= self._max_calls:
                self.reached = f"the budget of {self._max_calls:,} calls is used up"
                return Verdict.STOP
            settled = self.spent_usd + self.maybe_usd + (most or 0.0)
            if self._max_usd is not None and settled + self._reserved_usd > self._max_usd:
                if settled <= self._max_usd and self._reserved_usd > 0:
                    return Verdict.WAIT
                self.reached = f"the next call could pass the budget of ${self._max_usd:,.2f}"
                return Verdict.STOP
            self.calls += 1
            self._reserved_usd += most or 0.0
            return Verdict.GO

    def commit(self, most: float) -> None:
        """Set aside what may still be billed for calls that an earlier run made: it is spent whatever is said here."""
        with self._lock:
            self._reserved_usd += most

    def _release(self, most: float | None) -> None:
        # rounding must not leave a crumb that would be waited for
        left = self._reserved_usd - (most or 0.0)
        self._reserved_usd = left if left > 1e-9 else 0.0

    def settle(self, most: float | None, actual: float | None) -> None:
        """A reply came: give back what was set aside and count what it cost (``most`` where that is unknown)."""
        with self._lock:
            self._release(most)
            if actual is None:
                self.unknown_cost = True
            self.spent_usd += (most or 0.0) if actual is None else actual

    def lost(self, most: float | None, *, billable: bool) -> None:
        """No reply came; ``billable`` where the provider may have written one all the same."""
        with self._lock:
            self._release(most)
            if billable:
                self.maybe_usd += most or 0.0
