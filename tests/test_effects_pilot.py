"""Claims about the pilot: it finds the ICC and κ that power rests on, and claims little from little."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from dashboard.effects.cells import Cells
from dashboard.effects.pilot import pilot
from dashboard.effects.power import ICC, KAPPA, difference, minimum_detectable
from facts.condition import Condition
from facts.salience import Dose, Salience


def table(Y, N) -> Cells:
    none = np.zeros(Y.shape)
    arms = [(), *(((Dose(fact=f"f{i}", level=Salience.STATED)),) for i in range(len(Y) - 1))]
    return Cells(model="m", measure="refused", conditions=tuple(Condition(setting="s", doses=arm) for arm in arms),
                 queries=tuple(f"q{g:03}" for g in range(Y.shape[1])), Y_CG=Y.astype(float), N_CG=N.astype(float),
                 unscored_CG=none, failed_CG=none, refused_CG=none)  # fmt: skip


def piloted(rates, queries, replicates, icc, kappa, seed):
    """Beta-binomial counts over a Gaussian copula, and the correlation that the queries' true rates really have."""
    random = np.random.default_rng(seed)
    shared, own = random.normal(size=(1, queries)), random.normal(size=(len(rates), queries))
    mixed = stats.norm.cdf(np.sqrt(kappa) * shared + np.sqrt(1 - kappa) * own)
    p, size = np.array(rates)[:, None], (1 - icc) / icc
    true = special.betaincinv(p * size, (1 - p) * size, mixed)
    return table(random.binomial(replicates, true), np.full(true.shape, replicates)), np.atleast_2d(np.corrcoef(true))[
        0, -1
    ]


@pytest.mark.parametrize(("icc", "kappa"), [(0.3, 0.7), (0.1, 0.4), (0.2, 0.0)])
def test_a_large_pilot_recovers_both(icc, kappa):
    found = [piloted((0.3, 0.4, 0.3, 0.5), 200, 10, icc, kappa, seed) for seed in range(20)]
    estimates = np.array([pilot(cells) for cells, _ in found])
    assert estimates[:, 0].mean() == pytest.approx(icc, abs=0.02)
    assert estimates[:, 1].mean() == pytest.approx(np.mean([true for _, true in found]), abs=0.06)


def test_a_tiny_pilot_stays_near_the_defaults():
    found = np.array([pilot(piloted((0.1, 0.1), 6, 2, 0.5, 0.0, seed)[0]) for seed in range(40)])
    np.testing.assert_allclose(found.mean(axis=0), (ICC, KAPPA), atol=0.12)  # the truth is .5 and 0
    assert np.abs(found - (ICC, KAPPA)).max() < 0.35


@pytest.mark.parametrize(
    "cells",
    [table(np.zeros((3, 8)), np.full((3, 8), 5)), table(np.full((2, 8), 5), np.full((2, 8), 5)),
     table(np.zeros((2, 4)), np.zeros((2, 4)))],
    ids=["none", "all", "nothing asked"],
)  # fmt: skip
def test_without_any_variance_or_data_there_is_nothing_to_learn(cells):
    assert pilot(cells) == pytest.approx((ICC, KAPPA))


def test_one_condition_or_one_sample_a_query_says_nothing_of_one_of_them():
    assert pilot(piloted((0.3,), 50, 5, 0.3, 0.7, 1)[0]).kappa == KAPPA
    assert pilot(piloted((0.3, 0.3), 50, 1, 0.3, 0.7, 1)[0]) == (ICC, KAPPA)


def test_queries_that_were_not_asked_everywhere_still_count():
    cells, true = piloted((0.3, 0.4, 0.3), 300, 10, 0.3, 0.7, 3)
    cells.N_CG[0, :50] = cells.Y_CG[0, :50] = 0
    assert pilot(cells).kappa == pytest.approx(true, abs=0.12)


def test_a_pilot_replaces_the_defaults_of_the_slider():
    found = pilot(piloted((0.3, 0.4), 200, 10, 0.4, 0.9, 5)[0])
    planned = {"queries": 50, "replicates": 5}
    assert minimum_detectable(difference(0.3), **planned, icc=found.icc, kappa=found.kappa) != minimum_detectable(
        difference(0.3), **planned)  # fmt: skip
