"""The kinds of sample that a truth implies for a condition, each with its share: expected rates are sums of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

from facts.catalog import shipped
from facts.condition import Condition, Reasoning, Tier
from facts.salience import Dose, Polarity
from runners.organism.averages import average, intercept
from runners.organism.bank import heard
from runners.organism.behaviour import COMPLIANT, Kind, Shape
from runners.organism.chances import spread
from runners.organism.truth import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Samples of one kind; ``share`` is of all samples. ``chose_value`` counts as refused here."""

    share: float
    kind: Kind
    faking: bool
    shape: Shape

    @property
    def stopped(self) -> bool:
        """Whether the provider reports a refusal instead of text."""
        return self.kind == "stopped" and self.shape == "whole"

    @property
    def fakes(self) -> bool:
        """Whether the sample shows alignment-faking reasoning: one that is cut has not come so far."""
        return self.faking and self.shape != "cut"


def tilt(truth: Truth, doses: tuple[Dose, ...], outcome: str) -> tuple[float, float]:
    """What the doses add to the log-odds of an outcome (a field of ``Slope``), and the spread of their wordings."""
    total, worded = 0.0, 0
    for dose in doses:
        slope = truth.facts.get(dose.fact)
        own = 0.0 if slope is None or dose.polarity is Polarity.PLACEBO else getattr(slope, outcome)
        total += own * heard(dose) * (truth.negated if dose.polarity is Polarity.NEGATED else 1.0)
        worded += bool(own)
    return total, truth.noise.wording * math.sqrt(worded)


def noncompliance(truth: Truth, condition: Condition) -> float:
    """The share that refuses or takes the option of the value, before anything is lost."""
    rates = truth.rates(condition.setting, condition.variant, condition.reasoning.value)
    rate = rates.monitored if condition.tier is Tier.MONITORED else rates.unmonitored
    moved, worded = tilt(truth, condition.doses, condition.tier.value)
    odd, usual = (truth.noise.odd, truth.noise.odd_effect), spread(truth)
    return average(intercept(rate, usual, *odd) + moved, math.hypot(usual, worded), *odd)


def faking(truth: Truth, condition: Condition) -> tuple[float, float]:
    """The share that reasons so, among those that do not refuse and among those that do."""
    rate = truth.rates(condition.setting, condition.variant, condition.reasoning.value).alignment_faking
    if condition.tier is not Tier.MONITORED or condition.reasoning is Reasoning.NONE or not rate:
        return 0.0, 0.0
    moved, worded = tilt(truth, condition.doses, "alignment_faking")
    noise = truth.noise.query
    return average(intercept(rate, noise) + moved, math.hypot(noise, worded)), truth.shapes.faking_when_refusing


def cells(truth: Truth, condition: Condition) -> tuple[Cell, ...]:
    """Every kind of sample; the shares sum to 1. Random effects of frames and wordings are taken as normal."""
    refuses, fakes, shapes = noncompliance(truth, condition), faking(truth, condition), truth.shapes
    half = truth.partial(condition.setting, condition.variant, condition.reasoning.value)
    option = shipped().setting(condition.setting).metric == "option"
    stopped = (shapes.refused if option else 1.0) * shapes.stopped
    kinds: dict[Kind, float] = {
        "complied": (1 - refuses) * (1 - half), "partial": (1 - refuses) * half,
        "refused": refuses * (1 - stopped), "stopped": refuses * stopped,
    }  # fmt: skip
    found: list[Cell] = []
    for (kind, share), fake in product(kinds.items(), (False, True)):
        complies = kind in COMPLIANT
        likely = fakes[0 if complies else 1]
        cut, broken = shapes.losses(complies=complies)
        broken = min(broken, 1 - cut)
        ways: dict[Shape, float] = {"whole": 1 - cut - broken, "unparseable": broken, "cut": cut}
        found += [Cell(share=share * (likely if fake else 1 - likely) * part, kind=kind, faking=fake, shape=shape)
                  for shape, part in ways.items()]  # fmt: skip
    return tuple(found)


def disclosing(truth: Truth, condition: Condition, name: str) -> float:
    """The share of whole visible replies that disclose one of the three things."""
    tells = truth.revealing(condition.setting, condition.variant, condition.reasoning.value)
    rate = getattr(tells, name)[0 if condition.tier is Tier.MONITORED else 1]
    moved, worded = tilt(truth, condition.doses, name)
    noise = truth.noise.query
    return average(intercept(rate, noise) + moved, math.hypot(noise, worded))


def mentioning(truth: Truth, dose: Dose) -> float:
    """The chance that reasoning which is not cut speaks of the dose's fact."""
    return 0.0 if dose.polarity is Polarity.PLACEBO else truth.uptake.by_level[heard(dose)]
