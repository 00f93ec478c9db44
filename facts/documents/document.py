"""A document: a scaffold whose slots hold fact pieces and as much neutral filler as its length leaves room for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, count, islice

from facts import filler
from facts.background import Piece, Placed, join
from facts.documents.frames import Instance, packs
from facts.documents.placement import Position, targets
from facts.documents.scaffold import Scaffold
from facts.documents.spacing import APART, space
from facts.errors import FactError, TooShort
from facts.fit import fit
from facts.salience import Dose
from facts.seeds import stream
from facts.tokens import count_tokens

# The shortest filler sentence: with this much room left, every length can be met to the token.
_LEAST_FILLER = 5
# How much more filler than room a document may choose from.
_CHOICE = 120
# How many orders of its sentences a document tries before it is found to be too short.
_ATTEMPTS = 60
# In which steps a length is looked for that leaves enough distance between restatements.
_STEP = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The finished text, with the places of its fact pieces; ``doc_id`` is derived from all of it.

    ``scaffold_id``, genre, author, date and ``attributes`` are the same in every arm. ``n_tokens`` is an estimate
    (``facts.tokens``).
    """

    doc_id: str
    index: int
    scaffold_id: str
    genre: str
    author: str
    date: str  # ISO
    attributes: tuple[tuple[str, str], ...]  # place, topic, perspective, audience, register, formatting
    text: str
    placed: tuple[Placed, ...]
    n_tokens: int
    doses: tuple[Dose, ...] = ()  # what it carries; empty for a neutral document


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """The sentences of each slot, before fact pieces come in."""

    sentences: tuple[tuple[Instance, ...], ...]
    wanted: tuple[float, ...]
    in_heading: bool


def need(scaffold: Scaffold, pieces: Sequence[Piece]) -> int:
    """The fewest tokens that the document takes with these pieces, whatever stands between them."""
    return scaffold.tokens + sum(count_tokens(piece.text) for piece in pieces) + _LEAST_FILLER


@lru_cache(maxsize=1)
def _fixed_filler() -> tuple[Instance, ...]:
    rows = zip(filler.sentences(), filler.lengths(), strict=True)
    return tuple(Instance(topic="", frame=-1, parts=(text,), tokens=tokens) for text, tokens in rows)


def _chosen(scaffold: Scaffold, room: int, tokens: int) -> list[Instance]:
    """Filler of exactly ``room`` tokens: each frame of the document's own topic once, as far as that goes.

    What there is to choose from depends on ``tokens``, the length of the document, so that arms choose from the same
    and differ, if at all, in the last few sentences.
    """
    topics, all_topics = 1, len(packs())
    while topics < all_topics and sum(one.tokens for one in scaffold.pool.upto(topics)) < tokens + _CHOICE:
        topics += 1
    for number in (0, topics, all_topics, all_topics + 1):
        choice = [one for one in scaffold.pool.upto(number) if one not in scaffold.openers]
        if number > all_topics:
            choice += _fixed_filler()
            # A document longer than all filler there is goes through it again.
            choice *= 1 + room // sum(one.tokens for one in choice)
        taken = fit([one.tokens for one in choice], range(len(choice)), room)
        if sum(choice[n].tokens for n in taken) == room:
            return [choice[n] for n in taken]
    raise AssertionError(f"no filler of {room} tokens")  # pragma: no cover - every room of 5 or more has one


def _pages(scaffold: Scaffold, pieces: Sequence[Piece], tokens: int, position: Position) -> Iterator[_Page]:
    """The page as the seed has it, then the same sentences in other turns, endlessly."""
    in_heading, wanted = targets(scaffold, pieces, position)
    room = tokens - need(scaffold, pieces) + _LEAST_FILLER
    opened: list[tuple[Instance, ...]] = [(opener,) for opener in scaffold.openers]
    if in_heading:
        room += opened[0][0].tokens
        opened[0] = ()
    # A sentence goes to the slot that its turn falls on, so filler that two arms share stands in the same slot.
    turns = list(range(int(scaffold.has_heading), len(opened)))
    stream(scaffold.seed, "turns").shuffle(turns)
    chosen = _chosen(scaffold, room, tokens)
    for again in count():
        if again >= len(turns):
            stream(scaffold.seed, "turns", again).shuffle(chosen)
        slots = list(map(list, opened))
        for turn, one in enumerate(chosen):
            slots[turns[(turn + again) % len(turns)]].append(one)
        yield _Page(sentences=tuple(map(tuple, slots)), wanted=wanted, in_heading=in_heading)


