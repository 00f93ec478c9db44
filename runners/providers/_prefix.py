"""Decides which waiting prompt a free engine reads next, so that what two prompts share is read once."""

from __future__ import annotations

from collections.abc import Sequence

# A prompt that others have overtaken this often goes first: preferring shared prefixes never starves one.
PATIENCE = 8
_WINDOW = 32  # how far down the line to look


def shared(one: str, two: str) -> int:
    """Characters that both texts begin with, found by halving: comparing slices is far faster than a loop."""
    low, high = 0, min(len(one), len(two))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == two[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def choose(waiting: Sequence[str], overtaken: int, last: str, others: Sequence[str]) -> int | None:
    """The index in ``waiting`` (oldest first) for an engine whose memory holds ``last``; None to leave them all.

    Preferred is the longest beginning in common with ``last``, the oldest among equals. A prompt that has at least
    half of itself in common with what another engine holds or is reading right now (``others``) is left to that
    engine: it is free, or will be soon, and reads only the rest, while reading it twice would slow both.
    ``overtaken`` counts how often the oldest was passed over; from ``PATIENCE`` on it is taken.
    """
    if waiting and overtaken >= PATIENCE:
        return 0
    best: tuple[int, int] | None = None
    for index, text in enumerate(waiting[:_WINDOW]):
        mine = shared(text, last)
        elsewhere = max((shared(text, other) for other in others), default=0)
        if elsewhere > mine and 2 * elsewhere >= len(text):
            continue
        if best is None or mine > best[0]:
            best = (mine, index)
    return None if best is None else best[1]
