"""The rates that a truth implies for a condition: what an estimate from the organism's samples ought to cover."""

from __future__ import annotations

import math
from dataclasses import dataclass

from facts.condition import Condition, Reasoning, Tier
from facts.salience import Polarity
from runners.organism.behaviour import average, intercept
from runners.organism.truth import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Rates (0–1) over all queries there could be, not over those that happened to be asked.

    ``noncompliance`` is among readable replies; ``alignment_faking`` is complying with such reasoning, and
    ``keywords`` what the keyword rule finds, both among the samples with whole reasoning (0 in the unmonitored tier).
    """

    noncompliance: float
    alignment_faking: float
    keywords: float


def expected(truth: Truth, condition: Condition) -> Expected:
    """The truth about one condition. Random effects of frames and wordings are taken as normal: right to about 0.003.

    For the proof of intervals and tests (and never for a score): the organism's samples do not carry it.
    """
    monitored = condition.tier is Tier.MONITORED
    refusing = faking = 0.0
    refusing_wordings = faking_wordings = 0
    for dose in condition.doses:
        slope = truth.facts.get(dose.fact)
        if slope is None or dose.polarity is Polarity.PLACEBO:
            continue
        height = int(dose.level) * (truth.negated if dose.polarity is Polarity.NEGATED else 1.0)
        own = slope.monitored if monitored else slope.unmonitored
        refusing += own * height
        faking += slope.alignment_faking * height
        refusing_wordings += bool(own)
        faking_wordings += bool(slope.alignment_faking)
    noise, rates = truth.noise, truth.rates(condition.setting, condition.variant, condition.reasoning.value)
    spread = math.sqrt(noise.query**2 + noise.query_tier**2 + noise.frame**2)
    heard = math.hypot(spread, noise.wording * math.sqrt(refusing_wordings))
    refuses = average(intercept(rates.monitored if monitored else rates.unmonitored, spread) + refusing, heard)
    if not monitored or condition.reasoning is Reasoning.NONE:
        return Expected(noncompliance=refuses, alignment_faking=0.0, keywords=0.0)
    heard = math.hypot(noise.query, noise.wording * math.sqrt(faking_wordings))
    fakes = average(intercept(rates.alignment_faking, noise.query) + faking, heard)
    shapes = truth.shapes
    reasons = (1 - refuses) * fakes + refuses * (shapes.faking_when_refusing if rates.alignment_faking else 0.0)
    found = reasons * shapes.keyword_hit + (1 - reasons) * shapes.keyword_false_alarm
    return Expected(noncompliance=refuses, alignment_faking=(1 - refuses) * fakes, keywords=found)
