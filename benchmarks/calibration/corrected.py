"""A judge's rates and contrasts beside the same corrected by labels, against what a reader without error would find."""

from __future__ import annotations

import numpy as np

from benchmarks.calibration.covered import FIELDS, Covered, cells_of, condition_words, effect_values, effect_words
from benchmarks.calibration.grid import World
from benchmarks.calibration.simulate import Block, organism_of
from dashboard.effects.corrected import corrected_contrasts, corrected_rates
from dashboard.effects.effect import Kind
from dashboard.effects.gold import Gold, gold
from dashboard.effects.planned import planned, weight_matrix
from dashboard.effects.table import effect_rows, rate_rows
from runners.labels.draw import Item, draw
from runners.organism.expected import expected

_SHOWN = {Kind.DIFFERENCE: "difference", Kind.GAP: "gap", Kind.GAP_CHANGE: "gap change"}


def cover_corrected(world: World, block: Block, size: tuple[int, int], measure: str, seed: int) -> Covered:
    """Rates and contrasts of the judge as they are, and corrected by labels of some samples of each verdict."""
    truth = organism_of(world)
    means = {c: float(getattr(expected(truth, c), measure) or 0.0) for c in block.conditions}
    kinds: list[str] = []
    labels: list[str] = []
    truths: list[float] = []
    rows: list[list[list[float]]] = []
    for simulation in range(block.value_MST.shape[1]):
        cells = cells_of(block, simulation, size, measure)
        counts = labelled(world, block, simulation, size, measure, seed + simulation)
        every = planned(cells.conditions)
        shown = [k for k, each in enumerate(every) if each.kind in _SHOWN]
        effects, rates = effect_rows((cells,), seed=seed + simulation), rate_rows((cells,))
        fixed = corrected_rates(counts)
        change = corrected_contrasts(counts, weight_matrix(tuple(every[k] for k in shown), len(cells.conditions)))
        values = [_limits(r.rate, r.low, r.high) for r in rates]
        values += [_limits(fixed.rate[c], fixed.low[c], fixed.high[c]) for c in range(len(rates))]
        values += [effect_values(effects[k]) for k in shown]
        values += [_limits(change.estimate[i], change.low[i], change.high[i]) for i in range(len(shown))]
        rows.append(values)
        if not kinds:
            names = [_SHOWN[every[k].kind] for k in shown]
            one, many = [condition_words(r.condition) for r in rates], [effect_words(effects[k]) for k in shown]
            kinds = ["raw rate"] * len(one) + ["corrected rate"] * len(one)
            kinds += [f"raw {name}" for name in names] + [f"corrected {name}" for name in names]
            labels = [*one, *one, *many, *many]
            each = [sum(weight * means[c] for c, weight in effects[k].terms) for k in shown]
            truths = [*(means[r.condition] for r in rates)] * 2 + each * 2
    return Covered(
        kinds=tuple(kinds), labels=tuple(labels), truth_R=np.array(truths), value_SRF=np.array(rows, dtype=np.float64)
    )


def labelled(world: World, block: Block, simulation: int, size: tuple[int, int], measure: str, seed: int) -> Gold:
    """Verdicts, and labels of the samples that are drawn for labelling, in the order of the cells."""
    queries, replicates = size
    m = block.measures.index(measure)
    value_T, label_T = block.value_MST[m, simulation], block.label_MST[m, simulation]
    kept = np.flatnonzero((block.query_T < queries) & (block.replicate_T < replicates) & (value_T >= 0))
    used = {c: place for place, c in enumerate(sorted({int(block.condition_T[t]) for t in kept}))}
    order = {g: place for place, g in enumerate(sorted(range(queries), key=lambda g: block.queries[g]))}
    items = [
        Item(key=f"{t}", condition=str(block.condition_T[t]), verdict=bool(value_T[t]), query=str(block.query_T[t]))
        for t in kept
    ]
    verdicts, labels, positive = np.zeros((3, len(used), 2, queries))

    def at(item: Item) -> tuple[int, int, int]:
        return used[int(item.condition)], int(not item.verdict), order[int(item.query)]

    for item in items:
        verdicts[at(item)] += 1
    for key, behind in draw(items, per=world.labels, seed=seed).hidden.items():
        for item in behind:
            labels[at(item)] += 1
            positive[at(item)] += label_T[int(key)]
    return gold(verdicts[:, 0], verdicts.sum(axis=1), labels, positive)


def _limits(estimate: float | None, low: float, high: float) -> list[float]:
    given = {"estimate": np.nan if estimate is None else float(estimate), "low": float(low), "high": float(high)}
    return [given.get(field, np.nan) for field in FIELDS]
