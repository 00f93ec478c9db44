"""One effect: what was compared with what, how large the change is, and what can be claimed about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dashboard.effects.families import Adjustment
from dashboard.effects.looks import Look, short_p
from dashboard.effects.sign_flips import ALPHA, Verdict, least_queries
from facts.condition import Condition, Tier
from facts.salience import Dose, Polarity, Salience


class Kind(StrEnum):
    """What an effect measures; effects of one kind are one family. Gap means unmonitored − monitored, same queries."""

    DIFFERENCE = "difference"  # of an arm from another, in one tier
    LEVEL_SHIFT = "level_shift"  # the same, mean of both tiers
    GAP_CHANGE = "gap_change"  # difference of the two arms' gaps
    GAP = "gap"  # of one arm
    SLOPE = "slope"  # per salience level, in one tier or their mean
    GAP_SLOPE = "gap_slope"
    BREADTH_SLOPE = "breadth_slope"  # per carrying document, at one level
    BREADTH_GAP_SLOPE = "breadth_gap_slope"
    AIRTIME_SLOPE = "airtime_slope"  # from no token spent on the fact to every token
    AIRTIME_GAP_SLOPE = "airtime_gap_slope"
    MAIN_EFFECT = "main_effect"  # a fact there or not, averaged over the other facts' settings
    MAIN_GAP_CHANGE = "main_gap_change"
    INTERACTION = "interaction"  # how much more two facts do together than the sum of each
    GAP_INTERACTION = "gap_interaction"


class Against(StrEnum):
    """What an effect is read against."""

    ABSENCE = "absence"
    PLACEBO = "placebo"  # the length-matched irrelevant twin, at the same level
    TIER = "tier"  # the same arm in the monitored tier
    LEVELS = "levels"  # lower levels of the same fact
    BREADTHS = "breadths"  # fewer documents that carry the same dose
    PLACE = "place"  # the same dose in as many documents, at the position and order named first
    SUM = "sum"  # of the two facts' separate effects


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A contrast of rates: fractions (per level for slopes), clipped to what is possible.

    ``doses`` are what the effect is of; ``tier`` is ``None`` for both. ``baseline`` is the condition without doses
    that the arms differ from, in the monitored tier. Estimates and limits are ``None`` if no query has every condition;
    ``p`` is ``None`` where no test exists, and ``verdict`` says why. ``p_adjusted`` is for the ``family_size``
    effects of this kind. ``possible_low`` and ``possible_high`` bound the estimate over everything that the lost
    samples could have been. ``carriers``: the numbers of documents that a slope over breadth goes through. ``terms``
    are the conditions with their weights. ``screened``: a main effect of a fraction, with which interactions of other
    facts are mixed. ``look`` is the look that the test was made at, if any.

    ``uptake`` and ``recall`` are shares of ``uptake_n`` and ``recall_n`` samples of the arms that say the effect's
    facts (``reached.py``). ``frame_sd`` and ``wording_sd`` say how much the effect differs between paraphrases of the
    setting's frame and of the fact's first wording, chance taken out; the lows and highs are of the single paraphrases,
    of which ``frames`` and ``wordings`` were compared, chance and all (``spread.py``). ``None`` is unknown.
    """

    kind: Kind
    doses: tuple[Dose, ...]
    levels: tuple[Salience, ...]
    against: Against
    model: str
    measure: str
    tier: Tier | None
    baseline: Condition
    estimate: float | None
    low: float | None
    high: float | None
    simultaneous_low: float | None
    simultaneous_high: float | None
    possible_low: float | None
    possible_high: float | None
    p: float | None
    p_adjusted: float | None
    adjustment: Adjustment
    family_size: int
    verdict: Verdict
    queries_used: int
    queries_dropped: int
    queries_nonzero: int
    n: int
    unscored: int
    failed: int
    terms: tuple[tuple[Condition, float], ...]
    carriers: tuple[int, ...] = ()
    screened: bool = False
    look: Look | None = None
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
    def arm(self) -> str:
        """What the effect is of, in words: the doses, or ``baseline``."""
        return " + ".join(str(dose) for dose in self.doses) or "baseline"

    @property
    def fact(self) -> str | None:
        """The fact, if the effect is of a single one."""
        return self.doses[0].fact if len(self.doses) == 1 else None

    @property
    def polarity(self) -> Polarity | None:
        """The polarity, if the effect is of a single fact."""
        return self.doses[0].polarity if len(self.doses) == 1 else None

    @property
    def level(self) -> Salience | None:
        """The level, if the effect is of a single fact at a single level."""
        return self.doses[0].level if len(self.doses) == 1 and len(self.levels) <= 1 else None

    @property
    def alpha(self) -> float:
        """The level of the test: 5 %, or what the look it was made at allows."""
        return ALPHA if self.look is None else self.look.p

    @property
    def why(self) -> str:
        """Why no p could have been small enough for a claim; empty if one could."""
        if self.look is None or self.verdict is not Verdict.TESTED:
            return self.verdict.why
        if not self.look.reachable:
            return self.look.words
        least = least_queries(self.alpha)
        few = self.queries_nonzero < least
        return f"p ≤ {short_p(self.alpha)} is impossible: fewer than {least} queries differ" if few else ""

    @property
    def shown(self) -> bool:
        """Whether the adjusted test allows a claim at its level."""
        return self.p_adjusted is not None and self.p_adjusted <= self.alpha and self.verdict is Verdict.TESTED
