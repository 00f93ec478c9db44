"""A document set: many documents that each carry one dose, on scaffolds that every other arm of the set shares."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from facts.background import Piece
from facts.catalog import Library
from facts.condition import Tier
from facts.documents.document import Document, write
from facts.documents.placement import place
from facts.documents.scaffold import scaffold
from facts.fact import Fact
from facts.salience import Dose, Part, Polarity, Salience
from facts.seeds import stream

# What wordings call the tiers where no setting gives them labels.
_TIERS = {tier: tier.value for tier in Tier}


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSet:
    """The documents of one arm in index order; ``set_id`` is derived from all of them."""

    set_id: str
    dose: Dose
    claim: str
    seed: str
    tokens: int
    documents: tuple[Document, ...]


def _draw(fact: Fact, dose: Dose, used: Counter[tuple[Part, int]], seed: str, index: int) -> list[tuple[Part, int]]:
    """The wordings of document ``index``: the least used so far in the set, none twice in a document if it can be."""
    drawn: list[tuple[Part, int]] = []
    for part in fact.parts(dose):
        bank = list(range(len(fact.wordings(dose.polarity, part))))
        stream(seed, fact.slug, part.value, index).shuffle(bank)
        best = min(bank, key=lambda number: ((part, number) in drawn, used[part, number]))
        drawn.append((part, best))
        used[part, best] += 1
    return drawn


def _say(text: str, labels: Mapping[Tier, str]) -> str:
    for tier, label in labels.items():
        text = text.replace("{" + tier.value + "}", label)
    return text


def build_set(
    fact: str, level: Salience, polarity: Polarity, count: int, seed: str, library: Library,
    *, tokens: int = 300, labels: Mapping[Tier, str] = _TIERS,
) -> DocumentSet:  # fmt: skip
    """``count`` documents of about ``tokens`` tokens (each scaffold's own length lies within a fifth of that).

    The first n documents of a larger set are the smaller set. Document i of two arms with one ``seed`` differs only
    in its fact wordings and the filler that they displace. Raises ``UnknownName``, ``MissingWording``, or
    ``DoesNotFit`` when ``tokens`` is too small for the dose.
    """
    one = library.fact(fact)
    dose = Dose(fact=fact, level=level, polarity=polarity)
    used: Counter[tuple[Part, int]] = Counter()
    documents: list[Document] = []
    for index in range(count):
        base = scaffold(seed, index)
        drawn = _draw(one, dose, used, seed, index)
        late = len(drawn) - 2 if dose.level == Salience.EMPHASISED else len(drawn)
        pieces = [
            Piece(fact=fact, polarity=dose.polarity, part=part, wording=number, late=turn >= late,
                  text=_say(one.wordings(dose.polarity, part)[number], labels))
            for turn, (part, number) in enumerate(drawn)
        ]  # fmt: skip
        length = int(tokens * stream(base.seed, "length").uniform(0.8, 1.2))
        documents.append(write(base, place(pieces, [base], base.seed)[0], length))
    ids = "|".join((str(dose), seed, str(tokens), *(document.doc_id for document in documents)))
    return DocumentSet(
        set_id=hashlib.sha256(ids.encode()).hexdigest()[:16], dose=dose, claim=one.claim, seed=seed, tokens=tokens,
        documents=tuple(documents),
    )  # fmt: skip