def _spots(
    scaffold: Scaffold, page: _Page, pieces: Sequence[Piece], apart: int
) -> list[tuple[int, int]] | None:  # fmt: skip
    """The slot and the number of sentences before each piece; None when they cannot be ``apart`` words apart."""
    spots: list[tuple[int, int]] = []
    at: list[int] = []
    words, heading = 0, None
    for slot, (fixed, sentences) in enumerate(zip(scaffold.fixed, page.sentences, strict=True)):
        words += len(fixed.split())
        before = [0, *accumulate(len(one.text.split()) for one in sentences)]
        if slot or not scaffold.has_heading:
            spots += [(slot, number) for number in range(len(before))]
            at += [words + number for number in before]
        else:
            heading = words
        words += before[-1]
    indices = space(at, pieces, page.wanted, apart, heading if page.in_heading else None)
    if indices is None:
        return None
    return [(0, 0) if page.in_heading and not number else spots[index] for number, index in enumerate(indices)]


def _lay_out(
    scaffold: Scaffold, pieces: Sequence[Piece], tokens: int, position: Position, apart: int
) -> tuple[_Page, list[tuple[int, int]]] | None:
    # A short document may have its filler where no restatements are: then the same sentences take other turns.
    for page in islice(_pages(scaffold, pieces, tokens, position), _ATTEMPTS):
        spots = _spots(scaffold, page, pieces, apart)
        if spots is not None:
            return page, spots
    return None


def _least(scaffold: Scaffold, pieces: Sequence[Piece], position: Position, apart: int) -> int:
    tokens = need(scaffold, pieces)
    while _lay_out(scaffold, pieces, tokens, position, apart) is None:
        tokens += _STEP
    return tokens


def write(
    scaffold: Scaffold, pieces: Sequence[Piece], tokens: int,
    position: Position = Position.SPREAD, *, apart: int = APART, strict: bool = True,
) -> Document:  # fmt: skip
    """The document of exactly ``tokens`` tokens (``facts.tokens``) with the pieces in their order.

    Statements of one fact stand ``apart`` words from each other; a document too short for that raises
    ``TooShort`` with the least it takes, or, if not ``strict``, sets them as far apart as it can. ``FactError``
    when a piece holds a null byte.
    """
    if need(scaffold, pieces) > tokens:
        least = _least(scaffold, pieces, position, apart if strict else 0)
        raise TooShort(
            f"a {scaffold.genre} document with these facts takes {least} tokens, not {tokens}; "
            "ask for longer documents",
            least,
        )
    if any("\0" in piece.text for piece in pieces):
        raise FactError("a wording holds a null byte, which text tools cut texts at; remove it from the fact")
    laid = _lay_out(scaffold, pieces, tokens, position, apart)
    while laid is None and not strict:
        apart //= 2
        laid = _lay_out(scaffold, pieces, tokens, position, apart)
    if laid is None:
        least = _least(scaffold, pieces, position, apart)
        raise TooShort(
            f"a {scaffold.genre} document that states a fact again after {apart} words takes {least} tokens, not "
            f"{tokens}; ask for longer documents",
            least,
        )
    return _finish(scaffold, *laid, pieces)


def _finish(
    scaffold: Scaffold, page: _Page, spots: Sequence[tuple[int, int]], pieces: Sequence[Piece]
) -> Document:  # fmt: skip
    text = ""
    placed: list[Placed] = []
    for slot, (fixed, sentences) in enumerate(zip(scaffold.fixed, page.sentences, strict=True)):
        shown: list[str | Piece] = [one.text for one in sentences]
        for (home, number), piece in reversed(list(zip(spots, pieces, strict=True))):
            if home == slot:
                shown.insert(number, piece)
        text += fixed
        body = join(shown)
        placed += [Placed(piece=p.piece, start=len(text) + p.start, end=len(text) + p.end) for p in body.placed]
        text += body.text
    facts = "|".join(f"{p.piece.fact},{p.piece.polarity},{p.piece.part},{p.piece.wording},{p.start}" for p in placed)
    how = scaffold.attributes
    return Document(
        doc_id=hashlib.sha256(f"{text}|{facts}".encode()).hexdigest()[:16],
        index=scaffold.index,
        scaffold_id=scaffold.id,
        genre=scaffold.genre,
        author=scaffold.author,
        date=scaffold.date,
        attributes=(
            ("place", scaffold.place), ("topic", scaffold.topic), ("perspective", how.perspective),
            ("audience", how.audience), ("register", how.register), ("formatting", how.formatting),
        ),
        text=text,
        placed=tuple(placed),
        n_tokens=count_tokens(text),
    )  # fmt: skip
