"""Quantiles of the normal and the t distribution that the intervals need."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special  # pyright: ignore[reportMissingTypeStubs]  # scipy ships none

from dashboard.effects.counts import FloatArray

LEVEL = 0.95
# With few queries the variance itself is uncertain; below 7 degrees of freedom the t quantile overshoots that.
LEAST_DF = 7

NORMAL_975 = float(special.ndtri(0.975))


def t_quantile(probability: ArrayLike, df: ArrayLike) -> FloatArray:
    """The t quantile, elementwise."""
    return np.asarray(special.stdtrit(df, probability), dtype=np.float64)


def query_df(queries: ArrayLike) -> FloatArray:
    """Degrees of freedom for intervals over that many queries: max(G − 1, 7)."""
    return np.maximum(np.asarray(queries, dtype=np.float64) - 1, LEAST_DF)


def bonferroni_t(comparisons: ArrayLike, queries: ArrayLike) -> FloatArray:
    """The quantile of a bar that holds for all of that many comparisons at once, at 95 %."""
    each = (1 - LEVEL) / np.maximum(np.asarray(comparisons, dtype=np.float64), 1)
    return t_quantile(1 - each / 2, query_df(queries))
