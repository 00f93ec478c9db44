"""Lays doses out over a few documents in context: memos, minutes, threads, in which louder facts displace filler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from facts.background import Background, Piece, Placed
from facts.breadth import Position
from facts.condition import Condition
from facts.documents.document import need, write
from facts.documents.placement import carrying, share_out
from facts.documents.scaffold import scaffold
from facts.errors import DoesNotFit
from facts.tokens import count_tokens

DEFAULT_TOKENS = 640
_GAP = "\n\n"


def _wrap(index: int) -> tuple[str, str]:
    return f'<document index="{index}">\n', "\n</document>"


def _wrapping(documents: int) -> int:
    """The tokens that tags and gaps take."""
    return count_tokens(_GAP.join("x".join(_wrap(index + 1)) for index in range(documents))) - documents


def shares(needs: Sequence[int], tokens: int) -> tuple[int, ...]:
    """``tokens`` in equal shares, except that a document that needs more than its share gets what it needs.

    The needs must not exceed ``tokens`` in sum.
    """
    given: dict[int, int] = {}
    while True:
        rest = [number for number in range(len(needs)) if number not in given]
        equal = (tokens - sum(given.values())) // len(rest) if rest else 0
        greedy = [number for number in rest if needs[number] > equal]
        if not greedy:
            break
        given |= {number: needs[number] for number in greedy}
    spare = tokens - sum(given.values()) - equal * len(rest)
    given |= {number: equal + (place < spare) for place, number in enumerate(rest)}
    if not rest:
        given[0] += spare
    return tuple(given[number] for number in range(len(needs)))


def _loads(condition: Condition, pieces: Sequence[Piece], seed: str) -> tuple[tuple[Piece, ...], ...]:
    """The pieces of each document: those of shared doses laid out over all, those of carriers as said."""
    loads = list(share_out([piece for piece in pieces if piece.carrier is None], condition.documents, seed))
    homes = {dose.fact: carrying(condition.documents, dose.fact, dose.breadth, seed) for dose in condition.doses}
    for piece in pieces:
        if piece.carrier is not None:
            loads[homes[piece.fact][piece.carrier]] += (piece,)
    return tuple(tuple(sorted(load, key=lambda piece: piece.late)) for load in loads)


def _position(load: Sequence[Piece], positions: Mapping[str, Position]) -> Position:
    return positions[load[0].fact] if load else Position.SPREAD


def background(condition: Condition, pieces: tuple[Piece, ...], seed: str) -> Background:
    """``condition.documents`` tagged documents, together exactly ``condition.background_tokens`` long.

    Where doses have carriers, every document has its equal share of the tokens, whatever it says. Raises
    ``DoesNotFit`` with the number of tokens needed.
    """
    count = condition.documents
    if count < 1:
        raise DoesNotFit("the documents channel needs at least one document; set documents to 1 or more")
    for dose in condition.doses:
        if dose.breadth.carriers > count:
            raise DoesNotFit(f"{dose}: {dose.breadth.carriers} carriers among {count} documents; set documents to "
                             f"{dose.breadth.carriers} or more")  # fmt: skip
    scaffolds = [scaffold(seed, index) for index in range(count)]
    loads = _loads(condition, pieces, seed)
    needs = [need(one, load) for one, load in zip(scaffolds, loads, strict=True)]
    room = condition.background_tokens - _wrapping(count)
    broad = any(dose.breadth.carriers for dose in condition.doses)
    wanted = count * max(needs) if broad else sum(needs)
    if wanted > room:
        # Other queries draw other genres and wordings, some of them longer.
        advised = -(-((wanted + _wrapping(count)) * 5 // 4 + 40) // 20) * 20
        raise DoesNotFit(
            f"{condition.arm}: {count} documents with these facts need {wanted + _wrapping(count)} tokens, but "
            f"background_tokens is {condition.background_tokens}; set it to {advised} or more, or use fewer documents"
        )
    positions = {dose.fact: dose.breadth.position for dose in condition.doses}
    text = ""
    placed: list[Placed] = []
    for number, tokens in enumerate(shares(needs, room)):
        load = loads[number]
        document = write(scaffolds[number], load, tokens, _position(load, positions), strict=False)
        opening, closing = _wrap(number + 1)
        text += f"{_GAP if text else ''}{opening}"
        placed += [Placed(piece=p.piece, start=len(text) + p.start, end=len(text) + p.end) for p in document.placed]
        text += f"{document.text}{closing}"
    return Background(text=text, placed=tuple(placed))
