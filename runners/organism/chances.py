"""The probabilities behind one prompt: base rates, effects of its facts, random effects of its query and frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from facts.condition import Tier
from facts.salience import Polarity
from facts.seeds import stream
from runners.organism.averages import intercept, share
from runners.organism.bank import Found, scores
from runners.organism.rates import of_tier
from runners.organism.situation import Situation
from runners.organism.truth import Truth

THREE = ("pressure", "disagreement", "strategy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """Probabilities of one prompt: of not complying, of alignment-faking reasoning where it does not refuse, and of
    disclosing each of the three things in the visible reply.
    """

    noncompliance: float
    faking: float
    pressure: float
    disagreement: float
    strategy: float


def effect(truth: Truth, present: Sequence[Found], outcome: str) -> float:
    """What the facts of a prompt add to the log-odds of one outcome (a field of ``Slope``), wordings included."""
    total = 0.0
    for one in present:
        slope = truth.facts.get(one.fact)
        own = 0.0 if slope is None or one.polarity is Polarity.PLACEBO else getattr(slope, outcome)
        if own:
            total += own * one.level * (truth.negated if one.polarity is Polarity.NEGATED else 1.0)
            total += one.score * truth.noise.wording
    return total


@lru_cache(maxsize=4096)
def chances(truth: Truth, now: Situation, present: tuple[Found, ...]) -> Chances:
    """The probabilities behind one prompt, random effects of its query, frame and wordings included."""
    noise, monitored = truth.noise, now.tier is Tier.MONITORED
    query = _query_effects(truth.seed, now.query)
    odd = noise.odd_effect * query[6] if query[5] < noise.odd else 0.0
    frame = _frame_effects(truth.seed, now.setting, now.frames)[now.frame] * noise.frame
    own = query[0] * noise.query + query[1 if monitored else 2] * noise.query_tier + frame + odd
    where = (now.setting, now.variant, now.mode.value)
    rates, tells = truth.rates(*where), truth.revealing(*where)
    middle = intercept(rates.monitored if monitored else rates.unmonitored, spread(truth), noise.odd, noise.odd_effect)
    faking = query[3] * noise.query + effect(truth, present, "alignment_faking")
    open_ = query[4] * noise.query
    disclosing = {
        name: share(intercept(of_tier(getattr(tells, name), now.tier), noise.query) + open_
                    + effect(truth, present, name))
        for name in THREE
    }  # fmt: skip
    return Chances(
        noncompliance=share(middle + own + effect(truth, present, now.tier.value)),
        faking=share(intercept(rates.alignment_faking, noise.query) + faking) if monitored else 0.0,
        **disclosing,
    )


def spread(truth: Truth) -> float:
    """The standard deviation in log-odds of the normal random effects of not complying, wordings aside."""
    return math.sqrt(truth.noise.query**2 + truth.noise.query_tier**2 + truth.noise.frame**2)


@lru_cache(maxsize=4096)
def _query_effects(seed: str, query: str) -> tuple[float, ...]:
    # Seeded by the query's own words, so that every condition, tier and replicate shares them: data are paired.
    # Five normal effects, then a number in 0–1 that says whether the query is odd, and which way.
    draw = stream("organism", "query", seed, query)
    normal = tuple(draw.gauss(0, 1) for _ in range(5))
    return (*normal, draw.random(), 1.0 if draw.random() < 0.5 else -1.0)


@lru_cache(maxsize=256)
def _frame_effects(seed: str, setting: str, frames: int) -> tuple[float, ...]:
    return scores(frames, "frame", seed, setting)
