"""Limits of a weighted sum of rates, recovered from each rate's own limits and how the rates go together by query."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dashboard.effects.clustering import effective_trials, intraclass_correlation
from dashboard.effects.counts import FloatArray, exact_zeros, mean_rates, query_rates
from dashboard.effects.products import product
from dashboard.effects.wilson import wilson_limits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairedRates:
    """Rates of conditions over the same queries, the trials they are worth, and their correlations over queries."""

    rate: FloatArray
    n_eff: FloatArray
    correlation: FloatArray


def paired_rates(Y_CG: FloatArray, N_CG: FloatArray) -> PairedRates:
    """From checked counts; correlations are shrunk by (G−2)/G, and 0 for a condition that misses a query."""
    queries = Y_CG.shape[1]
    rate = np.nan_to_num(mean_rates(Y_CG, N_CG))  # a condition without data here has no weight in these contrasts
    whole_C1 = np.asarray(N_CG > 0).all(axis=1, keepdims=True)
    Z_CG = np.where(whole_C1, exact_zeros(query_rates(Y_CG, N_CG) - rate[:, None]), 0.0)
    scale = np.sqrt((Z_CG**2).sum(axis=1))
    scales = np.outer(scale, scale)
    correlation = np.divide(product(Z_CG, Z_CG.T), scales, out=np.zeros(scales.shape), where=scales > 0)
    correlation *= max(queries - 2, 0) / queries
    np.fill_diagonal(correlation, 1.0)
    icc = intraclass_correlation(Y_CG, N_CG)
    return PairedRates(rate=rate, n_eff=effective_trials(N_CG, icc), correlation=correlation)


def mover_limits(rates: PairedRates, c_KC: FloatArray, quantile_K: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Unclipped limits of contrasts (contrasts × conditions), each with its own quantile.

    Method of variance estimates recovery: Zou & Donner 2008; for a difference of two rates, Newcombe 1998.
    """
    quantile_K1 = np.broadcast_to(np.asarray(quantile_K, dtype=np.float64), len(c_KC))[:, None]
    low_KC, high_KC = wilson_limits(rates.rate, rates.n_eff, quantile_K1)
    below, above = rates.rate - low_KC, high_KC - rates.rate
    up, estimate = c_KC > 0, c_KC @ rates.rate
    # c·distance carries the sign of c, so sign(c_i c_j)·r_ij needs no further step.
    down_KC, up_KC = c_KC * np.where(up, below, above), c_KC * np.where(up, above, below)
    spread_down = (product(down_KC, rates.correlation) * down_KC).sum(axis=1)
    spread_up = (product(up_KC, rates.correlation) * up_KC).sum(axis=1)
    return estimate - np.sqrt(np.maximum(spread_down, 0)), estimate + np.sqrt(np.maximum(spread_up, 0))
