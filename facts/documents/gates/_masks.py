"""Cuts a document into what speaks of a fact and the rest, and the rest into sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

from facts.documents.gates._reading import Text

BREAK = re.compile(r"(?<=[.!?])[\"”’')\]]*\s+|\n+")
# What stands for a cut span: ends a sentence, so that its neighbours are not read as one.
_CUT = "\n"


def masked(text: Text) -> str:
    """The content without its fact spans."""
    content, at = text.content, 0
    kept: list[str] = []
    for span in sorted(text.spans or (), key=lambda span: span.start):
        kept.append(content[at : max(at, span.start)])
        at = max(at, span.end)
    return _CUT.join((*kept, content[at:]))


def plain(text: str, labels: tuple[tuple[str, str], ...]) -> str:
    """The text as anchors read it: straight apostrophes, and below it the same with tiers by their own names.

    Both, since the word for a tier may be a common one: "paid" chats are a tier, a person who is paid is none.
    """
    straight = text.replace("’", "'")
    named = straight
    for word, tier in labels:
        named = re.sub(rf"\b{re.escape(word)}\b", tier, named)
    return straight if named == straight else f"{straight}\n{named}"


def sentences(text: str) -> Iterator[str]:
    """Each sentence or line, white space around it left out."""
    return (part.strip() for part in BREAK.split(text) if part and part.strip())
