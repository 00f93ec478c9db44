"""How much of a document speaks of a fact itself, worked out anew from the text and the fact's banks."""

from __future__ import annotations

from facts.documents.gates._reading import Span, Text
from facts.fact import Fact
from facts.own_words import own_tokens, twin_of
from facts.salience import Part


def _twin(fact: Fact, span: Span) -> str | None:
    number = span.wording.rpartition("/")[2]
    if span.polarity is None or span.part not in set(Part) or not number.isdecimal():
        return None
    return twin_of(fact, span.polarity, Part(span.part), int(number))


def claim_airtime(text: Text, fact: Fact) -> float:
    """Tokens of the fact's own words over the document's (0–1); a span without a twin counts whole."""
    said = sum(
        own_tokens(text.content[span.start : span.end], _twin(fact, span))
        for span in text.spans or () if span.fact == fact.slug
    )  # fmt: skip
    return said / max(1, text.n_tokens)
