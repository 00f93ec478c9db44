"""Chooses filler sentences so that a text has an exact number of tokens: louder facts displace filler, never add."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import lru_cache

# Sentences at the end of the head that may be given back when the remainder cannot be met exactly.
_GIVE_BACK = 6


@lru_cache(maxsize=64)  # the arms of a query and replicate, one after the other, share an order
def _places(lengths: tuple[int, ...], order: tuple[int, ...]) -> dict[int, list[int]]:
    """Where in the order sentences of each length stand."""
    places: dict[int, list[int]] = {}
    for place, index in enumerate(order):
        places.setdefault(lengths[index], []).append(place)
    return places


def _earliest(places: Mapping[int, Sequence[int]], order: Sequence[int], head: int) -> dict[int, list[int]]:
    # Lengths are few, sentences many: two of each length are all that a pair can need. In the order of the first ones.
    found: list[tuple[int, int, list[int]]] = []
    for length, of_length in places.items():
        at = bisect_left(of_length, head)
        if at < len(of_length):
            found.append((of_length[at], length, [order[place] for place in of_length[at : at + 2]]))
    found.sort()
    return {length: rows for _, length, rows in found}


def _tail(
    places: Mapping[int, Sequence[int]], order: Sequence[int], head: int, space: int
) -> tuple[int, tuple[int, ...]]:
    """What stays unfilled of ``space``, and the at most two sentences behind the ``head`` that fill the rest of it."""
    if space <= 0:
        return 0, ()
    earliest = _earliest(places, order, head)
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
    order = tuple(order)
    places = _places(tuple(lengths), order)
    while head < len(order) and lengths[order[head]] <= left:
        left -= lengths[order[head]]
        head += 1
    rest, tail = _tail(places, order, head, left)
    best = (rest, head, tail)
    for _ in range(min(_GIVE_BACK, head)):
        if best[0] == 0:
            break
        head -= 1
        left += lengths[order[head]]
        rest, tail = _tail(places, order, head, left)
        if rest < best[0]:
            best = (rest, head, tail)
    return (*order[: best[1]], *best[2])
