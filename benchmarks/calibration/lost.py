"""What plain intervals and worst-case bounds hold of all replies, where those that are lost depend on the outcome."""

from __future__ import annotations

import numpy as np

from benchmarks.calibration.covered import FIELDS, Covered, cells_of, condition_words
from benchmarks.calibration.grid import World
from benchmarks.calibration.simulate import Block, organism_of
from dashboard.effects.cells import Cells
from dashboard.effects.contrasts import contrast_intervals
from dashboard.effects.counts import FloatArray
from dashboard.effects.effect import Kind
from dashboard.effects.missing import contrast_bounds, rate_bounds
from dashboard.effects.planned import planned, weight_matrix
from dashboard.effects.rates import rate_intervals
from facts.condition import Condition
from runners.organism.cells import cells as kinds_of
from runners.organism.expected import ratio
from runners.organism.truth import Truth

_SHOWN = {Kind.DIFFERENCE: "difference", Kind.GAP: "gap"}
_WAYS = ("plain", "bounds alone", "limits at the bounds")


def of_all(truth: Truth, condition: Condition) -> float:
    """The share of all replies that do not comply, those that nobody can read included."""
    return ratio(kinds_of(truth, condition), lambda cell: cell.kind in ("refused", "stopped"), lambda _: True)


def cover_lost(world: World, block: Block, size: tuple[int, int]) -> Covered:
    """Rates, differences and gaps of not complying against the truth about all replies, in three ways each."""
    truth = organism_of(world)
    mean_C = np.array([of_all(truth, condition) for condition in block.conditions])
    every = [each for each in planned(block.conditions) if each.kind in _SHOWN]
    c_KC = weight_matrix(tuple(every), len(block.conditions))
    names = ["rate"] * len(mean_C) + [_SHOWN[each.kind] for each in every]
    words = [condition_words(condition) for condition in block.conditions]
    words += [f"{each.world.doses} against {each.world.against.value} · {each.tier}" for each in every]
    truths = np.concatenate([mean_C, c_KC @ mean_C])
    found = [_ways(cells_of(block, s, size, "noncompliance"), c_KC) for s in range(block.value_MST.shape[1])]
    return Covered(
        kinds=tuple(f"{name}, {way}" for way in _WAYS for name in names), labels=tuple(words * len(_WAYS)),
        truth_R=np.tile(truths, len(_WAYS)), value_SRF=np.array(found),
    )  # fmt: skip


def _ways(cells: Cells, c_KC: FloatArray) -> FloatArray:
    Y, N, lost = cells.Y_CG, cells.N_CG, cells.lost_CG
    rate, contrast = rate_intervals(Y, N), contrast_intervals(Y, N, c_KC)
    one, many = rate_bounds(Y, N, lost), contrast_bounds(Y, N, lost, c_KC)
    least, most = rate_intervals(Y, N + lost), rate_intervals(Y + lost, N + lost)
    # Each contrast has its own worst case: lost samples count against it where its weight is negative.
    low = [contrast_intervals(Y + lost * (c < 0)[:, None], N + lost, c[None]).low[0] for c in c_KC]
    high = [contrast_intervals(Y + lost * (c > 0)[:, None], N + lost, c[None]).high[0] for c in c_KC]
    estimate = np.concatenate([rate.rate, contrast.estimate])
    lows = [[*rate.low, *contrast.low], [*one.low, *many.low], [*least.low, *low]]
    highs = [[*rate.high, *contrast.high], [*one.high, *many.high], [*most.high, *high]]
    value = np.full((len(_WAYS), len(estimate), len(FIELDS)), np.nan)
    value[..., FIELDS.index("estimate")] = estimate
    value[..., FIELDS.index("low")], value[..., FIELDS.index("high")] = lows, highs
    return value.reshape(-1, len(FIELDS))
