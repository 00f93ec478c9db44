"""Chooses filler sentences so that a text has an exact number of tokens: louder facts displace filler, never add."""

from __future__ import annotations

from collections.abc import Sequence

# Sentences at the end of the head that may be given back when the remainder cannot be met exactly.
_GIVE_BACK = 6


def _tail(lengths: Sequence[int], free: Sequence[int], space: int) -> tuple[int, tuple[int, ...]]:
    """What stays unfilled of ``space``, and the at most two of the ``free`` sentences that fill the rest of it."""
    if space <= 0:
        return 0, ()
    # Lengths are few, sentences many: two of each length are all that a pair can need.
    earliest: dict[int, list[int]] = {}
    for index in free:
        same = earliest.setdefault(lengths[index], [])
        if len(same) < 2:
            same.append(index)
    if space in earliest:
        return 0, (earliest[space][0],)
    best: tuple[int, tuple[int, ...]] = (space, ())
    for one, rows in earliest.items():
        other = space - one
        if other in earliest and (other != one or len(rows) == 2):
            return 0, (rows[0], earliest[other][-1 if other == one else 0])
        if 0 < other < best[0]:
            best = (other, (rows[0],))
    for one, rows in earliest.items():
        for two, others in earliest.items():
            rest = space - one - two
            if 0 < rest < best[0] and (one != two or len(rows) == 2):
                best = (rest, (rows[0], others[-1 if one == two else 0]))
    return best


def fit(lengths: Sequence[int], order: Sequence[int], room: int) -> tuple[int, ...]:
    """Indices of sentences, following ``order``, whose ``lengths`` sum to ``room`` tokens or as near below as can be.

    All but the last few follow ``order`` from its head, whatever ``room`` is, so that two arms of a comparison show
    the same filler as far as their facts leave space for it. No index is given twice.
    """
    head, left = 0, room
    while head < len(order) and lengths[order[head]] <= left:
        left -= lengths[order[head]]
        head += 1
    rest, tail = _tail(lengths, order[head:], left)
    best = (rest, head, tail)
    for _ in range(min(_GIVE_BACK, head)):
        if best[0] == 0:
            break
        head -= 1
        left += lengths[order[head]]
        rest, tail = _tail(lengths, order[head:], left)
        if rest < best[0]:
            best = (rest, head, tail)
    return (*order[: best[1]], *best[2])
