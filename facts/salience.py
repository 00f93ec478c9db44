"""How loudly a fact is present: a level from absent to emphasised, a polarity, and the two together with the fact."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from facts.breadth import SHARED, Breadth


class Salience(IntEnum):
    """The stimulus, never an outcome: how loudly a text carries a fact."""

    ABSENT = 0
    MENTIONED = 1
    STATED = 2
    ELABORATED = 3
    REPEATED = 4
    EMPHASISED = 5


class Polarity(StrEnum):
    """What the text says about the fact: that it holds, that it does not, or something irrelevant of equal length."""

    AFFIRMED = "affirmed"
    NEGATED = "negated"
    PLACEBO = "placebo"


class Part(StrEnum):
    """What a wording does in a text; each polarity of a fact has a bank of wordings per part."""

    MENTION = "mention"  # in passing, as a subordinate clause
    STATE = "state"  # one plain sentence
    ELABORATE = "elaborate"  # mechanism or detail
    IMPLICATION = "implication"  # what follows, described, never advised


# Which parts each level says, in reading order. Level 5 says its last two nearest the query.
PARTS: dict[Salience, tuple[Part, ...]] = {
    Salience.ABSENT: (),
    Salience.MENTIONED: (Part.MENTION,),
    Salience.STATED: (Part.STATE,),
    Salience.ELABORATED: (Part.STATE, Part.ELABORATE),
    Salience.REPEATED: (Part.STATE, Part.ELABORATE, Part.STATE, Part.STATE),
    Salience.EMPHASISED: (Part.STATE, Part.ELABORATE, Part.STATE, Part.STATE, Part.IMPLICATION),
}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Dose:
    """One fact at one level (depth), polarity and breadth.

    An absent fact has neither polarity nor breadth, so level 0 is always ``affirmed`` and shared out.
    """

    fact: str
    level: Salience
    polarity: Polarity = Polarity.AFFIRMED
    breadth: Breadth = SHARED

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", Salience(self.level))
        polarity = Polarity(self.polarity) if self.level else Polarity.AFFIRMED
        object.__setattr__(self, "polarity", polarity)
        object.__setattr__(self, "breadth", self.breadth if self.level else SHARED)

    def __str__(self) -> str:
        if not self.level:
            return f"{self.fact} absent"
        return f"{self.fact} {self.polarity} {int(self.level)} {self.breadth}".rstrip()
