"""Claims about counting: absence is never zero, order never matters, nothing is counted twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.effects.cells import cells, collapse
from dashboard.effects.missing import contrast_bounds, rate_bounds
from dashboard.effects.observation import Observation, columns
from dashboard.effects.table import rate_rows
from facts.condition import Condition, Tier
from facts.salience import Dose, Salience

BASELINE = Condition(setting="s")
TOLD = Condition(setting="s", doses=(Dose(fact="read", level=Salience.STATED),))


def seen(condition=BASELINE, query="q1", replicate=0, value: bool | None = True, **more) -> Observation:
    return Observation(model="m", condition=condition, query=query, replicate=replicate,
                       measures={"refused": value}, **more)  # fmt: skip


def failed(**more) -> Observation:
    return replace(seen(**more), measures={}, failed=True)


def test_counts_go_to_their_condition_and_query():
    rows = [seen(query="q2"), seen(query="q1", value=False), seen(query="q1", replicate=1), seen(TOLD, query="q1")]
    (found,) = cells(rows)
    assert (found.model, found.measure, found.conditions, found.queries) == (
        "m", "refused", (BASELINE, TOLD), ("q1", "q2"))  # fmt: skip
    assert found.Y_CG.tolist() == [[1, 1], [1, 0]]
    assert found.N_CG.tolist() == [[2, 1], [1, 0]]


def test_unscored_and_failed_are_counted_apart_and_refusals_as_well():
    rows = [seen(), seen(replicate=1, value=None), failed(replicate=2), seen(replicate=3, value=True, refused=True)]
    (found,) = cells(rows)
    counts = (found.n_C, found.unscored_C, found.failed_C, found.refused_C)
    assert [int(count[0]) for count in counts] == [2, 1, 1, 1]
    assert found.lost_CG.tolist() == [[2]]


def test_a_failed_trial_is_never_scored_whatever_it_claims_to_have_measured():
    (found,) = cells([seen(), replace(failed(replicate=1), measures={"refused": True})])
    assert (found.n_C.tolist(), found.failed_C.tolist()) == ([1], [1])


outcomes = st.lists(
    st.tuples(st.sampled_from([BASELINE, TOLD]), st.sampled_from("abcd"), st.sampled_from([True, False, None])),
    min_size=1, max_size=30,
)  # fmt: skip


@settings(deadline=None)
@given(outcomes, st.integers(0, 10))
def test_adding_failures_never_moves_a_rate(drawn, failures):
    rows = [seen(c, q, r, v) for r, (c, q, v) in enumerate(drawn)]
    lost = [failed(condition=drawn[0][0], query=drawn[0][1], replicate=1000 + extra) for extra in range(failures)]
    before, after = rate_rows(cells(rows)), rate_rows(cells(rows + lost))
    assert [(r.rate, r.low, r.high, r.n, r.k) for r in before] == [(r.rate, r.low, r.high, r.n, r.k) for r in after]
    assert sum(r.failed for r in after) == failures


@settings(deadline=None)
@given(outcomes, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_never_matters(drawn, random):
    rows = [seen(c, q, r, v) for r, (c, q, v) in enumerate(drawn)]
    mixed = random.sample(rows, len(rows))
    one = {r.condition: r for r in rate_rows(cells(rows))}
    two = {r.condition: r for r in rate_rows(cells(mixed))}
    assert one.keys() == two.keys()
    for condition, row in one.items():
        other = two[condition]
        assert (row.k, row.n, row.unscored) == (other.k, other.n, other.unscored)
        assert (row.low, row.high) == pytest.approx((other.low, other.high), abs=1e-12)


def test_a_trial_that_appears_twice_is_refused_by_name():
    with pytest.raises(ValueError, match=r"row 2 repeats a trial.*'q1', replicate 0"):
        cells([seen(), seen(query="q2"), seen(value=False)])


def test_a_measure_that_does_not_apply_is_not_lost():
    unmonitored = replace(BASELINE, tier=Tier.UNMONITORED)
    rows = [
        Observation(model="m", condition=BASELINE, query="q", replicate=0, measures={"faking": True, "refused": False}),
        Observation(model="m", condition=unmonitored, query="q", replicate=0, measures={"refused": True}),
        Observation(model="m", condition=unmonitored, query="q", replicate=1, measures={}, failed=True),
        Observation(model="m", condition=BASELINE, query="q", replicate=1, measures={}, failed=True),
    ]
    faking, refused = cells(rows)
    assert faking.conditions == (BASELINE,)
    assert refused.conditions == (BASELINE, unmonitored)
    assert (faking.failed_C.tolist(), refused.failed_C.tolist()) == ([1], [1, 1])


def test_each_model_has_its_own_cells_without_conditions_it_never_saw():
    other = replace(seen(TOLD, query="q9"), model="n")
    one, two = cells([seen(), other])
    assert (one.model, one.conditions, one.queries) == ("m", (BASELINE,), ("q1",))
    assert (two.model, two.conditions, two.queries) == ("n", (TOLD,), ("q9",))


def test_no_rows_give_no_cells():
    assert cells([]) == ()


def test_columns_with_codes_that_point_nowhere_are_refused():
    good = columns([seen(), seen(query="q2")])
    assert len(collapse(good)) == 1
    with pytest.raises(ValueError, match="query_R"):
        replace(good, query_R=np.array([0, 2]))
    with pytest.raises(ValueError, match="value_MR"):
        replace(good, value_MR=np.zeros((2, 2), dtype=np.int8))


def test_worst_cases_put_every_lost_sample_on_one_side():
    found = rate_bounds([[2, 0]], [[4, 1]], [[4, 1]])
    assert (found.low[0], found.high[0]) == (pytest.approx((2 / 8 + 0) / 2), pytest.approx((6 / 8 + 1 / 2) / 2))
    change = contrast_bounds([[2], [1]], [[4], [4]], [[1], [4]], [[-1, 1]])
    assert (change.low[0], change.high[0]) == (pytest.approx(1 / 8 - 3 / 5), pytest.approx(5 / 8 - 2 / 5))


def test_without_losses_the_bounds_are_the_estimate_and_without_data_unknown():
    found = rate_bounds([[2, 1], [0, 0]], [[4, 4], [0, 0]], np.zeros((2, 2)))
    assert found.low[0] == found.high[0] == pytest.approx(3 / 8)
    assert np.isnan(found.low[1])
    assert np.isnan(contrast_bounds([[1], [0]], [[2], [0]], [[0], [0]], [[-1, 1]]).low[0])


def test_losses_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="lost"):
        rate_bounds([[1]], [[2]], [[-1]])


def test_a_rate_row_carries_everything_that_must_stand_beside_a_rate():
    rows = [seen(query=q, replicate=r, value=r == 0) for q in "abc" for r in range(4)]
    (row,) = rate_rows(cells([*rows, failed(query="a", replicate=9), seen(query="b", replicate=9, value=None)]))
    assert (row.k, row.n, row.queries, row.unscored, row.failed, row.refused) == (3, 12, 3, 1, 1, 0)
    assert row.possible_low < row.rate < row.possible_high
    assert 0 <= row.low <= row.k / row.n <= row.high <= 1


def test_a_condition_with_only_failures_has_no_rate():
    (row, _) = rate_rows(cells([failed(condition=TOLD), seen()]))
    assert (row.rate, row.low, row.high, row.n, row.failed) == (None, 0, 1, 0, 1)
    assert (row.possible_low, row.possible_high) == (0, 1)
