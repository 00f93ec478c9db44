"""What a pilot says about the two numbers that power rests on: how alike samples and queries are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dashboard.effects.cells import Cells
from dashboard.effects.clustering import components
from dashboard.effects.counts import FloatArray, mean_rates, query_rates
from dashboard.effects.power import KAPPA
from dashboard.effects.products import product

_PRIOR_WEIGHT = 10.0
_MOST = 400  # conditions whose pairs are looked at: a large factorial's would not fit in memory


class Pilot(NamedTuple):
    """``icc``: how alike a query's samples are; ``kappa``: how alike a query is in two conditions. Both 0–1."""

    icc: float
    kappa: float


def pilot(cells: Cells) -> Pilot:
    """Both estimated by moments over all conditions, for ``power``; near its defaults where the cells say little.

    The ICC is the pooled one of the intervals. κ is the covariance of query rates between conditions, which chance
    does not touch as their samples are independent, over the ICC's share of the rates' variance. Each is shrunk
    towards its default as if that rested on 10 events (for κ: 10 events' worth of differences between queries).
    """
    found = components(cells.Y_CG, cells.N_CG)
    icc, events = found.pooled, found.events.sum()
    covariance, scale = _shared(cells.Y_CG, cells.N_CG, float(found.raw))
    own = float(np.clip(covariance / scale, 0, 1)) if scale > 0 else KAPPA
    weight = float(events) * float(found.raw) if scale > 0 else 0.0
    return Pilot(icc, (weight * own + _PRIOR_WEIGHT * KAPPA) / (weight + _PRIOR_WEIGHT))


def _shared(successes: FloatArray, trials: FloatArray, icc: float) -> tuple[float, float]:
    """Summed over pairs of conditions: covariance over the queries both have, and what it would be if κ were 1."""
    some = np.unique(np.linspace(0, len(trials) - 1, min(len(trials), _MOST)).astype(np.int64))
    Y_CG, N_CG = successes[some], trials[some]
    present = (N_CG > 0).astype(np.float64)
    rates, mean = query_rates(Y_CG, N_CG), np.nan_to_num(mean_rates(Y_CG, N_CG))
    away = np.where(present > 0, rates - mean[:, None], 0.0)
    both = product(present, present.T)
    covariance = np.divide(product(away, away.T), both - 1, out=np.zeros(both.shape), where=both > 1)
    deviation = np.sqrt(mean * (1 - mean))
    pairs = np.triu(both > 1, k=1)
    return float(covariance[pairs].sum()), icc * float(np.outer(deviation, deviation)[pairs].sum())
