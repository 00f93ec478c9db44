"""A document set as gates see it: the texts read back from its folder, whatever wrote them."""

from __future__ import annotations

from dataclasses import dataclass

from facts.catalog import Library
from facts.documents.set_plan import SetPlan
from facts.salience import Dose, Polarity


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """``content[start:end]`` is said to be about the fact. ``part`` is the wording's, or ``anchors`` in an import."""

    fact: str
    polarity: Polarity
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A set in its folder's order, and its twin where there is one.

    ``plan`` is known of template sets alone, as are rebuilt documents. ``twin`` has the placebo arm on the same
    scaffolds, or what another folder holds.
    """

    set_id: str
    generator: str
    plan: SetPlan | None
    texts: tuple[Text, ...]
    library: Library
    twin: tuple[Text, ...] | None = None
