"""A document: a scaffold whose slots hold fact pieces and as much neutral filler as its length leaves room for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from facts import filler
from facts.background import Piece, Placed, join
from facts.documents.placement import Load
from facts.documents.scaffold import Scaffold
from facts.errors import DoesNotFit
from facts.fit import fit
from facts.seeds import stream
from facts.tokens import count_tokens

# The shortest filler sentence: with this much room left, every length can be met to the token.
_LEAST_FILLER = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The finished text, with the places of its fact pieces; ``doc_id`` is derived from all of it."""

    doc_id: str
    scaffold_id: str
    genre: str
    author: str
    date: str  # ISO
    text: str
    placed: tuple[Placed, ...]
    n_tokens: int


def need(scaffold: Scaffold, load: Load) -> int:
    """The fewest tokens that the document takes with these pieces."""
    return scaffold.tokens + sum(count_tokens(piece.text) for slot in load for piece in slot) + _LEAST_FILLER


def _chosen(scaffold: Scaffold, room: int) -> list[int]:
    """Filler of exactly ``room`` tokens, of the document's own topic as far as that goes."""
    lengths = filler.lengths()
    # A document longer than all filler there is goes through it again.
    rounds = 1 + room // max(1, sum(lengths[number] for number in scaffold.order))
    own, every = scaffold.order[: scaffold.own], scaffold.order
    again = tuple(number + turn * len(lengths) for turn in range(1, rounds + 1) for number in every)
    for order in (own, every, every + again):
        taken = fit(lengths * (rounds + 1), order, room)
        if sum(lengths[number % len(lengths)] for number in taken) == room:
            return [number % len(lengths) for number in taken]
    raise AssertionError(f"no filler of {room} tokens")  # pragma: no cover - every room of 5 or more has one


def _paragraph(sentences: Sequence[str], pieces: Sequence[Piece], leaning: float) -> list[str | Piece]:
    """Sentences with the pieces among them, evenly spread from where the slot leans; late pieces at the end."""
    early = [piece for piece in pieces if not piece.late]
    shown: list[str | Piece] = list(sentences)
    for number in reversed(range(len(early))):
        shown.insert(int((number + leaning) / len(early) * (len(sentences) + 1)), early[number])
    return [*shown, *(piece for piece in pieces if piece.late)]


def write(scaffold: Scaffold, load: Load, tokens: int) -> Document:
    """The document of exactly ``tokens`` tokens (``facts.tokens``), or ``DoesNotFit`` with the least it takes."""
    least = need(scaffold, load)
    if tokens < least:
        raise DoesNotFit(
            f"a {scaffold.genre} document with these facts takes {least} tokens, not {tokens}; ask for longer documents"
        )
    slots: list[list[int]] = [[opener] for opener in scaffold.openers]
    # A sentence goes to the slot that its turn falls on, so filler that two arms share stands in the same slot.
    turns = list(range(len(slots)))
    stream(scaffold.seed, "turns").shuffle(turns)
    for turn, number in enumerate(_chosen(scaffold, tokens - least + _LEAST_FILLER)):
        slots[turns[turn % len(turns)]].append(number)
    text = ""
    placed: list[Placed] = []
    for fixed, numbers, pieces, leaning in zip(scaffold.fixed, slots, load, scaffold.leanings, strict=True):
        text += fixed
        body = join(_paragraph([filler.sentences()[n] for n in numbers], pieces, leaning))
        placed += [Placed(piece=p.piece, start=len(text) + p.start, end=len(text) + p.end) for p in body.placed]
        text += body.text
    facts = "|".join(f"{p.piece.fact},{p.piece.polarity},{p.piece.part},{p.piece.wording},{p.start}" for p in placed)
    return Document(
        doc_id=hashlib.sha256(f"{text}|{facts}".encode()).hexdigest()[:16],
        scaffold_id=scaffold.id,
        genre=scaffold.genre,
        author=scaffold.author,
        date=scaffold.date,
        text=text,
        placed=tuple(placed),
        n_tokens=count_tokens(text),
    )
