"""Lays doses out over a few documents in context: memos, minutes, threads, in which louder facts displace filler."""

from __future__ import annotations

from collections.abc import Sequence

from facts.background import Background, Piece, Placed
from facts.condition import Condition
from facts.documents.document import need, write
from facts.documents.placement import share_out
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


def background(condition: Condition, pieces: tuple[Piece, ...], seed: str) -> Background:
    """``condition.documents`` tagged documents, together exactly ``condition.background_tokens`` long.

    Raises ``DoesNotFit`` with the number of tokens needed.
    """
    if condition.documents < 1:
        raise DoesNotFit("the documents channel needs at least one document; set documents to 1 or more")
    scaffolds = [scaffold(seed, index) for index in range(condition.documents)]
    loads = share_out(pieces, condition.documents, seed)
    needs = [need(one, load) for one, load in zip(scaffolds, loads, strict=True)]
    room = condition.background_tokens - _wrapping(condition.documents)
    if sum(needs) > room:
        least = sum(needs) + _wrapping(condition.documents)
        # Other queries draw other genres and wordings, some of them longer.
        advised = -(-(least * 5 // 4 + 40) // 20) * 20
        raise DoesNotFit(
            f"{condition.arm}: {condition.documents} documents with these facts need {least} tokens, but "
            f"background_tokens is {condition.background_tokens}; set it to {advised} or more, or use fewer documents"
        )
    text = ""
    placed: list[Placed] = []
    for number, tokens in enumerate(shares(needs, room)):
        document = write(scaffolds[number], loads[number], tokens, strict=False)
        opening, closing = _wrap(number + 1)
        text += f"{_GAP if text else ''}{opening}"
        placed += [Placed(piece=p.piece, start=len(text) + p.start, end=len(text) + p.end) for p in document.placed]
        text += f"{document.text}{closing}"
    return Background(text=text, placed=tuple(placed))
