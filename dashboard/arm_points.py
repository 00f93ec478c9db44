"""Points of figures that are neither one rate nor one effect: outcomes, pairs of effects, queries, uptake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from facts.catalog import Library
from facts.condition import Condition


class ArmFields(TypedDict):
    """What every point says of its arm; see ``Point``."""

    arm: str
    fact: str
    title: str
    level: int
    carriers: int
    place: str
    polarity: str
    reasoning: str


def arm_fields(condition: Condition, library: Library) -> ArmFields:
    """The arm of a condition in words."""
    doses = condition.doses
    return ArmFields(
        arm=condition.arm, fact=" + ".join(dose.fact for dose in doses),
        title=" + ".join(library.fact(dose.fact).title for dose in doses) or "No fact (baseline)",
        level=max((int(dose.level) for dose in doses), default=0),
        carriers=max((dose.breadth.carriers for dose in doses), default=0),
        place=doses[0].breadth.place if doses else "", reasoning=condition.reasoning.value,
        polarity="mixed" if len(doses) > 1 else doses[0].polarity.value if doses else "",
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmPoint:
    """One model in one arm; fields as in ``Point``."""

    model: str
    simulated: bool
    interim: bool
    arm: str
    fact: str
    title: str
    level: int
    polarity: str
    reasoning: str
    carriers: int = 0
    place: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomePoint(ArmPoint):
    """``n`` of the ``total`` planned samples of one condition that ended in ``outcome``; ``share`` is a fraction."""

    source: str
    quantity: str
    outcome: str
    n: int
    total: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PairPoint(ArmPoint):
    """Two effects of one arm, ``x`` and ``y``, with 95 % limits, adjusted p (each in its own family) and what shows.

    ``x_of`` and ``y_of`` say of what they are effects. ``n`` is the smaller number of scored samples of the two,
    ``unscored`` and ``failed`` the larger numbers of lost ones.
    """

    against: str
    x_of: str
    x: float
    x_low: float
    x_high: float
    x_p_adjusted: float | None
    x_shown: bool
    y_of: str
    y: float
    y_low: float
    y_high: float
    y_p_adjusted: float | None
    y_shown: bool
    n: int
    unscored: int
    failed: int
    queries: int

    @property
    def quantity(self) -> str:
        """The samples behind it are of both tiers."""
        return "both"

    @property
    def sure(self) -> str:
        """How many of its two adjusted tests allow a claim, in words."""
        return ("neither", "one", "both")[self.x_shown + self.y_shown]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPoint(ArmPoint):
    """What one query alone says of an effect: ``value`` from ``n`` samples, which is no test."""

    measure: str
    quantity: str
    against: str
    query: str
    group: str
    value: float
    n: int
    unscored: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardPoint(ArmPoint):
    """Which share of an arm's samples took its fact up (or recalled it), with a 95 % interval over queries."""

    check: str
    quantity: str
    value: float
    low: float
    high: float
    n: int
    unscored: int
    failed: int
    queries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePoint(ArmPoint):
    """Two rates of one arm, or published ones: ``x`` of ``x_of``, ``y`` the gap of ``y_of``, with 95 % limits."""

    x: float
    x_low: float
    x_high: float
    y: float
    y_low: float
    y_high: float
    n: int | None = None
    queries: int | None = None
    unscored: int | None = None
    failed: int | None = None
    source: str = ""
    x_of: str = ""
    y_of: str = ""
