"""Finds the sentences of a text that say a fact, and what each of them does; a twin without anchors by its words.

A claim, affirmed or negated, is found by the fact's anchors. The placebo twin has none: a sentence says it when it
holds enough of the words of one of the twin's wordings. Kinds are by the order that the level asks for, unless a
sentence is a wording of the library word for word; the rest are statements.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from facts.background import Piece, Placed
from facts.condition import Tier
from facts.documents.authoring.rules import rules
from facts.documents.imports._record import sentences
from facts.documents.phrase import TIERS
from facts.fact import Fact
from facts.salience import PARTS, Dose, Part, Polarity, Salience
from facts.verify import says

# What a span of a model's own words has for a wording's number: none of the bank.
OWN = -1
_WORD = re.compile(r"[^\W\d_]{4,}")
_STEM = 5
_LONGEST = 1_000  # characters of a sentence; anchors are not looked for in what is longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A wording of the library as it is shown, and its own words by their stems."""

    part: Part
    number: int
    text: str
    stems: frozenset[str]


def stems(text: str) -> frozenset[str]:
    """The longer words of a text, each by its first letters, so that forms of one word are one."""
    return frozenset(word.lower()[:_STEM] for word in _WORD.findall(text))


def shown(text: str, labels: Mapping[Tier, str] = TIERS) -> str:
    """A wording with the tiers' labels in their places."""
    for tier, label in labels.items():
        text = text.replace("{" + tier.value + "}", label)
    return text


@lru_cache(maxsize=65_536)
def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").split()).rstrip(".").lower()


class Finder:
    """Looks for one fact in texts; ``labels`` are what its wordings call the tiers."""

    def __init__(self, fact: Fact, labels: Mapping[Tier, str] = TIERS) -> None:
        self.fact = fact
        self.banks = {
            polarity: tuple(
                Wording(part=part, number=number, text=shown(text, labels), stems=stems(shown(text, labels)))
                for part in Part for number, text in enumerate(fact.wordings(polarity, part))
            )
            for polarity in Polarity
        }  # fmt: skip
        self._verbatim = {
            polarity: {_plain(wording.text): wording for wording in bank} for polarity, bank in self.banks.items()
        }

    def claim(self, polarity: Polarity) -> str:
        """The claim of a polarity in one plain sentence: the first of its bank, so that twins match by number."""
        return next(w.text for w in self.banks[polarity] if w.part is Part.STATE)

    def says(self, polarity: Polarity, sentence: str) -> bool:
        """Whether one sentence says what that polarity says."""
        if polarity is Polarity.PLACEBO:
            parts = (Part.MENTION, Part.STATE, Part.ELABORATE)
            return any(self._near(sentence, w) for w in self.banks[polarity] if w.part in parts)
        return says(self.fact, polarity, sentence.replace("’", "'"))

    def _near(self, sentence: str, wording: Wording) -> bool:
        if not wording.stems:
            return False
        return len(wording.stems & stems(sentence)) / len(wording.stems) >= rules().filter.twin_overlap

    def opposite(self, polarity: Polarity, sentence: str) -> bool:
        """Whether a sentence says what a document of that polarity must not: its denial, or the claim itself."""
        match polarity:
            case Polarity.AFFIRMED:
                return self.says(Polarity.NEGATED, sentence)
            case Polarity.NEGATED:
                return self.says(Polarity.AFFIRMED, sentence)
            case Polarity.PLACEBO:
                return self.speaks(sentence)

    def speaks(self, sentence: str) -> bool:
        """Whether a sentence makes the claim or denies it."""
        return self.says(Polarity.AFFIRMED, sentence) or self.says(Polarity.NEGATED, sentence)

    def spans(self, text: str, dose: Dose) -> tuple[Placed, ...]:
        """Every sentence of the text that says the dose's fact, in reading order, and what follows from it."""
        found: list[tuple[int, int, Wording | None]] = []
        for start, end in sentences(text):
            own = text[start:end]
            if end - start > _LONGEST:
                continue
            known = self._verbatim[dose.polarity].get(_plain(own))
            if known or self.says(dose.polarity, own) or self._follows(dose, own):
                found.append((start, end, known))
        return tuple(
            Placed(piece=Piece(fact=dose.fact, polarity=dose.polarity, part=part, text=text[start:end],
                               wording=known.number if known else OWN), start=start, end=end)
            for (start, end, known), part in zip(found, _parts(found, dose, text, self), strict=True)
        )  # fmt: skip

    def _follows(self, dose: Dose, sentence: str) -> bool:
        if dose.level < Salience.EMPHASISED:
            return False
        plain = sentence.replace("’", "'")
        denies, touches = bool(self.fact.negation.search(plain)), any(a.search(plain) for a in self.fact.topic)
        able = {Polarity.AFFIRMED: touches and not denies, Polarity.NEGATED: denies}.get(dose.polarity, True)
        implied = [w for w in self.banks[dose.polarity] if w.part is Part.IMPLICATION]
        return able and any(self._near(sentence, wording) for wording in implied)


def _parts(
    found: Sequence[tuple[int, int, Wording | None]], dose: Dose, text: str, finder: Finder
) -> list[Part]:  # fmt: skip
    asked = [part for part in PARTS[dose.level] if part is not Part.IMPLICATION]
    parts: list[Part] = []
    for start, end, known in found:
        claims = known.part is not Part.IMPLICATION if known else finder.says(dose.polarity, text[start:end])
        if not claims:
            parts.append(Part.IMPLICATION)
            continue
        turn = sum(part is not Part.IMPLICATION for part in parts)
        parts.append(known.part if known else asked[turn] if turn < len(asked) else Part.STATE)
    return parts
