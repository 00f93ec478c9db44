"""How much of a document speaks of a fact itself: of each wording, what its twin does not say in the same words.

A mention stands in a sentence about something else ("The notes, which also explain that …, were printed on …"), which
the placebo twin shares word for word. As a whole it is longer than a plain statement; the claim in it is shorter.
"""

from __future__ import annotations

from facts.documents.gates._reading import Span, Text
from facts.fact import Fact
from facts.salience import Part, Polarity
from facts.tokens import count_tokens


def own_words(wording: str, twin: str) -> str:
    """The wording without the words that it begins and ends with as its twin does."""
    one, other = wording.split(), twin.split()
    most = min(len(one), len(other))
    start = next((n for n in range(most) if one[n] != other[n]), most)
    end = next((n for n in range(most - start) if one[-1 - n] != other[-1 - n]), most - start)
    return " ".join(one[start : len(one) - end])


def _twin(fact: Fact, span: Span) -> str | None:
    number = span.wording.rpartition("/")[2]
    if span.polarity is None or span.part not in set(Part) or not number.isdecimal():
        return None
    other = Polarity.AFFIRMED if span.polarity is Polarity.PLACEBO else Polarity.PLACEBO
    bank = fact.banks[other][Part(span.part)]
    return bank[int(number)] if int(number) < len(bank) else None


def claim_airtime(text: Text, fact: Fact) -> float:
    """Tokens of the fact's own words over the document's (0–1); a span without a twin counts whole."""
    said = 0
    for span in text.spans or ():
        if span.fact == fact.slug:
            shown, twin = text.content[span.start : span.end], _twin(fact, span)
            said += count_tokens(shown if twin is None else own_words(shown, twin))
    return said / max(1, text.n_tokens)
