"""What charts plot and tables list: rates, gaps and effects, each with all that is needed to doubt it."""

from __future__ import annotations

from dataclasses import dataclass

GAP = "gap"
BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One rate (``quantity`` is a tier) or one gap (``quantity`` is ``gap``) of one model in one arm, with 95 % limits.

    ``value`` is a fraction, None where nothing is scored. ``n`` counts scored samples, ``unscored`` kept samples that
    the metric could not read, ``failed`` planned samples that failed or were not asked yet. ``possible_low`` and
    ``possible_high`` bound the value for whatever the unscored and failed samples would have said. ``airtime`` is
    tokens spent on the facts ÷ tokens shown. An arm of several facts has polarity ``mixed`` and its loudest level.
    """

    model: str
    simulated: bool
    interim: bool
    measure: str
    quantity: str
    arm: str
    fact: str
    title: str
    level: int
    polarity: str
    reasoning: str
    airtime: float
    value: float | None
    low: float
    high: float
    n: int
    unscored: int
    failed: int
    queries: int
    possible_low: float
    possible_high: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectPoint:
    """One effect: how far an arm moves a rate (or both: ``quantity`` is ``both``) or the gap; fractions.

    ``against`` is ``absence`` or ``placebo``, or ``levels`` for a slope per level over the ladder of a fact, whose
    loudest arm then stands for it. ``low``–``high`` are 95 % limits of this effect alone, ``wide_low`` and
    ``wide_high`` hold for its whole ``family`` of that many effects. ``p`` is the sign-flip p over queries and
    ``p_adjusted`` the same for the family, None where no test exists; ``why`` says why none could have been ≤ .05.
    ``takeaway`` is the strongest sentence that the test allows.
    """

    model: str
    simulated: bool
    interim: bool
    measure: str
    quantity: str
    arm: str
    fact: str
    title: str
    level: int
    polarity: str
    reasoning: str
    against: str
    value: float | None
    low: float | None
    high: float | None
    wide_low: float | None
    wide_high: float | None
    p: float | None
    p_adjusted: float | None
    adjustment: str
    family: int
    n: int
    unscored: int
    failed: int
    queries: int
    dropped: int
    why: str
    takeaway: str
    method: str
