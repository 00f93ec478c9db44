"""Claims about one rate's interval: honest at the edges, equal to known formulas, blind to what must not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from dashboard.effects.quantiles import NORMAL_975
from dashboard.effects.rates import rate_intervals
from dashboard.effects.wilson import wilson_limits


@st.composite
def tables(draw, *, balanced: bool = False):
    conditions, queries = draw(st.integers(1, 4)), draw(st.integers(1, 9))
    if balanced:
        trials = np.full((conditions, queries), draw(st.integers(1, 8)))
    else:
        trials = np.array(draw(st.lists(st.integers(0, 8), min_size=conditions * queries,
                                        max_size=conditions * queries))).reshape(conditions, queries)  # fmt: skip
    parts = draw(st.lists(st.floats(0, 1), min_size=trials.size, max_size=trials.size))
    return np.rint(trials * np.array(parts).reshape(trials.shape)), trials


@pytest.mark.parametrize(("k", "n"), [(0, 9), (1, 9), (4, 9), (9, 9), (3, 1000), (0, 1)])
def test_the_wilson_limits_equal_statsmodels(k, n):
    low, high = wilson_limits(np.array([k / n]), np.array([float(n)]), NORMAL_975)
    assert (low[0], high[0]) == pytest.approx(proportion_confint(k, n, method="wilson"), abs=1e-12)


@given(tables())
def test_limits_enclose_the_rate_and_stay_between_0_and_1(table):
    found = rate_intervals(*table)
    asked = table[1].sum(axis=1) > 0
    assert np.isnan(found.rate[~asked]).all()
    rate = np.where(asked, found.rate, 0.5)
    assert ((found.low >= 0) & (found.low <= rate) & (rate <= found.high) & (found.high <= 1)).all()
    assert ((found.n_eff <= table[1].sum(axis=1) + 1e-9) & (found.icc >= 0) & (found.icc <= 1)).all()


@given(tables(balanced=True))
def test_with_equal_trials_the_rate_is_the_share_of_successes(table):
    np.testing.assert_allclose(rate_intervals(*table).rate, table[0].sum(axis=1) / table[1].sum(axis=1), atol=1e-12)


@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_the_queries_never_matters(table, random):
    order = list(range(table[0].shape[1]))
    random.shuffle(order)
    one, two = rate_intervals(*table), rate_intervals(table[0][:, order], table[1][:, order])
    for name in ("rate", "low", "high", "n_eff", "icc"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), atol=1e-9)


def test_a_query_nobody_answered_changes_nothing():
    successes, trials = np.array([[1, 0, 3]]), np.array([[5, 5, 5]])
    one = rate_intervals(successes, trials)
    two = rate_intervals(np.c_[successes, [0]], np.c_[trials, [0]])
    assert (one.low[0], one.high[0], one.n_eff[0]) == (two.low[0], two.high[0], two.n_eff[0])


def test_without_a_scored_trial_the_rate_is_unknown_and_the_interval_says_so():
    found = rate_intervals([[0, 0], [1, 2]], [[0, 0], [5, 5]])
    assert np.isnan(found.rate[0])
    assert (found.low[0], found.high[0], found.n_eff[0]) == (0, 1, 0)
    assert found.rate[1] == pytest.approx(0.3)


def test_no_condition_and_no_query_give_empty_or_unknown_rates():
    assert rate_intervals(np.empty((0, 5)), np.empty((0, 5))).rate.shape == (0,)
    assert np.isnan(rate_intervals(np.empty((2, 0)), np.empty((2, 0))).rate).all()


def test_these_queries_only_is_narrower_and_for_equal_trials_the_plain_wilson_interval():
    successes, trials = np.array([[9, 0, 8, 1, 0, 10]]), np.full((1, 6), 10)
    population = rate_intervals(successes, trials)
    these = rate_intervals(successes, trials, these_queries_only=True)
    assert these.high[0] - these.low[0] < population.high[0] - population.low[0]
    assert (these.low[0], these.high[0]) == pytest.approx(proportion_confint(28, 60, method="wilson"), abs=1e-12)


@pytest.mark.parametrize(
    ("successes", "trials", "words"),
    [
        ([[np.nan]], [[1]], "finite"),
        ([[1]], [[np.nan]], "finite"),
        ([[1]], [[np.inf]], "finite"),
        ([[2]], [[1]], "successes"),
        ([[-1]], [[1]], "successes"),
        ([1], [1], "conditions × queries"),
        ([[1, 1]], [[1]], "shapes"),
    ],
)
def test_counts_that_cannot_be_are_refused_in_words(successes, trials, words):
    with pytest.raises(ValueError, match=words):
        rate_intervals(successes, trials)
