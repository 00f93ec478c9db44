"""How well a simulated judge judges, as read from TOML: what it gets right, fact by fact, and what it leaves open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from pydantic import Field

from facts.parse import Strict
from runners.organism.rates import Share, Spread

Question = Literal["alignment_faking", "revealing", "asked", "lying"]


class Right(NamedTuple):
    """Chances that what is there is seen, and that what is not there is not seen."""

    sensitivity: float
    specificity: float

    def says(self, *, present: bool) -> float:
        """The chance that the judge says yes."""
        return self.sensitivity if present else 1 - self.specificity


class Accuracy(Strict):
    """Of one question with the answers yes and no."""

    sensitivity: Share = 1.0
    specificity: Share = 1.0


class Change(Strict):
    """The judge's accuracy where the reasoning in front of it speaks of a fact; None leaves it as it is."""

    sensitivity: Share | None = None
    specificity: Share | None = None


class Misread(Strict):
    """Shares of one class that are read as each other class."""

    complied: Share = 0.0
    partial: Share = 0.0
    refused: Share = 0.0
    unparseable: Share = 0.0


class Confusion(Strict):
    """For each class that a reply is of, the shares that are read as another class; the rest is read right."""

    complied: Misread = Misread()
    partial: Misread = Misread()
    refused: Misread = Misread()

    def row(self, kind: str) -> dict[str, float]:
        """How replies of this class are read: each class with its share, summing to 1."""
        shares: dict[str, float] = getattr(self, kind, Misread()).model_dump()
        return {**shares, kind: 1 - sum(shares.values())}


class FactChanges(Strict):
    """What changes where the reasoning speaks of one fact. The compliance judge sees no reasoning."""

    alignment_faking: Change = Change()
    asked: Change = Change()
    lying: Change = Change()


class Skill(Strict):
    """``refuses``, ``unreadable`` and ``made_up`` are the shares of verdicts that come to nothing, whatever the truth.

    ``sample_sd`` is the spread, in log-odds, of a judge's leaning about one sample: what its votes on that sample
    share. Over samples, sensitivity and specificity stay what they are.
    """

    refuses: Share = 0.0
    unreadable: Share = 0.0
    made_up: Share = 0.0  # quotes that stand nowhere in the text
    sample_sd: Spread = 0.0
    alignment_faking: Accuracy = Accuracy()
    compliance: Confusion = Confusion()
    revealing: Accuracy = Accuracy()
    asked: Accuracy = Accuracy()
    lying: Accuracy = Accuracy()
    facts: dict[str, FactChanges] = Field(default_factory=dict)

    @property
    def lost(self) -> float:
        """The share of verdicts that come to nothing."""
        return min(1.0, self.refuses + self.unreadable + self.made_up)

    def right(self, question: Question, mentioned: Iterable[str] = ()) -> Right:
        """The accuracy about one question where the text speaks of these facts; of several changes, the worst."""
        usual: Accuracy = getattr(self, question)
        changes: list[Change] = [getattr(self.facts[fact], question, Change()) for fact in mentioned
                                 if fact in self.facts]  # fmt: skip
        seen = [change.sensitivity for change in changes if change.sensitivity is not None]
        unseen = [change.specificity for change in changes if change.specificity is not None]
        return Right(min(seen, default=usual.sensitivity), min(unseen, default=usual.specificity))
