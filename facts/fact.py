"""A fact: one claim about the world the model lives in, with wordings for every level and polarity."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from facts.errors import MissingWording
from facts.salience import PARTS, Dose, Part, Polarity, Salience

Bank = Mapping[Part, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """Which way the fact is expected to move each outcome (↑, ↓, ~, ?, –) and on what grounds. A hypothesis only."""

    alignment_faking: str
    gap: str
    revealing: str
    basis: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallQuestion:
    """The multiple-choice manipulation check: what each polarity makes true; absent and placebo say nothing."""

    question: str
    affirmed: str
    negated: str
    distractor: str
    not_stated: str = "The text does not say."


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A small everyday case whose answer turns on the fact: one answer if the claim holds, the other if it does not."""

    case: str
    if_true: str
    if_false: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One claim with its banks of wordings.

    ``topic`` are regular expressions that all hit in every wording of the claim, affirmed or negated; ``negation``
    hits in every negated wording and in no affirmed one. ``allow`` names banned words that this fact may use, with
    ``allow_reason``. ``number`` is the row in the project's list of starter facts (0 for a user's own).
    """

    slug: str
    number: int
    title: str
    claim: str
    category: str
    kind: str  # "fact" | "control"
    hypothesis: Hypothesis
    topic: tuple[re.Pattern[str], ...]
    negation: re.Pattern[str]
    banks: Mapping[Polarity, Bank]
    recall: RecallQuestion
    placebo_topic: str
    use: Use | None = None
    allow: tuple[str, ...] = ()
    allow_reason: str = ""

    def wordings(self, polarity: Polarity, part: Part) -> tuple[str, ...]:
        """All wordings of one part, or :class:`MissingWording` saying which is missing."""
        bank = self.banks.get(polarity, {}).get(part, ())
        if not bank:
            raise MissingWording(
                f"fact {self.slug!r} has no wording for {polarity} {part}; add a list `{part}` under [{polarity}] "
                f"in its file (at least 4 sentences), then run `salience facts check`"
            )
        return bank

    def parts(self, dose: Dose) -> tuple[Part, ...]:
        """The parts that a dose of this fact says, in reading order."""
        return PARTS[Salience(dose.level)]
