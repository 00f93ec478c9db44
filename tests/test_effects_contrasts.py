"""Claims about contrasts: paired, honest about dropped queries, equal to Newcombe's interval where that applies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from dashboard.effects.contrasts import contrast_interval, contrast_intervals
from dashboard.effects.mover import PairedRates, mover_limits
from dashboard.effects.quantiles import NORMAL_975, bonferroni_t
from dashboard.effects.worlds import slope_weights


def table(conditions: int, queries: int, trials: int = 8):
    random, counts = np.random.default_rng(7), np.full((conditions, queries), trials)
    return random.binomial(counts, random.beta(0.6, 2.5, (1, queries))), counts


@pytest.mark.parametrize(("k", "n"), [((3, 9), (20, 30)), ((0, 5), (10, 10)), ((7, 7), (7, 40)), ((0, 0), (4, 9))])
def test_independent_rates_give_newcombes_interval_as_statsmodels_has_it(k, n):
    rates = PairedRates(rate=np.divide(k, n), n_eff=np.array(n, dtype=float), correlation=np.eye(2))
    low, high = mover_limits(rates, np.array([[-1.0, 1.0]]), NORMAL_975)
    expected = confint_proportions_2indep(k[1], n[1], k[0], n[0], compare="diff", method="newcomb")
    assert (low[0], high[0]) == pytest.approx(expected, abs=1e-10)


def test_pairing_narrows_the_interval_of_a_difference_between_arms_that_go_together():
    successes = np.array([[0, 10, 2, 8, 1, 9, 0, 7, 3, 10], [1, 10, 3, 9, 2, 9, 1, 8, 3, 10]])
    trials = np.full_like(successes, 10)
    together = contrast_interval(successes, trials, [-1, 1])
    apart = contrast_interval(np.array([successes[0], successes[1][::-1]]), trials, [-1, 1])
    assert together.estimate == pytest.approx(apart.estimate)
    assert together.high - together.low < 0.7 * (apart.high - apart.low)


def test_reversing_the_weights_mirrors_the_interval():
    successes, trials = table(4, 12)
    one, two = (contrast_interval(successes, trials, sign * np.array([1, -1, -1, 1])) for sign in (1, -1))
    assert (one.estimate, one.low, one.high) == pytest.approx((-two.estimate, -two.high, -two.low))


def test_only_queries_present_in_every_weighed_condition_count_and_the_dropped_are_told():
    successes, trials = table(3, 10)
    trials[0, 3] = trials[1, 5] = successes[0, 3] = successes[1, 5] = 0
    trials[2, 7] = successes[2, 7] = 0
    found = contrast_interval(successes, trials, [-1, 1, 0])
    kept = [0, 1, 2, 4, 6, 7, 8, 9]
    assert (found.queries_used, found.queries_dropped) == (8, 2)
    assert found.estimate == pytest.approx(np.mean((successes[1] - successes[0])[kept] / 8))


def test_without_a_shared_query_nothing_is_estimated_and_the_limits_are_the_whole_range():
    found = contrast_interval([[1, 0], [0, 1]], [[5, 0], [0, 5]], [-1, 1])
    assert np.isnan(found.estimate)
    assert (found.low, found.high, found.queries_used) == (-1, 1, 0)


def test_many_contrasts_at_once_equal_each_alone_even_when_they_drop_different_queries():
    successes, trials = table(5, 14)
    trials[1, 2] = trials[3, 9] = successes[1, 2] = successes[3, 9] = 0
    weights = np.array([[-1, 1, 0, 0, 0], [1, -1, -1, 1, 0], [-1, 0, 1, 0, 0], [*slope_weights(range(5))]])
    found = contrast_intervals(successes, trials, weights)
    for k, row in enumerate(weights):
        alone = contrast_interval(successes, trials, row)
        assert (found.estimate[k], found.low[k], found.high[k]) == pytest.approx(
            (alone.estimate, alone.low, alone.high)
        )
        assert found.queries_used[k] == alone.queries_used


def test_simultaneous_bars_use_the_bonferroni_t_quantile_and_enclose_the_ordinary_ones():
    successes, trials = table(2, 20)
    weights = np.array([[-1.0, 1.0]])
    widths = []
    for comparisons in (1, 10, 100):
        found = contrast_intervals(successes, trials, weights, comparisons_K=comparisons)
        assert found.simultaneous_low[0] < found.low[0]
        assert found.simultaneous_high[0] > found.high[0]
        widths.append(found.simultaneous_high[0] - found.simultaneous_low[0])
    assert widths == sorted(widths)
    assert bonferroni_t(10, 20) == pytest.approx(3.1737, abs=1e-4)  # t table: 19 degrees of freedom, .0025 a side


@given(st.permutations(range(9)))
def test_the_order_of_the_queries_never_matters(order):
    successes = np.array([[0, 1, 2, 0, 5, 0, 0, 1, 3], [1, 1, 4, 0, 5, 2, 0, 3, 3]])
    trials = np.array([[5] * 9, [5, 6, 5, 5, 5, 7, 0, 5, 5]])
    one = contrast_interval(successes, trials, [-1, 1])
    two = contrast_interval(successes[:, order], trials[:, order], [-1, 1])
    assert (one.estimate, one.low, one.high) == pytest.approx((two.estimate, two.low, two.high), abs=1e-12)


def test_the_slope_of_a_straight_line_is_its_slope():
    assert np.dot(slope_weights([0, 2, 5]), [0.1, 0.14, 0.2]) == pytest.approx(0.02)
    assert slope_weights(range(5)) == pytest.approx((-0.2, -0.1, 0, 0.1, 0.2))


def test_rates_that_are_constant_but_for_rounding_do_not_count_as_correlated():
    varied = np.array([1, 3, 0, 2, 9, 4, 0, 1, 2, 2])
    constant, trials = np.full(10, 1), np.full((2, 10), 10)
    for value in (1, 3, 7):
        found = contrast_interval([varied, value * constant], trials, [-1, 1])
        mirrored = contrast_interval([varied[::-1], value * constant], trials, [-1, 1])
        assert (found.low, found.high) == pytest.approx((mirrored.low, mirrored.high), abs=1e-12)


@pytest.mark.parametrize(
    ("weights", "words"),
    [([1], "one weight per condition"), ([0, 0], "other than 0"), ([np.nan, 1], "finite")],
)
def test_weights_that_cannot_be_are_refused_in_words(weights, words):
    with pytest.raises(ValueError, match=words):
        contrast_interval([[1], [2]], [[5], [5]], weights)


def test_counts_with_nan_are_refused_and_so_is_a_contrast_of_nothing():
    with pytest.raises(ValueError, match="finite"):
        contrast_interval([[np.nan], [2]], [[5], [5]], [-1, 1])
    with pytest.raises(ValueError, match="at least one condition"):
        contrast_interval(np.empty((0, 3)), np.empty((0, 3)), [])
