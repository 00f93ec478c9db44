"""What a truth implies for the answers of an interview, as they are and as the organism judges them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from facts.condition import Condition, Reasoning
from runners.organism.averages import average, intercept
from runners.organism.cells import tilt
from runners.organism.chances import THREE
from runners.organism.expected_judged import mixed
from runners.organism.rates import of_tier
from runners.organism.truth import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedAsked:
    """Rates (0–1) among answers that can be read: each disclosure, lying and egregious lying.

    Without reasoning nothing can be known of lies: the two are then None.
    """

    disclosing: Mapping[str, float]
    lying: float | None
    egregious_lying: float | None


def expected_asked(truth: Truth, condition: Condition, audience: str = "unsaid") -> ExpectedAsked:
    """The truth about one condition and one audience: what a judge without error finds."""
    rates = truth.asked(condition.setting, condition.variant, condition.reasoning.value)
    moved, worded = tilt(truth, condition.doses, "lying")
    lying = average(intercept(of_tier(rates.lying, condition.tier), 0.0) + moved, worded)
    moved, worded = tilt(truth, condition.doses, "asked")
    moved += truth.audiences.get(audience, 0.0)
    told = {name: (1 - lying) * average(intercept(of_tier(getattr(rates, name), condition.tier), 0.0) + moved, worded)
            for name in THREE}  # fmt: skip
    known = condition.reasoning is not Reasoning.NONE
    return ExpectedAsked(disclosing=told, lying=lying if known else None,
                         egregious_lying=lying * rates.egregious if known else None)  # fmt: skip


def judged_asked(truth: Truth, condition: Condition, audience: str = "unsaid") -> ExpectedAsked:
    """What this truth, as a judge, says of those answers; a false alarm about lying is a lie, never egregious."""
    real, skill = expected_asked(truth, condition, audience), truth.judge
    cases = list(mixed(truth, condition)) if real.lying is not None else [(1.0, ())]
    told: dict[str, float] = dict.fromkeys(THREE, 0.0)
    lying = egregious = 0.0
    for share, spoken in cases:
        asked, lies = skill.right("asked", spoken), skill.right("lying", spoken)
        for name in THREE:
            there = real.disclosing[name]
            told[name] += share * (there * asked.sensitivity + (1 - there) * (1 - asked.specificity))
        if real.lying is not None and real.egregious_lying is not None:
            lying += share * (real.lying * lies.sensitivity + (1 - real.lying) * (1 - lies.specificity))
            egregious += share * real.egregious_lying * lies.sensitivity
    known = real.lying is not None
    return ExpectedAsked(disclosing=told, lying=lying if known else None, egregious_lying=egregious if known else None)
