"""Counts of successes and scored trials per condition and query, checked once before any arithmetic."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def checked(Y_CG: ArrayLike, N_CG: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Successes and scored trials, conditions × queries, as floats; a cell with 0 trials is missing.

    Raises ``ValueError`` for shapes that differ or are not two-dimensional, for NaN or infinity, and for counts that
    are negative or above their trials.
    """
    successes, trials = np.asarray(Y_CG, dtype=np.float64), np.asarray(N_CG, dtype=np.float64)
    if successes.ndim != 2 or successes.shape != trials.shape:
        raise ValueError(
            f"successes and trials must both be conditions × queries; got shapes {successes.shape} and {trials.shape}"
        )
    if not (np.isfinite(successes).all() and np.isfinite(trials).all()):
        raise ValueError("successes and trials must be finite; write a missing cell as 0 trials, never as NaN")
    if (successes < 0).any() or (successes > trials).any():
        raise ValueError("each cell needs 0 ≤ successes ≤ trials")
    return successes, trials


def query_rates(Y_CG: FloatArray, N_CG: FloatArray) -> FloatArray:
    """Each query's own rate in each condition, 0 where the cell is missing."""
    return np.divide(Y_CG, N_CG, out=np.zeros(Y_CG.shape), where=N_CG > 0)


def mean_rates(Y_CG: FloatArray, N_CG: FloatArray) -> FloatArray:
    """Rate per condition, queries weighing equally; NaN for a condition without any scored trial."""
    present_C = (N_CG > 0).sum(axis=1)
    summed_C = query_rates(Y_CG, N_CG).sum(axis=1)
    return np.divide(summed_C, present_C, out=np.full(len(summed_C), np.nan), where=present_C > 0)


def exact_zeros(values: FloatArray) -> FloatArray:
    """Rounding leaves 1e-17 where rates cancel on paper; it must not count as a query that differs."""
    return np.where(np.abs(values) < 1e-12, 0.0, values)
