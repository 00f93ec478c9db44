"""Claims about agreement between raters: equal to published examples, plain about what is not defined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from dashboard.effects.agreement import MISSING, agreement

# Krippendorff 2011, section C: four observers, twelve units, missing values; nominal alpha = 0.743.
KRIPPENDORFF = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


def coded(rows):
    return np.array([[MISSING if value is None else value for value in row] for row in rows])


def rated(confusion, repeat_queries=1):
    """Two raters whose confusion matrix it is; every sample its own query unless said otherwise."""
    pairs = [(i, j) for i, row in enumerate(confusion) for j, count in enumerate(row) for _ in range(count)]
    ratings = np.array(pairs).T
    return ratings, np.arange(ratings.shape[1]) // repeat_queries


def test_krippendorffs_own_example_gives_his_alpha():
    found = agreement(coded(KRIPPENDORFF), np.arange(12), seed=0)
    assert found.alpha.value == pytest.approx(0.743, abs=5e-4)
    assert (found.raters, found.samples, found.queries) == (4, 11, 11)  # unit 12 was rated once
    assert found.kappa.value is None
    assert "two raters" in found.kappa.reason


def test_krippendorffs_two_observer_example_gives_his_alpha():
    """Section B of the same: two observers, twelve articles, five categories; alpha = 0.692."""
    rows = ["aabbdcccedda", "babbbccceddd"]
    codes = np.array([["abcde".index(letter) for letter in row] for row in rows])
    found = agreement(codes, np.arange(12), seed=0)
    assert found.percent.value == pytest.approx(9 / 12)
    assert found.alpha.value == pytest.approx(0.692, abs=5e-4)


def test_cohens_own_example_gives_his_kappa():
    """Cohen 1960, table 1: proportions of 200 joint judgements; agreement .70, kappa .492."""
    found = agreement(*rated([[88, 14, 18], [10, 40, 10], [2, 6, 12]]), seed=0)
    assert found.percent.value == pytest.approx(0.70)
    assert found.kappa.value == pytest.approx(0.492, abs=5e-4)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # statsmodels' own standard error
@given(st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=3, max_size=3))
def test_kappa_equals_statsmodels(confusion):
    table = np.array(confusion)
    used = (table.sum(axis=0) + table.sum(axis=1)) > 0
    if table.sum() < 2 or used.sum() < 2:
        return
    found = agreement(*rated(confusion), seed=0, draws=10)
    assert found.kappa.value == pytest.approx(float(cohens_kappa(table).kappa), abs=1e-9)


@given(st.data())
def test_alpha_equals_its_definition_and_never_depends_on_the_order_of_raters_or_samples(data):
    rows = data.draw(st.lists(st.lists(st.integers(-1, 2), min_size=6, max_size=6), min_size=2, max_size=4))
    ratings, query = np.array(rows), np.arange(6) // 2
    found = agreement(ratings, query, seed=3, draws=20)
    shuffled = agreement(ratings[::-1, ::-1], query[::-1], seed=3, draws=20)
    if found.alpha.value is None:
        assert shuffled.alpha.value is None
    else:
        assert found.alpha.value == pytest.approx(shuffled.alpha.value)
        assert found.alpha.value == pytest.approx(slow_alpha(rows))


def slow_alpha(rows):
    units = [[value for value in unit if value >= 0] for unit in zip(*rows, strict=True)]
    units = [unit for unit in units if len(unit) > 1]
    values = [value for unit in units for value in unit]
    observed = sum(
        sum(a != b for i, a in enumerate(unit) for j, b in enumerate(unit) if i != j) / (len(unit) - 1)
        for unit in units
    )
    expected = sum(a != b for i, a in enumerate(values) for j, b in enumerate(values) if i != j)
    return 1 - observed / (expected / (len(values) - 1))


def test_one_category_only_leaves_kappa_and_alpha_undefined_never_one_or_zero():
    found = agreement(np.zeros((2, 20), dtype=int), np.arange(20), seed=0)
    assert found.percent.value == 1
    assert found.kappa.value is None
    assert found.alpha.value is None
    assert "category" in found.kappa.reason
    assert "category" in found.alpha.reason


def test_perfect_agreement_has_no_interval_of_width_zero():
    found = agreement(np.tile([0, 1], (2, 10)), np.arange(20), seed=0)
    assert (found.kappa.value, found.kappa.low) == (1, None)
    assert "agrees" in found.kappa.reason


def test_one_query_has_a_value_and_no_interval():
    found = agreement(*rated([[5, 1], [2, 4]], repeat_queries=100), seed=0)
    assert found.kappa.value is not None
    assert found.kappa.low is None
    assert "one query" in found.kappa.reason


@pytest.mark.parametrize("ratings", [np.empty((0, 0), dtype=int), np.full((2, 3), MISSING), np.array([[0, 1, 2]])])
def test_without_a_second_rating_nothing_is_said(ratings):
    found = agreement(ratings, np.arange(ratings.shape[1]), seed=0)
    assert found.samples == 0
    assert found.alpha.value is found.percent.value is found.kappa.value is None


def test_samples_of_one_query_are_resampled_together_so_that_intervals_are_wider():
    ratings, _ = rated([[40, 0], [0, 20]])
    ratings[1, ::10] = 1 - ratings[1, ::10]
    ratings[1, :8] = 1 - ratings[0, :8]
    alone = agreement(ratings, np.arange(60), seed=0).kappa
    together = agreement(ratings, np.arange(60) // 10, seed=0).kappa
    assert alone.value == together.value
    assert together.high - together.low > 1.3 * (alone.high - alone.low)


def test_the_seed_decides_the_interval():
    table = rated([[9, 3], [4, 9]])
    assert agreement(*table, seed=1) == agreement(*table, seed=1)
    assert agreement(*table, seed=1) != agreement(*table, seed=2)


def test_kappas_interval_covers_over_a_population_of_queries():
    """Two raters who err independently; queries differ in how often the outcome occurs. 300 times, bar .90."""
    truth, covered = None, 0
    random = np.random.default_rng(11)

    def draw(queries):
        rate = np.repeat(random.beta(1, 2, queries), 5)
        outcome = random.random(rate.size) < rate
        ratings = np.where(random.random((2, rate.size)) < 0.85, outcome, ~outcome).astype(int)
        return ratings, np.repeat(np.arange(queries), 5)

    truth = agreement(*draw(40_000), seed=0, draws=2).kappa.value
    for seed in range(300):
        found = agreement(*draw(20), seed=seed, draws=500).kappa
        covered += found.low <= truth <= found.high
    assert covered / 300 >= 0.90


@pytest.mark.parametrize(
    ("ratings", "query", "words"),
    [([0, 1], [0, 1], "raters × samples"), ([[0, 1]], [0], "query"), ([[0.5, 1]], [0, 1], "whole numbers"),
     ([[-2, 1]], [0, 1], "whole numbers")],
)  # fmt: skip
def test_ratings_that_cannot_be_are_refused_in_words(ratings, query, words):
    with pytest.raises(ValueError, match=words):
        agreement(ratings, query, seed=0)
