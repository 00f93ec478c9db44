"""Decides where fact pieces go: which document of a block, and how far down a document, the same in every arm."""

from __future__ import annotations

from collections.abc import Sequence

from facts.background import Piece
from facts.breadth import Breadth, Order, Position
from facts.documents.scaffold import Scaffold
from facts.salience import Part
from facts.seeds import stream

# How often a document that has a heading line says its first piece there, where the position is spread.
_IN_HEADING = 0.2
# A heading holds one plain sentence, never a detail.
_HEADLINES = (Part.MENTION, Part.STATE)

_DOWN = {Position.LEAD: 0.0, Position.EARLY: 0.25, Position.MIDDLE: 0.5, Position.LATE: 0.75, Position.CLOSING: 1.0}


def targets(scaffold: Scaffold, pieces: Sequence[Piece], position: Position) -> tuple[bool, tuple[float, ...]]:
    """Whether the first piece goes in the heading, and how far down the document (0–1) each piece wants to stand.

    Drawn from the scaffold's position stream, so that polarities of equal level want the same places.
    """
    draw = stream(scaffold.seed, "position")
    chance, places = draw.random(), [draw.random() for _ in pieces]
    if position in _DOWN:
        return False, tuple(1.0 if piece.late else _DOWN[position] for piece in pieces)
    early = max(1, sum(not piece.late for piece in pieces))
    able = scaffold.has_heading and bool(pieces) and not pieces[0].late and pieces[0].part in _HEADLINES
    heading = able and (position is Position.HEADING or chance < _IN_HEADING)
    return heading, tuple(
        1.0 if piece.late else (number + place) / early
        for number, (piece, place) in enumerate(zip(pieces, places, strict=True))
    )


def share_out(pieces: Sequence[Piece], documents: int, seed: str) -> tuple[tuple[Piece, ...], ...]:
    """The pieces of each document of a block, in reading order.

    The first few fall in different documents, a louder dose keeps the documents of a quieter one, and late pieces
    close the last document.
    """
    order = list(range(documents))
    stream(seed, "position").shuffle(order)
    early = [piece for piece in pieces if not piece.late]
    loads: list[list[Piece]] = [[] for _ in order]
    for document, piece in zip(sorted(order[n % documents] for n in range(len(early))), early, strict=True):
        loads[document].append(piece)
    loads[-1].extend(piece for piece in pieces if piece.late)
    return tuple(map(tuple, loads))


def carrying(documents: int, fact: str, breadth: Breadth, seed: str) -> tuple[int, ...]:
    """Which documents of a block carry the fact, by rising index: those of fewer carriers are among those of more.

    The documents themselves stand in one order in every arm; ``order`` decides which of them carry.
    """
    ranked = list(range(documents))
    match breadth.order:
        case Order.CARRIERS_FIRST:
            pass
        case Order.CARRIERS_LAST:
            ranked.reverse()
        case _:
            stream(seed, "carriers", fact).shuffle(ranked)
    return tuple(sorted(ranked[: breadth.carriers]))
