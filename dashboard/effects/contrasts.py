"""Weighted sums of rates — differences, gaps, gap changes, slopes — with paired intervals over shared queries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dashboard.effects.counts import BoolArray, FloatArray, IntArray, checked, exact_zeros, query_rates
from dashboard.effects.mover import mover_limits, paired_rates
from dashboard.effects.products import product
from dashboard.effects.quantiles import NORMAL_975, bonferroni_t
from dashboard.effects.sign_flips import sign_flip_p

__all__ = [
    "ContrastInterval",
    "ContrastIntervals",
    "contrast_interval",
    "contrast_intervals",
    "query_contrasts",
    "shared_queries",
    "sign_flip_p",
]


@dataclass(frozen=True, slots=True)
class ContrastInterval:
    """A contrast and its unclipped 95 % limits; NaN and the contrast's whole range if no query has every condition."""

    estimate: float
    low: float
    high: float
    queries_used: int
    queries_dropped: int


@dataclass(frozen=True, slots=True, eq=False)
class ContrastIntervals:
    """Arrays over contrasts; the simultaneous limits hold for the contrast's whole family at once."""

    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    simultaneous_low: FloatArray
    simultaneous_high: FloatArray
    queries_used: IntArray
    queries_dropped: IntArray


def contrast_interval(Y_CG: ArrayLike, N_CG: ArrayLike, c_C: ArrayLike) -> ContrastInterval:
    """Σ c·rate over the queries that are present in every condition with a weight, with its 95 % limits.

    Conditions with weight 0 only inform the pooled ICC. Raises ``ValueError`` for counts or weights that cannot be.
    Source: statistics.md, "Any contrast" (MOVER; Zou & Donner 2008, Newcombe 1998).
    """
    found = contrast_intervals(Y_CG, N_CG, np.asarray(c_C, dtype=np.float64)[None])
    return ContrastInterval(
        estimate=float(found.estimate[0]),
        low=float(found.low[0]),
        high=float(found.high[0]),
        queries_used=int(found.queries_used[0]),
        queries_dropped=int(found.queries_dropped[0]),
    )


def contrast_intervals(
    Y_CG: ArrayLike, N_CG: ArrayLike, c_KC: ArrayLike, *, comparisons_K: ArrayLike = 1
) -> ContrastIntervals:
    """Many contrasts of one table at once; ``comparisons_K`` is the size of each one's family (Bonferroni-t bars)."""
    successes, trials = checked(Y_CG, N_CG)
    weights = _checked_weights(c_KC, conditions=len(successes))
    used_KG = shared_queries(trials, weights)
    estimate, (low, high), (wide_low, wide_high) = _unknown(weights)
    used = used_KG.sum(axis=1)
    quantile_K = bonferroni_t(np.broadcast_to(comparisons_K, used.shape), used)
    for rows, queries in _same_queries(used_KG):
        kept, c = paired_rates(successes[:, queries], trials[:, queries]), weights[rows]
        estimate[rows] = c @ kept.rate
        low[rows], high[rows] = mover_limits(kept, c, NORMAL_975)
        wide_low[rows], wide_high[rows] = mover_limits(kept, c, quantile_K[rows])
    return ContrastIntervals(estimate, low, high, wide_low, wide_high, used, used_KG.shape[1] - used)


def shared_queries(N_CG: FloatArray, c_KC: FloatArray) -> BoolArray:
    """Which queries have scored trials in every condition that a contrast weighs: contrasts × queries."""
    needed, missing = (c_KC != 0).astype(np.float64), (N_CG == 0).astype(np.float64)
    return product(needed, missing) == 0


def query_contrasts(Y_CG: FloatArray, N_CG: FloatArray, c_KC: FloatArray) -> FloatArray:
    """Each contrast within each query, contrasts × queries; 0 where the query is dropped."""
    return np.where(shared_queries(N_CG, c_KC), exact_zeros(product(c_KC, query_rates(Y_CG, N_CG))), 0.0)


def _checked_weights(c_KC: ArrayLike, *, conditions: int) -> FloatArray:
    weights = np.asarray(c_KC, dtype=np.float64)
    if weights.ndim != 2 or weights.shape[1] != conditions:
        raise ValueError(f"a contrast needs one weight per condition ({conditions}); got shape {weights.shape[1:]}")
    if not np.isfinite(weights).all():
        raise ValueError("contrast weights must be finite")
    if not (weights != 0).any(axis=1).all():
        raise ValueError("a contrast needs at least one condition with a weight other than 0")
    return weights


def _unknown(c_KC: FloatArray) -> tuple[FloatArray, tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    low, high = np.minimum(c_KC, 0).sum(axis=1), np.maximum(c_KC, 0).sum(axis=1)
    return np.full(len(c_KC), np.nan), (low, high), (low.copy(), high.copy())


def _same_queries(used_KG: BoolArray) -> list[tuple[IntArray, BoolArray]]:
    """Groups of contrasts that use the same queries; those that use none are left out."""
    groups: dict[bytes, list[int]] = {}
    for row, used in enumerate(used_KG):
        if used.any():
            groups.setdefault(used.tobytes(), []).append(row)
    return [(np.asarray(rows), used_KG[rows[0]]) for rows in groups.values()]
