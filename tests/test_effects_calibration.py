"""Over seeded simulated comparisons the intervals cover and the test keeps its level: a short calibration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from dashboard.effects.contrasts import contrast_intervals, query_contrasts
from dashboard.effects.rates import rate_intervals
from dashboard.effects.sign_flips import sign_flip_ps, sign_flips

TIMES = 300
WEIGHTS = np.array([[-1.0, 1.0, 0.0, 0.0], [1.0, -1.0, -1.0, 1.0]])
SETTINGS = [
    # rates of four conditions, queries, replicates, ICC
    ((0.05, 0.05, 0.10, 0.10), 20, 5, 0.2),
    ((0.02, 0.10, 0.05, 0.15), 20, 10, 0.3),
    ((0.10, 0.10, 0.10, 0.10), 40, 2, 0.1),
    ((0.15, 0.05, 0.15, 0.05), 12, 10, 0.5),
]


def simulated(rates, queries, replicates, icc, seed):
    """Beta-binomial counts; each query keeps its rank over conditions with correlation 0.7 (a Gaussian copula)."""
    random = np.random.default_rng(seed)
    shared, own = random.normal(size=(1, queries)), random.normal(size=(len(rates), queries))
    mixed = stats.norm.cdf(np.sqrt(0.7) * shared + np.sqrt(0.3) * own)
    p, size = np.array(rates)[:, None], (1 - icc) / icc
    trials = np.full(mixed.shape, replicates)
    return random.binomial(trials, special.betaincinv(p * size, (1 - p) * size, mixed)), trials


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_intervals_cover_the_population_of_queries(setting):
    rates = np.array(setting[0])
    truth, covered, contrasts = WEIGHTS @ rates, np.zeros(4), np.zeros(2)
    for seed in range(TIMES):
        Y, N = simulated(*setting, seed)
        one, many = rate_intervals(Y, N), contrast_intervals(Y, N, WEIGHTS)
        covered += (one.low <= rates) & (rates <= one.high)
        contrasts += (many.low <= truth) & (truth <= many.high)
    # The bars are .93 on average and .90 in every setting; 1,200 and 600 correlated draws blur them by about .02.
    assert covered.mean() / TIMES >= 0.93 - 0.02
    assert contrasts.mean() / TIMES >= 0.93 - 0.03


def test_the_sign_flip_test_rejects_a_true_null_about_one_time_in_twenty():
    rejected = np.zeros(2)
    for seed in range(2 * TIMES):
        Y, N = simulated((0.1, 0.1, 0.1, 0.1), 14, 5, 0.2, 10_000 + seed)
        D = query_contrasts(Y.astype(float), N.astype(float), WEIGHTS)
        rejected += sign_flip_ps(D, sign_flips(14, seed)) <= 0.05
    # Level .05 (bar .06); 600 comparisons have a standard error of .009, and this is two of them above the bar.
    assert (rejected / (2 * TIMES) <= 0.06 + 0.018).all()
    assert (rejected > 0).all()
