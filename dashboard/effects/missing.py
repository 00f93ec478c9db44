"""What the lost samples could have been: bounds if all of them, or none of them, had the outcome."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dashboard.effects.contrasts import shared_queries
from dashboard.effects.counts import FloatArray, checked, mean_rates, query_rates
from dashboard.effects.products import product


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """The least and the greatest estimate that the lost samples leave possible; NaN where nothing was asked.

    No interval covers this: loss that depends on the outcome breaks every interval, and no method repairs it.
    """

    low: FloatArray
    high: FloatArray


def rate_bounds(Y_CG: ArrayLike, N_CG: ArrayLike, lost_CG: ArrayLike) -> Bounds:
    """Bounds of each condition's rate if all lost samples counted 0, and if all counted 1.

    ``lost_CG`` counts the unscored and failed samples per cell. Raises ``ValueError`` for counts that cannot be.
    """
    successes, trials, lost = _with_lost(Y_CG, N_CG, lost_CG)
    return Bounds(mean_rates(successes, trials + lost), mean_rates(successes + lost, trials + lost))


def contrast_bounds(Y_CG: ArrayLike, N_CG: ArrayLike, lost_CG: ArrayLike, c_KC: ArrayLike) -> Bounds:
    """Bounds of contrasts, each condition's lost samples taken the way that moves the contrast furthest.

    Queries that were asked in every condition with a weight count, whether or not anything could be scored.
    """
    successes, trials, lost = _with_lost(Y_CG, N_CG, lost_CG)
    weights = np.asarray(c_KC, dtype=np.float64)
    asked = trials + lost
    least, most = query_rates(successes, asked), query_rates(successes + lost, asked)
    up, down = np.maximum(weights, 0), np.minimum(weights, 0)
    used_KG = shared_queries(asked, weights)
    count = used_KG.sum(axis=1)

    def mean(D_KG: FloatArray) -> FloatArray:
        summed = np.where(used_KG, D_KG, 0).sum(axis=1)
        return np.divide(summed, count, out=np.full(len(weights), np.nan), where=count > 0)

    return Bounds(mean(product(up, least) + product(down, most)), mean(product(up, most) + product(down, least)))


def _with_lost(Y_CG: ArrayLike, N_CG: ArrayLike, lost_CG: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    successes, trials = checked(Y_CG, N_CG)
    lost = np.asarray(lost_CG, dtype=np.float64)
    if lost.shape != trials.shape or not np.isfinite(lost).all() or (lost < 0).any():
        raise ValueError("lost samples must be counted per condition × query, like the trials")
    return successes, trials, lost
