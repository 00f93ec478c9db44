"""The block of text that carries facts among neutral filler, and the pieces that a channel lays out in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from facts.salience import Part, Polarity


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One wording to be shown. ``late`` asks for the end of the block, nearest the query.

    ``carrier`` counts the documents that say the whole dose each; None where one dose is shared out.
    ``own_tokens`` are spent on the fact itself (``own_words``); None means all of the text.
    """

    fact: str
    polarity: Polarity
    part: Part
    wording: int
    text: str
    late: bool = False
    carrier: int | None = None
    own_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A piece and where it lies: ``Background.text[start:end]``."""

    piece: Piece
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """The finished block and the places of its fact pieces, in reading order."""

    text: str
    placed: tuple[Placed, ...]


def join(sentences: Sequence[str | Piece], separator: str = " ") -> Background:
    """Sentences and pieces in reading order as one text, with the places of the pieces."""
    text = ""
    placed: list[Placed] = []
    for item in sentences:
        words = item if isinstance(item, str) else item.text
        start = len(text) + (len(separator) if text else 0)
        text = f"{text}{separator}{words}" if text else words
        if isinstance(item, Piece):
            placed.append(Placed(piece=item, start=start, end=start + len(words)))
    return Background(text=text, placed=tuple(placed))
