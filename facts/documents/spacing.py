"""Sets fact pieces among the sentences of a document: in order, near where they want to be, restatements apart."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from facts.background import Piece
from facts.salience import Part

# Words between two statements of one fact (documents.md): closer ones read as one.
APART = 40


def _links(pieces: Sequence[Piece], apart: int) -> list[tuple[int, int] | None]:
    """For each piece the earlier statement that it restates, and the words of other text wanted between the two."""
    links: list[tuple[int, int] | None] = []
    words = [len(piece.text.split()) for piece in pieces]
    for number, piece in enumerate(pieces):
        before = [
            n for n in range(number) if pieces[n].fact == piece.fact and pieces[n].part is piece.part is Part.STATE
        ]
        links.append((before[-1], max(0, apart - sum(words[before[-1] + 1 : number]))) if before else None)
    return links


def _latest(at: Sequence[int], links: Sequence[tuple[int, int] | None]) -> list[int]:
    """The last place of each piece that leaves the room its successors need; -1 where there is none."""
    latest = [len(at) - 1] * len(links)
    for number in reversed(range(len(links))):
        if number + 1 < len(links):
            latest[number] = min(latest[number], latest[number + 1])
        if link := links[number]:
            bound = at[latest[number]] - link[1] if latest[number] >= 0 else -1
            latest[link[0]] = min(latest[link[0]], bisect_right(at, bound) - 1)
    return latest


def space(
    at: Sequence[int], pieces: Sequence[Piece], wanted: Sequence[float], apart: int = APART, first: int | None = None
) -> tuple[int, ...] | None:
    """An index of ``at`` for each piece, or None when the document is too short for ``apart``.

    ``at`` gives the words before each place where a piece can stand, in reading order; ``wanted`` how far down (0–1)
    each would like to be, and is met as far as order and distance allow. ``first`` is the words before the first
    piece where that one stands in the heading: its index is then 0.
    """
    links = _links(pieces, apart)
    latest = _latest(at, links)
    chosen: list[int] = []
    for number, (want, link) in enumerate(zip(wanted, links, strict=True)):
        if number == 0 and first is not None:
            chosen.append(0)
            continue
        earliest = chosen[-1] if chosen else 0
        if link:
            since = first if first is not None and link[0] == 0 else at[chosen[link[0]]]
            earliest = max(earliest, bisect_left(at, since + link[1]))
        if earliest > latest[number]:
            return None
        target = bisect_left(at, at[0] + want * (at[-1] - at[0]))
        chosen.append(min(max(target, earliest), latest[number]))
    return tuple(chosen)
