"""Chooses filler sentences so that a text has an exact number of tokens: louder facts displace filler, never add."""

from __future__ import annotations

from collections.abc import Sequence


def _tail(lengths: Sequence[int], free: Sequence[int], room: int) -> tuple[int, ...]:
    """At most two of the ``free`` sentences whose lengths come nearest to ``room`` without passing it."""
    best: tuple[int, tuple[int, ...]] = (room, ())
    first_of: dict[int, int] = {}
    for index in free:
        length = lengths[index]
        for rest, chosen in ((room - length, (index,)), *_pair(first_of, room - length, index)):
            if 0 <= rest < best[0]:
                best = (rest, chosen)
        if best[0] == 0:
            break
        first_of.setdefault(length, index)
    return best[1]


def _pair(first_of: dict[int, int], room: int, index: int) -> list[tuple[int, tuple[int, ...]]]:
    # The longest earlier sentence that still fits; lengths are few, so a scan from the wanted length down is short.
    for length in range(room, max(room - 4, 0), -1):
        if length in first_of:
            return [(room - length, (first_of[length], index))]
    return []


def fit(lengths: Sequence[int], order: Sequence[int], room: int) -> tuple[int, ...]:
    """Indices of sentences, following ``order``, whose ``lengths`` sum to ``room`` tokens or as near below as can be.

    The result shares the longest possible head of ``order`` whatever ``room`` is, so that two arms of a comparison
    show the same filler as far as their facts leave space for it.
    """
    taken: list[int] = []
    left = room
    for index in order:
        if lengths[index] > left:
            break
        taken.append(index)
        left -= lengths[index]
    best: tuple[int, tuple[int, ...]] | None = None
    # Give back up to four of the last sentences when the remainder cannot be met exactly.
    for back in range(min(5, len(taken) + 1)):
        head = taken[: len(taken) - back]
        space = room - sum(lengths[i] for i in head)
        tail = _tail(lengths, [i for i in order if i not in head], space)
        rest = space - sum(lengths[i] for i in tail)
        if best is None or rest < best[0]:
            best = (rest, (*head, *tail))
        if rest == 0:
            break
    return best[1] if best else ()
