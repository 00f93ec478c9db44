"""Claims about looks set before launch: published boundaries, the level held over all looks, and no false hope."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dashboard.effects.cells import cells
from dashboard.effects.looks import complete_prefix, first_queries, look_at, obrien_fleming, plan_looks
from dashboard.effects.observation import Observation
from dashboard.effects.sign_flips import least_p, least_queries, random_flips, sign_flip_ps, sign_flips
from facts.condition import Condition, Tier

# Jennison & Turnbull 2000, table 2.3 (C × √(K/k)), α = .05 two-sided.
PUBLISHED = {
    1: (1.960,), 2: (2.797, 1.977), 3: (3.471, 2.454, 2.004), 4: (4.049, 2.863, 2.337, 2.024),
    5: (4.562, 3.226, 2.634, 2.281, 2.040),
}  # fmt: skip


@pytest.mark.parametrize("looks", PUBLISHED)
def test_boundaries_equal_the_published_ones(looks):
    plan = plan_looks(60, looks)
    assert [round(look.z, 3) for look in plan] == list(PUBLISHED[looks])
    np.testing.assert_allclose([look.p for look in plan], 2 * stats.norm.sf([look.z for look in plan]), rtol=1e-9)
    assert obrien_fleming([0.5, 1], alpha=0.01)[1] == pytest.approx(2.580, abs=5e-4)  # the same table at α = .01


def test_unequal_looks_hold_the_level_of_a_simulated_path():
    t = np.array([7, 10, 23]) / 23
    z = obrien_fleming(t.tolist())
    path = np.random.default_rng(0).normal(size=(200_000, 3)) * np.sqrt(np.diff(t, prepend=0))
    crossed = (np.abs(path.cumsum(axis=1)) / np.sqrt(t) >= z).any(axis=1).mean()
    assert crossed == pytest.approx(0.05, abs=0.0015)  # three standard errors


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 60), st.integers(1, 8))
def test_a_plan_ends_with_the_last_query_and_asks_less_of_p_at_each_look(queries, looks):
    if looks > queries:
        with pytest.raises(ValueError, match="choose 1 to"):
            plan_looks(queries, looks)
        return
    plan = plan_looks(queries, looks)
    assert plan[-1].queries == queries
    assert [look.p for look in plan] == sorted(look.p for look in plan)
    assert plan[-1].p <= 0.05
    assert len({look.queries for look in plan}) == looks


def test_a_run_is_at_the_last_look_it_has_reached():
    plan = plan_looks(20, 5)
    assert [look.queries for look in plan] == [4, 8, 12, 16, 20]
    assert look_at(3, plan) is None
    assert [look_at(count, plan).number for count in (4, 11, 12, 20)] == [1, 2, 3, 5]


def test_each_look_says_how_small_p_must_be_or_that_it_cannot_stop():
    plan = plan_looks(20, 5)
    assert plan[2].words == "look 3 of 5 on 12 of 20 queries: p must be ≤ .0084"
    assert plan[4].words == "look 5 of 5 on 20 of 20 queries: p must be ≤ .0413"
    assert [look.reachable for look in plan] == [False, False, True, True, True]
    assert "look 1 of 5 on 4 of 20 queries cannot stop the run" in plan[0].words
    assert "no data give less than .125" in plan[0].words
    assert plan[2].stops(0.008)
    assert not plan[2].stops(0.0085)
    assert not plan[2].stops(None)


def test_the_flips_of_a_look_reach_its_boundary():
    for look in plan_looks(100, 5):
        p = sign_flip_ps(np.ones((1, look.queries)), sign_flips(look.queries, 1, look.flips))[0]
        assert look.reachable
        assert look.stops(p)
    first = plan_looks(100, 5)[0]
    assert first.p < least_p(20)  # the ordinary 10,000 flips could not


def test_more_flips_begin_with_the_same_ones():
    few, many = random_flips(30, 4), random_flips(30, 4, 50_000)
    assert sum(map(len, many)) == 50_000
    np.testing.assert_array_equal(np.concatenate(few), np.concatenate(many)[: sum(map(len, few))])


def test_the_least_queries_are_those_whose_least_p_is_small_enough():
    assert [least_queries(alpha) for alpha in (0.05, 0.0413, 0.0084, 0.5)] == [6, 6, 8, 2]
    for alpha in (0.3, 0.05, 0.0084, 0.0013):
        assert least_p(least_queries(alpha)) <= alpha < least_p(least_queries(alpha) - 1)


def differences(times, queries, seed):
    """Per-query differences of two arms with equal, query-specific rates: 5 samples each, skewed and often tied."""
    random = np.random.default_rng(seed)
    rates = random.beta(0.8, 2.4, (times, queries))
    return (random.binomial(5, rates) - random.binomial(5, rates)) / 5.0


@pytest.mark.parametrize(("queries", "looks"), [(20, 5), (30, 3), (40, 5)])
def test_over_all_looks_a_true_null_is_rejected_about_one_time_in_twenty(queries, looks):
    D, stopped = differences(3000, queries, queries + looks), np.zeros(3000, dtype=bool)
    for look in plan_looks(queries, looks):
        stopped |= sign_flip_ps(D[:, : look.queries], sign_flips(look.queries, 7, min(look.flips, 20_000))) <= look.p
    assert 0.02 <= stopped.mean() <= 0.06


def test_looking_after_every_query_without_boundaries_is_wrong_far_more_often():
    D, stopped = differences(1000, 60, 5), np.zeros(1000, dtype=bool)
    for seen in range(6, 61):
        stopped |= sign_flip_ps(D[:, :seen], sign_flips(seen, 7)) <= 0.05
    assert stopped.mean() > 0.12


def test_an_effect_that_is_large_stops_early():
    shifted = differences(500, 40, 9) + 0.4
    look = plan_looks(40, 5)[1]
    early = sign_flip_ps(shifted[:, : look.queries], sign_flips(look.queries, 0, look.flips)) <= look.p
    assert early.mean() > 0.5


def test_only_the_first_queries_in_the_order_asked_are_looked_at():
    asked = ("q3", "q1", "q4", "q2")
    rows = [
        Observation(model="m", condition=Condition(setting="s", tier=tier), query=query, replicate=r,
                    measures={"refused": query == "q4"})
        for tier in Tier for query in asked for r in range(3)
    ]  # fmt: skip
    (whole,) = cells(rows)
    seen = first_queries(whole, asked, 3)
    assert seen.queries == ("q1", "q3", "q4")
    assert seen.Y_CG.tolist() == [[0, 0, 3], [0, 0, 3]]
    assert (seen.N_CG.shape, seen.lost_CG.shape, seen.refused_CG.shape) == ((2, 3),) * 3
    assert first_queries(whole, asked, 9).queries == whole.queries


def test_a_query_that_is_still_running_holds_back_those_after_it():
    asked = ("q3", "q1", "q4", "q2")
    assert complete_prefix(asked, {"q3", "q4", "q2"}) == 1
    assert complete_prefix(asked, set(asked)) == 4
    assert complete_prefix(asked, set()) == complete_prefix((), {"q1"}) == 0


@pytest.mark.parametrize("shares", [[], [0.5], [0.5, 0.4, 1], [0, 1], [1.0, 1.0]])
def test_shares_that_do_not_rise_to_one_are_refused(shares):
    with pytest.raises(ValueError, match="rise to 1"):
        obrien_fleming(shares)
