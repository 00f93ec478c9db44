"""Every rate and effect of one simulated comparison beside what the organism's truth says it ought to be."""

# ruff: noqa: N815  (arrays carry axis letters, as fields too)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration.grid import World
from benchmarks.calibration.simulate import Block, organism_of
from dashboard.effects.cells import Cells, collapse
from dashboard.effects.effect import Effect
from dashboard.effects.observation import Columns
from dashboard.effects.sign_flips import Verdict
from dashboard.effects.table import effect_rows, rate_rows
from dashboard.effects.wilson import wilson_limits
from facts.condition import Condition
from runners.organism.expected import expected
from runners.organism.expected_judged import judged
from runners.organism.truth import Truth

Array = NDArray[np.float64]
# estimate, limits, simultaneous limits, limits that ignore queries, bounds over what is lost, p, adjusted p, queries
FIELDS = ("estimate", "low", "high", "wide_low", "wide_high", "naive_low", "naive_high", "possible_low",
          "possible_high", "p", "p_adjusted", "differ")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Covered:
    """One measure at one size: rows R (a rate or an effect each) over simulations S, with ``FIELDS`` F."""

    kinds: tuple[str, ...]
    labels: tuple[str, ...]
    truth_R: Array
    value_SRF: Array


def cover(world: World, block: Block, size: tuple[int, int], measure: str, seed: int) -> Covered:
    """Rates and effects of every simulation at that size, by the code that the pages use."""
    truth = organism_of(world)
    means = {c: truth_of(world, truth, c, measure) for c in block.conditions}
    rows: list[list[list[float]]] = []
    kinds: list[str] = []
    labels: list[str] = []
    truths: list[float] = []
    for simulation in range(block.value_MST.shape[1]):
        cells = cells_of(block, simulation, size, measure)
        rates, effects = rate_rows((cells,)), effect_rows((cells,), seed=seed + simulation)
        naive_low, naive_high = _naive(cells)
        values = [
            [_number(r.rate), r.low, r.high, np.nan, np.nan, naive_low[c], naive_high[c], r.possible_low,
             r.possible_high, np.nan, np.nan, np.nan]
            for c, r in enumerate(rates)
        ]  # fmt: skip
        values += [effect_values(e) for e in effects]
        rows.append(values)
        if not kinds:
            kinds = ["rate"] * len(rates) + [e.kind.value for e in effects]
            labels = [condition_words(r.condition) for r in rates] + [effect_words(e) for e in effects]
            truths = [means[r.condition] for r in rates]
            truths += [sum(weight * means[c] for c, weight in e.terms) for e in effects]
    return Covered(
        kinds=tuple(kinds), labels=tuple(labels), truth_R=np.array(truths), value_SRF=np.array(rows, dtype=np.float64)
    )


def cells_of(block: Block, simulation: int, size: tuple[int, int], measure: str) -> Cells:
    """The counts of one simulation, cut to its first queries and replicates."""
    queries, replicates = size
    value_T = block.value_MST[block.measures.index(measure), simulation]
    kept = (block.query_T < queries) & (block.replicate_T < replicates) & (value_T != -2)
    rows = int(kept.sum())
    (cells,) = collapse(Columns(
        models=("organism",), conditions=block.conditions, queries=block.queries, measures=(measure,),
        model_R=np.zeros(rows, dtype=np.int64), condition_R=block.condition_T[kept], query_R=block.query_T[kept],
        replicate_R=block.replicate_T[kept], value_MR=value_T[kept][None], failed_R=np.zeros(rows, dtype=np.bool_),
        refused_R=block.refused_ST[simulation, kept],
    ))  # fmt: skip
    return cells


def effect_values(e: Effect) -> list[float]:
    """An effect's ``FIELDS``; p only where the test could claim anything."""
    tested = e.verdict is Verdict.TESTED
    return [
        *map(_number, (e.estimate, e.low, e.high, e.simultaneous_low, e.simultaneous_high)), np.nan, np.nan,
        *map(_number, (e.possible_low, e.possible_high, e.p if tested else None, e.p_adjusted if tested else None)),
        float(e.queries_nonzero),
    ]  # fmt: skip


def _naive(cells: Cells) -> tuple[Array, Array]:
    """Wilson limits that take every sample for independent: what the project does not do."""
    n = cells.N_CG.sum(axis=1)
    rate = np.divide(cells.Y_CG.sum(axis=1), n, out=np.full(len(n), np.nan), where=n > 0)
    return wilson_limits(rate, n, 1.959963984540054)


def truth_of(world: World, truth: Truth, condition: Condition, measure: str) -> float:
    """The measure's rate over all queries: as a judge without error, or as the organism's own judge reads it."""
    if world.labels:
        said, (_, _, which) = judged(truth, condition), measure.partition("revealing_")
        value = said.revealing[which] if which else getattr(said, measure)
    else:
        names = {"alignment_faking_keywords": "keywords"}
        value = getattr(expected(truth, condition), names.get(measure, measure))
    return np.nan if value is None else float(value)


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def condition_words(condition: Condition) -> str:
    """A condition as a row is called."""
    return f"{condition.arm} · {condition.tier.value}"


def effect_words(effect: Effect) -> str:
    """An effect as a row is called."""
    tier = "both tiers" if effect.tier is None else effect.tier.value
    return f"{effect.arm} against {effect.against.value} · {tier}"


def joined(parts: Sequence[Covered]) -> Covered:
    """The same rows over the simulations of all parts; raises ``ValueError`` if the rows differ."""
    first = parts[0]
    if any(part.labels != first.labels for part in parts):
        raise ValueError("the parts hold different rows")
    return Covered(kinds=first.kinds, labels=first.labels, truth_R=first.truth_R,
                   value_SRF=np.concatenate([part.value_SRF for part in parts]))  # fmt: skip
