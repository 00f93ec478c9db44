"""How alike a query's repeated samples are, and how many independent samples they are therefore worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboard.effects.counts import FloatArray, query_rates

# Shrinkage tuned by simulation (statistics.md): towards the pooled value with weight 20, and that towards 0.2 with 10.
_PRIOR_ICC = 0.2
_PRIOR_WEIGHT = 10.0
_POOLED_WEIGHT = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """How the variance of outcomes splits, per condition: ``own`` ICC, and the ``events`` that it rests on.

    ``raw`` is the ICC over all conditions together and ``pooled`` the same shrunk to 0.2.
    """

    own: FloatArray
    events: FloatArray
    raw: float
    pooled: float


def components(Y_CG: FloatArray, N_CG: FloatArray) -> Components:
    """ANOVA moments with unequal n; a condition without repeats or with one query says nothing (own ICC, events 0)."""
    present = N_CG > 0
    queries, trials, hits = present.sum(axis=1), N_CG.sum(axis=1), Y_CG.sum(axis=1)
    says = (queries > 1) & (trials > queries)
    df_between, df_within = np.maximum(queries - 1, 1), np.where(says, trials - queries, 1)
    total_trials = np.where(trials > 0, trials, 1)
    P_CG = query_rates(Y_CG, N_CG)
    msb = (N_CG * (P_CG - (hits / total_trials)[:, None]) ** 2).sum(axis=1) / df_between
    msw = (N_CG * P_CG * (1 - P_CG)).sum(axis=1) / df_within
    n0 = (trials - (N_CG**2).sum(axis=1) / total_trials) / df_between
    between = np.where(says, (msb - msw) / np.where(says, n0, 1), 0.0)
    total = np.where(says, between + msw, 0.0)
    own = np.clip(np.divide(between, total, out=np.zeros_like(total), where=total > 0), 0, 1)
    events = np.where(says, np.minimum(hits, trials - hits), 0.0)
    summed, everything = float(total.sum()), float(events.sum())
    raw = min(max(float(between.sum()) / summed, 0.0), 1.0) if summed > 0 else 0.0
    pooled = (everything * raw + _PRIOR_WEIGHT * _PRIOR_ICC) / (everything + _PRIOR_WEIGHT)
    return Components(own=own, events=events, raw=raw, pooled=pooled)


def intraclass_correlation(Y_CG: FloatArray, N_CG: FloatArray) -> FloatArray:
    """ICC per condition, shrunk to the comparison's pooled value; a condition that says nothing takes that."""
    found = components(Y_CG, N_CG)
    return (found.events * found.own + _POOLED_WEIGHT * found.pooled) / (found.events + _POOLED_WEIGHT)


def effective_trials(N_CG: FloatArray, icc_C: FloatArray, *, these_queries_only: bool = False) -> FloatArray:
    """Independent trials that each condition's samples are worth: G² / Σ[(1−ICC)/N + ICC], at most ΣN; 0 without data.

    ``these_queries_only`` drops the second term: the queries are then all there is, not a draw from a population.
    """
    present = N_CG > 0
    within_CG = np.divide(1 - icc_C[:, None], N_CG, out=np.zeros(N_CG.shape), where=present)
    across_CG = 0.0 if these_queries_only else np.where(present, icc_C[:, None], 0.0)
    spread = (within_CG + across_CG).sum(axis=1)
    queries, trials = present.sum(axis=1).astype(np.float64), N_CG.sum(axis=1)
    # Without spread (ICC 1, these queries only) each sample repeats what its query's first one said.
    worth = np.divide(queries**2, spread, out=trials.copy(), where=spread > 0)
    return np.minimum(worth, trials)
