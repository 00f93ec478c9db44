"""A document set as gates see it: the texts read back from its folder, whatever wrote them."""

from __future__ import annotations

from dataclasses import dataclass

from facts.catalog import Library
from facts.salience import Dose, Polarity


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """``content[start:end]`` is said to be about the fact. ``part`` is the wording's, or ``anchors`` in an import.

    ``polarity`` is ``None`` where the record does not say it.
    """

    fact: str
    polarity: Polarity | None
    part: str
    wording: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One document as it was read back; what its writer did not say is ``None``, never zero.

    ``doses`` is empty for a neutral document and ``None`` where nobody knows what it was meant to carry.
    """

    doc_id: str
    content: str
    n_tokens: int
    doses: tuple[Dose, ...] | None
    spans: tuple[Span, ...] | None
    scaffold: str | None
    genre: str | None
    date: str | None
    author: str | None
    airtime: float | None
    unmet: tuple[str, ...] = ()  # checks that its writer made and that it does not meet


@dataclass(frozen=True, slots=True, kw_only=True)
class Arms:
    """Documents that carry, their twins with the other polarity, and the same scaffolds saying nothing.

    ``paired`` arms stand on the same scaffolds in the same order.
    """

    fact: tuple[Text, ...]
    twin: tuple[Text, ...]
    neutral: tuple[Text, ...] | None
    paired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """The airtime of one fact at one level, by scaffold; ``None`` where the documents are too short for it.

    ``claim`` counts, of each wording, what its twin does not say in the same words (see ``_airtime``).
    """

    fact: str
    level: int
    whole: tuple[float, ...] | None
    claim: tuple[float, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A set in its folder's order. ``arms`` is ``None`` where there is no twin to compare with.

    ``generator`` is ``template``, a language model's, or ``imported``. ``rebuilt`` has a sample of the documents
    written anew from the plan, and ``ladder`` their airtime at every level; both are known of template sets alone.
    ``facts`` are those of the plan, carried by any document or none. ``labels`` are the words for tiers that stand for
    others in the set, with those that anchors know.
    """

    set_id: str
    generator: str
    texts: tuple[Text, ...]
    library: Library
    arms: Arms | None = None
    rebuilt: tuple[Text, ...] | None = None
    ladder: tuple[Rung, ...] | None = None
    labels: tuple[tuple[str, str], ...] = ()
    facts: tuple[str, ...] = ()


def carrying(texts: tuple[Text, ...]) -> tuple[Text, ...]:
    """The documents that carry a fact; where none does, those that say its placebo.

    Where nobody wrote down what a document carries: those in which a fact was found, or else all.
    """
    loud = tuple(t for t in texts if any(d.polarity is not Polarity.PLACEBO for d in t.doses or ()))
    quiet = loud or tuple(text for text in texts if text.doses)
    if quiet or all(text.doses is not None for text in texts):
        return quiet
    return tuple(text for text in texts if text.spans) or texts
