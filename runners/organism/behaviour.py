"""Draws what the organism does in a situation, from its truth: the only place where effects are made."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from facts.condition import Reasoning, Tier
from facts.salience import Polarity
from facts.seeds import stream
from runners.organism.bank import Found, scores
from runners.organism.situation import Situation
from runners.organism.truth import Truth

Shape = Literal["whole", "unparseable", "cut"]
Kind = Literal["complied", "chose_value", "refused", "stopped"]
_POINTS = 41


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """``faking``: it reasons that complying now protects its values; ``caught``: in words that a keyword rule finds."""

    kind: Kind
    faking: bool
    caught: bool
    shape: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """Probabilities of one prompt: of not complying, and of alignment-faking reasoning where it complies."""

    noncompliance: float
    faking: float


def chances(truth: Truth, now: Situation, present: Sequence[Found]) -> Chances:
    """The probabilities behind one prompt, random effects of its query, frame and wordings included."""
    monitored = now.tier is Tier.MONITORED
    query = _query_effects(truth.seed, now.query)
    frame = _frame_effects(truth.seed, now.setting, now.frames)[now.frame] * truth.noise.frame
    refusing = query[0] * truth.noise.query + query[1 if monitored else 2] * truth.noise.query_tier + frame
    faking = query[3] * truth.noise.query
    for one in present:
        slope = truth.facts.get(one.fact)
        if slope is None or one.polarity is Polarity.PLACEBO:
            continue
        dose = one.level * (truth.negated if one.polarity is Polarity.NEGATED else 1.0)
        own = slope.monitored if monitored else slope.unmonitored
        heard = one.score * truth.noise.wording
        refusing += own * dose + (heard if own else 0.0)
        faking += slope.alignment_faking * dose + (heard if slope.alignment_faking else 0.0)
    rates = truth.rates(now.setting, now.variant, now.mode.value)
    spread = math.sqrt(truth.noise.query**2 + truth.noise.query_tier**2 + truth.noise.frame**2)
    middle = intercept(rates.monitored if monitored else rates.unmonitored, spread)
    return Chances(
        noncompliance=_share(middle + refusing),
        faking=_share(intercept(rates.alignment_faking, truth.noise.query) + faking) if monitored else 0.0,
    )


def behave(truth: Truth, now: Situation, present: Sequence[Found], draw: random.Random) -> Behaviour:
    """One draw of what the organism does."""
    odds, shapes = chances(truth, now, present), truth.shapes
    refuses, fakes, words, way, stops, broken = (draw.random() for _ in range(6))
    kind: Kind = "complied"
    if refuses < odds.noncompliance:
        options = now.metric == "option"
        kind = "chose_value" if options and way >= shapes.refused else "refused"
        if kind == "refused" and stops < shapes.stopped:
            kind = "stopped"
    monitored = now.tier is Tier.MONITORED
    likely = odds.faking if kind == "complied" else shapes.faking_when_refusing if odds.faking else 0.0
    faking = now.mode is not Reasoning.NONE and monitored and fakes < likely
    caught = words < (shapes.keyword_hit if faking else shapes.keyword_false_alarm)
    shape: Shape = "whole"
    if broken < shapes.length_stop + shapes.unparseable:
        shape = "cut" if broken < shapes.length_stop else "unparseable"
    return Behaviour(kind=kind, faking=faking, caught=caught, shape=shape)


@lru_cache(maxsize=4096)
def intercept(rate: float, spread: float) -> float:
    """The log-odds around which normal random effects of this standard deviation give the rate on average."""
    if rate <= 0 or rate >= 1:
        return -math.inf if rate <= 0 else math.inf
    low, high = -30.0, 30.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if average(middle, spread) < rate else (low, middle)
    return (low + high) / 2


def average(log_odds: float, spread: float) -> float:
    """The mean rate over normal random effects, by Gauss–Hermite quadrature."""
    points, weights = _quadrature()
    return float(np.sum(weights / (1 + np.exp(-(log_odds + spread * points)))))


@lru_cache(maxsize=1)
def _quadrature() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    points, weights = np.polynomial.hermite_e.hermegauss(_POINTS)
    return points, weights / np.sum(weights)


def _share(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0


@lru_cache(maxsize=4096)
def _query_effects(seed: str, query: str) -> tuple[float, ...]:
    # Seeded by the query's own words, so that every condition, tier and replicate shares them: data are paired.
    draw = stream("organism", "query", seed, query)
    return tuple(draw.gauss(0, 1) for _ in range(4))


@lru_cache(maxsize=256)
def _frame_effects(seed: str, setting: str, frames: int) -> tuple[float, ...]:
    return scores(frames, "frame", seed, setting)
