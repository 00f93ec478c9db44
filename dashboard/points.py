"""What charts plot and tables list: rates, gaps and effects, each with all that is needed to doubt it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

GAP = "gap"
BOTH = "both"


class OfArm(Protocol):
    """What every point says of the arm it stands for; fields as in ``Point``."""

    @property
    def model(self) -> str: ...  # noqa: D102
    @property
    def of(self) -> str: ...  # noqa: D102
    @property
    def simulated(self) -> bool: ...  # noqa: D102
    @property
    def interim(self) -> bool: ...  # noqa: D102
    @property
    def arm(self) -> str: ...  # noqa: D102
    @property
    def fact(self) -> str: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def level(self) -> int: ...  # noqa: D102
    @property
    def polarity(self) -> str: ...  # noqa: D102
    @property
    def reasoning(self) -> str: ...  # noqa: D102
    @property
    def carriers(self) -> int: ...  # noqa: D102
    @property
    def place(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One rate (``quantity`` is a tier) or one gap (``quantity`` is ``gap``) of one model in one arm, with 95 % limits.

    ``value`` is a fraction, None where nothing is scored. ``n`` counts scored samples, ``unscored`` kept samples that
    the metric could not read, ``failed`` planned samples that failed or were not asked yet. ``possible_low`` and
    ``possible_high`` bound the value for whatever the unscored and failed samples would have said. ``airtime`` is
    tokens spent on the facts ÷ tokens shown. An arm of several facts has polarity ``mixed`` and its loudest level.
    ``carriers`` is how many documents say the dose each (0: shared out) and ``place`` where, in words. ``of`` is
    the model that was asked, where ``model`` is the name of a base with those tuned from it.
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
    carriers: int = 0
    place: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectPoint:
    """One effect: how far an arm moves a rate (or both: ``quantity`` is ``both``) or the gap; fractions.

    ``kind`` is what the effect measures. ``against`` is ``absence`` or ``placebo``, ``sum`` for an interaction,
    ``place`` for the same dose elsewhere in the documents, or ``levels`` and ``breadths`` for a slope per level or per
    carrying document of a fact, whose loudest arm then stands for it.
    ``low``–``high`` are 95 % limits of this effect alone, ``wide_low`` and
    ``wide_high`` hold for its whole ``family`` of that many effects. ``p`` is the sign-flip p over queries and
    ``p_adjusted`` the same for the family, None where no test exists; ``why`` says why none could have been ≤ .05.
    ``takeaway`` is the strongest sentence that the test allows. ``alpha`` is the level of the test and ``look`` says at
    which pre-set look it was made. ``uptake`` and ``recall`` are the shares of ``uptake_n`` and ``recall_n`` samples
    whose reasoning took the fact up, and which knew it; a null effect without them says nothing about the fact.
    ``frame_…`` and ``wording_…`` say how much the effect differs between ``frames`` and ``wordings``: standard
    deviation with chance taken out, and the least and greatest of the single paraphrases.
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
    carriers: int = 0
    place: str = ""
    of: str = ""
    kind: str = ""
    alpha: float = 0.05
    look: str = ""
    possible_low: float | None = None
    possible_high: float | None = None
    uptake: float | None = None
    uptake_n: int | None = None
    recall: float | None = None
    recall_n: int | None = None
    frame_sd: float | None = None
    frame_low: float | None = None
    frame_high: float | None = None
    frames: int | None = None
    wording_sd: float | None = None
    wording_low: float | None = None
    wording_high: float | None = None
    wordings: int | None = None

    @property
    def shown(self) -> bool:
        """Whether its adjusted test allows a claim."""
        return self.p_adjusted is not None and self.p_adjusted <= self.alpha and not self.why
