"""The contrasts of a list of conditions: each world in each tier, as the mean of the tiers, and as a change of gap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from dashboard.effects.counts import FloatArray
from dashboard.effects.effect import Kind
from dashboard.effects.worlds import World, worlds
from facts.condition import Condition, Tier
from facts.designs import Arm


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One contrast before its numbers; ``rows`` are indices into the conditions, with their weights."""

    kind: Kind
    world: World
    tier: Tier | None
    baseline: Condition
    rows: tuple[tuple[int, float], ...]


def planned(conditions: tuple[Condition, ...], airtime: Mapping[Condition, float] | None = None) -> tuple[Planned, ...]:
    """Every contrast between conditions that share everything but doses and tier, in the conditions' order."""
    stages: dict[Condition, dict[Tier, dict[Arm, int]]] = {}
    for row, condition in enumerate(conditions):
        stage = replace(condition, doses=(), tier=Tier.MONITORED)
        stages.setdefault(stage, {}).setdefault(condition.tier, {})[condition.doses] = row
    found: list[Planned] = []
    for stage, tiers in stages.items():
        shares = None if airtime is None else _shares(conditions, tiers, airtime)
        for world in worlds((arm for rows in tiers.values() for arm in rows), shares):
            found += _in_tiers(world, stage, tiers)
    return tuple(found)


def weight_matrix(contrasts: tuple[Planned, ...], conditions: int) -> FloatArray:
    """The contrasts' weights, contrasts × conditions."""
    c_KC = np.zeros((len(contrasts), conditions))
    for index, contrast in enumerate(contrasts):
        for row, weight in contrast.rows:
            c_KC[index, row] = weight
    return c_KC


def _shares(
    conditions: tuple[Condition, ...], tiers: Mapping[Tier, Mapping[Arm, int]], airtime: Mapping[Condition, float]
) -> dict[Arm, float]:
    """Airtime per arm, mean over tiers; an arm whose airtime nobody gave is left out."""
    given: dict[Arm, list[float]] = {}
    for rows in tiers.values():
        for arm, row in rows.items():
            if conditions[row] in airtime:
                given.setdefault(arm, []).append(airtime[conditions[row]])
    return {arm: float(np.mean(shares)) for arm, shares in given.items()}


def _in_tiers(world: World, stage: Condition, tiers: Mapping[Tier, Mapping[Arm, int]]) -> Iterator[Planned]:
    able = {tier: rows for tier, rows in tiers.items() if all(arm in rows for arm, _ in world.weights)}

    def contrast(kind: Kind, tier: Tier | None, shares: Mapping[Tier, float]) -> Planned:
        rows = tuple((able[t][arm], share * weight) for t, share in shares.items() for arm, weight in world.weights)
        return Planned(kind=kind, world=world, tier=tier, baseline=stage, rows=rows)

    if world.in_tier is not None:
        for tier in able:
            yield contrast(world.in_tier, tier, {tier: 1.0})
    if len(able) == 2:
        if world.in_both is not None:
            yield contrast(world.in_both, None, dict.fromkeys(Tier, 0.5))
        yield contrast(world.of_gap, None, {Tier.UNMONITORED: 1.0, Tier.MONITORED: -1.0})
