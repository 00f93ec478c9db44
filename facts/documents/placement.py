"""Decides which document and slot each fact piece goes to: spread out, in reading order, the same in every arm."""

from __future__ import annotations

from collections.abc import Sequence

from facts.background import Piece
from facts.documents.scaffold import Scaffold
from facts.seeds import stream

# The pieces of one document, slot by slot.
Load = tuple[tuple[Piece, ...], ...]


def _spots(scaffolds: Sequence[Scaffold], seed: str) -> list[tuple[int, int]]:
    """Every (document, slot) once; the first few lie in different documents, so restatements lie far apart."""
    draw = stream(seed, "position")
    documents = list(range(len(scaffolds)))
    draw.shuffle(documents)
    slots = {number: draw.sample(range(len(s.slots)), len(s.slots)) for number, s in enumerate(scaffolds)}
    rounds = max(map(len, slots.values()))
    return [(n, slots[n][turn]) for turn in range(rounds) for n in documents if turn < len(slots[n])]


def place(pieces: Sequence[Piece], scaffolds: Sequence[Scaffold], seed: str) -> tuple[Load, ...]:
    """The load of each document.

    The spots depend on the number of pieces and the seed alone, and a louder dose keeps the spots of a quieter one.
    Pieces take them in their own order, so a statement comes before its elaboration. Late pieces close the last
    document.
    """
    loads: list[list[list[Piece]]] = [[[] for _ in scaffold.slots] for scaffold in scaffolds]
    early = [piece for piece in pieces if not piece.late]
    spots = _spots(scaffolds, seed)
    taken = sorted(spots[number % len(spots)] for number in range(len(early)))
    for (document, slot), piece in zip(taken, early, strict=True):
        loads[document][slot].append(piece)
    loads[-1][-1].extend(piece for piece in pieces if piece.late)
    return tuple(tuple(map(tuple, load)) for load in loads)
