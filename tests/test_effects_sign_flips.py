"""Claims about the sign-flip test and the adjustments for many comparisons."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from dashboard.effects.contrasts import sign_flip_p as exported
from dashboard.effects.families import benjamini_hochberg, holm, max_t
from dashboard.effects.products import product as product_in_pieces
from dashboard.effects.sign_flips import Verdict, sign_flip_p, sign_flip_ps, sign_flip_test, sign_flips

TENTHS = st.integers(-10, 10).map(lambda tenth: tenth / 10)


def drawn(mean: float, *shape: int):
    return np.random.default_rng(3).normal(mean, 1, shape)


def by_hand(values) -> float:
    means = [abs(np.dot(signs, values)) for signs in product((1, -1), repeat=len(values))]
    return float(np.mean(np.array(means) >= means[0] - 1e-9))


@given(st.lists(TENTHS, min_size=1, max_size=9))
def test_p_counts_all_flips_of_few_queries(values):
    assert sign_flip_p(values, seed=0) == pytest.approx(by_hand(values), abs=1e-12)


def test_p_equals_scipys_exact_permutation_test():
    values = drawn(0.4, 10)
    expected = stats.permutation_test((values,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
    assert sign_flip_p(values, seed=0) == pytest.approx(expected, abs=1e-12)


def test_zeros_change_nothing_so_many_queries_with_few_changes_are_counted_exactly():
    values = np.zeros(40)
    values[[3, 9, 12, 20, 28, 31, 39]] = [0.2, 0.4, 0.1, -0.1, 0.3, 0.2, 0.2]
    assert sign_flip_p(values, seed=1) == pytest.approx(by_hand(values[values != 0]), abs=1e-12)


def test_random_flips_come_close_to_the_exact_p_and_repeat_with_their_seed():
    values = drawn(0.45, 14)
    exact = by_hand(values)
    assert 0.001 < exact < 0.5
    assert sign_flip_p(values, seed=5) == sign_flip_p(values, seed=5)
    assert sign_flip_p(values, seed=5) == pytest.approx(exact, abs=4 * np.sqrt(exact / 10_000))


def test_random_flips_include_the_identity_so_p_is_never_zero():
    assert sign_flip_p(np.ones(60), seed=0) == pytest.approx(1e-4)
    signs = np.concatenate(sign_flips(60, seed=0)).T
    assert signs.shape == (60, 10_000)
    assert (signs[:, 0] == 1).all()
    assert set(np.unique(signs)) == {-1, 1}
    assert np.abs(signs.mean(axis=1)).max() < 0.05


@given(st.permutations(range(14)))
def test_the_order_of_the_queries_never_matters(order):
    values = np.array([0.3, 0.1, -0.2, 0.5, 0.4, 0.1, 0.2, -0.1, 0.6, 0.3, 0.2, 0.1, -0.3, 0.7])
    assert sign_flip_p(values[order], seed=2) == sign_flip_p(values, seed=2)


@pytest.mark.parametrize("queries", [2, 3, 4, 5])
def test_with_fewer_than_six_queries_that_differ_the_verdict_is_that_no_p_could_be_small(queries):
    test = sign_flip_test(np.r_[np.ones(queries), np.zeros(10)], seed=0)
    assert test.p == 2 / 2**queries > 0.05
    assert (test.verdict, test.nonzero) == (Verdict.TOO_FEW, queries)
    assert "impossible" in test.verdict.why


def test_six_queries_that_all_move_one_way_are_just_enough():
    test = sign_flip_test(np.ones(6), seed=0)
    assert (test.p, test.verdict, test.verdict.why) == (2 / 64, Verdict.TESTED, "")


def test_one_query_or_none_has_no_p():
    assert sign_flip_test([0.4], seed=0).p is None
    assert sign_flip_test([0.4], seed=0).verdict is Verdict.ONE_QUERY
    assert sign_flip_test([], seed=0).verdict is Verdict.NO_QUERY
    assert sign_flip_p([0.4], seed=0) == sign_flip_p([], seed=0) == 1


def test_rounding_noise_is_not_a_query_that_differs():
    noise = np.full(20, 0.1 + 0.2 - 0.3)
    assert sign_flip_test(noise, seed=0).nonzero == 0
    assert sign_flip_p(noise, seed=0) == 1


@pytest.mark.parametrize("values", [[np.nan, 1], [np.inf], [[1, 2]]])
def test_values_that_cannot_be_are_refused(values):
    with pytest.raises(ValueError, match="finite value per query"):
        sign_flip_p(values, seed=0)


def test_the_test_is_importable_beside_the_contrasts():
    assert exported is sign_flip_p


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_and_benjamini_hochberg_equal_statsmodels(p):
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], atol=1e-12)
    np.testing.assert_allclose(benjamini_hochberg(p), multipletests(p, method="fdr_bh")[1], atol=1e-12)


def test_comparisons_without_a_test_do_not_count():
    for adjust in (holm, benjamini_hochberg):
        with_gap = adjust([0.01, np.nan, 0.03])
        np.testing.assert_allclose(with_gap[[0, 2]], adjust([0.01, 0.03]))
        assert np.isnan(with_gap[1])
        assert adjust([]).shape == (0,)
        with pytest.raises(ValueError, match="from 0 to 1"):
            adjust([1.2])


def test_max_t_equals_the_step_down_written_out():
    values = drawn(0.5, 6, 9)
    size = np.sqrt((values**2).sum(axis=1))
    flipped = np.array([np.abs(values @ signs) / size for signs in product((1, -1), repeat=9)])
    order, expected, before = np.argsort(-flipped[0]), np.empty(6), 0.0
    for step, k in enumerate(order):
        strongest = flipped[:, order[step:]].max(axis=1)
        before = expected[k] = max(before, float(np.mean(strongest >= flipped[0, k] - 1e-9)))
    p, adjusted = max_t(values, sign_flips(9, 0))
    np.testing.assert_allclose(adjusted, expected, atol=1e-12)
    np.testing.assert_allclose(p, [by_hand(row) for row in values], atol=1e-12)


def test_the_shared_product_gives_each_comparison_the_p_it_has_alone():
    values, flips = drawn(0.3, 12, 30), sign_flips(30, 0)
    p, adjusted = max_t(values, flips)
    np.testing.assert_array_equal(p, sign_flip_ps(values, flips))
    assert (adjusted >= p).all()


def test_max_t_by_hand_on_three_queries():
    values = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, -1.0]])
    # Of the 4 flips up to mirror image: T = 3,1 / 1,3 / 1,1 / 1,1 (over √3). Strongest: max ≥ 3 in 2 of 4.
    p, adjusted = max_t(values, sign_flips(3, 0))
    assert p.tolist() == [0.25, 1.0]
    assert adjusted.tolist() == [0.5, 1.0]


def test_copies_of_one_comparison_cost_nothing_under_max_t():
    values = np.repeat(drawn(0.5, 1, 25), 20, axis=0)
    p, adjusted = max_t(values, sign_flips(25, 1))
    np.testing.assert_allclose(adjusted, p)


def test_families_in_one_call_are_adjusted_as_if_alone():
    values, flips = drawn(0.3, 9, 20), sign_flips(20, 4)
    family = np.array([0, 1, 0, 2, 1, 0, 2, 2, 0])
    p, adjusted = max_t(values, flips, family)
    for code in range(3):
        alone = max_t(values[family == code], flips)
        np.testing.assert_array_equal(p[family == code], alone[0])
        np.testing.assert_array_equal(adjusted[family == code], alone[1])


def test_max_t_holds_the_chance_of_any_false_claim():
    random, claims = np.random.default_rng(11), 0
    for seed in range(200):
        shared = random.normal(size=(1, 15))
        _, adjusted = max_t(shared + random.normal(size=(8, 15)), sign_flips(15, seed))
        claims += bool(adjusted.min() <= 0.05)
    assert claims / 200 <= 0.10  # .05 expected; .10 is more than three standard errors above


@pytest.mark.parametrize("shape", [(3, 4, 5), (2000, 100, 217), (7, 0, 3), (50, 3000, 90), (1, 20_000, 9), (0, 3, 2)])
def test_products_in_pieces_equal_the_product(shape):
    random, (rows, inner, columns) = np.random.default_rng(0), shape
    left, right = random.normal(size=(rows, inner)), random.normal(size=(inner, columns))
    np.testing.assert_allclose(product_in_pieces(left, right), left @ right, atol=1e-9)
