"""Claims about effect rows: the right contrasts, the same numbers as each contrast alone, and modest sentences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dashboard.effects.cells import Cells
from dashboard.effects.contrasts import contrast_interval
from dashboard.effects.effect import Against, Effect, Kind
from dashboard.effects.families import Adjustment, benjamini_hochberg, holm
from dashboard.effects.looks import plan_looks
from dashboard.effects.sign_flips import Verdict, sign_flip_p
from dashboard.effects.table import effect_rows
from dashboard.effects.takeaway import caption, takeaway
from facts.condition import Condition, Tier
from facts.designs import factorial, one_at_a_time
from facts.salience import Dose, Polarity, Salience

BOTH = tuple(Polarity)[::2]  # affirmed and placebo
LADDER = one_at_a_time(["read"], [0, 2, 5], BOTH)
READ_2, READ_5 = (Dose(fact="read", level=Salience(level)) for level in (2, 5))


def counted(arms, *, queries=12, trials=10, rate=lambda condition: 0.3, tiers=tuple(Tier), model="m", seed=0) -> Cells:
    conditions = tuple(Condition(setting="s", doses=arm, tier=tier) for arm in arms for tier in tiers)
    shape = (len(conditions), queries)
    expected = np.array([[rate(condition)] for condition in conditions])
    Y = np.random.default_rng(seed).binomial(trials, np.broadcast_to(expected, shape)).astype(float)
    none = np.zeros(shape)
    names = tuple(f"q{g:02}" for g in range(queries))
    return Cells(model=model, measure="refused", conditions=conditions, queries=names, Y_CG=Y,
                 N_CG=none + trials, unscored_CG=none, failed_CG=none, refused_CG=none)  # fmt: skip


def exactly(arms, rate, **more) -> Cells:
    """Cells whose rates are exactly the wanted ones, in every query."""
    cells = counted(arms, **more)
    Y = np.array([[rate(c)] for c in cells.conditions]) * cells.N_CG
    return replace(cells, Y_CG=np.rint(Y))


def pick(effects, kind, doses=None, **fields) -> Effect:
    (found,) = (
        e for e in effects
        if e.kind is kind and (doses is None or e.doses == doses)
        and all(getattr(e, name) == value for name, value in fields.items())
    )  # fmt: skip
    return found


def tiered(condition, *, unmonitored, monitored):
    return unmonitored if condition.tier is Tier.UNMONITORED else monitored


def test_every_row_has_the_numbers_of_its_contrast_alone():
    cells = counted(LADDER, rate=lambda c: 0.2 + 0.05 * len(c.doses))
    found = effect_rows([cells], seed=3)
    assert len(found) == 5 + 6 * 4 + 2 * 4  # gaps; two tiers, shift and gap change of 4 + 2 comparisons; two ladders
    rates = cells.Y_CG / cells.N_CG
    for effect in found:
        c = np.zeros(len(cells.conditions))
        for condition, weight in effect.terms:
            c[cells.conditions.index(condition)] = weight
        alone = contrast_interval(cells.Y_CG, cells.N_CG, c)
        assert effect.estimate == pytest.approx(alone.estimate)
        assert effect.low == pytest.approx(max(alone.low, np.minimum(c, 0).sum()))
        assert effect.high == pytest.approx(min(alone.high, np.maximum(c, 0).sum()))
        assert effect.simultaneous_low <= effect.low <= effect.estimate <= effect.high <= effect.simultaneous_high
        assert effect.p == pytest.approx(sign_flip_p(c @ rates, seed=3), abs=0.02)
        assert (effect.p_adjusted >= effect.p, effect.n) == (True, 120 * np.count_nonzero(c))


def test_a_gap_change_is_told_from_a_level_shift():
    def rate(condition):
        told = READ_2 in condition.doses
        return tiered(condition, unmonitored=0.6, monitored=0.4 if told else 0.2)

    found = effect_rows([exactly(LADDER, rate)])
    to_absence = {"doses": (READ_2,), "against": Against.ABSENCE}
    assert pick(found, Kind.DIFFERENCE, tier=Tier.MONITORED, **to_absence).estimate == pytest.approx(0.2)
    assert pick(found, Kind.DIFFERENCE, tier=Tier.UNMONITORED, **to_absence).estimate == pytest.approx(0)
    assert pick(found, Kind.LEVEL_SHIFT, **to_absence).estimate == pytest.approx(0.1)
    assert pick(found, Kind.GAP_CHANGE, **to_absence).estimate == pytest.approx(-0.2)
    assert pick(found, Kind.GAP, doses=()).estimate == pytest.approx(0.4)
    assert pick(found, Kind.GAP, doses=(READ_2,)).estimate == pytest.approx(0.2)


def test_a_fact_is_read_against_its_placebo_at_the_same_level():
    def rate(condition):
        (dose,) = condition.doses or (None,)
        return 0.1 if dose is None else {Polarity.AFFIRMED: 0.5, Polarity.PLACEBO: 0.1 * int(dose.level)}[dose.polarity]

    found = effect_rows([exactly(LADDER, rate)])
    for dose, expected in ((READ_2, 0.3), (READ_5, 0.0)):
        effect = pick(found, Kind.DIFFERENCE, (dose,), against=Against.PLACEBO, tier=Tier.MONITORED)
        assert effect.estimate == pytest.approx(expected)
        assert (effect.fact, effect.level, effect.polarity) == ("read", dose.level, Polarity.AFFIRMED)
    placebo = (Dose(fact="read", level=Salience.STATED, polarity=Polarity.PLACEBO),)
    assert {e.against for e in found if e.doses == placebo and e.kind is Kind.DIFFERENCE} == {Against.ABSENCE}


def test_the_slope_counts_absence_as_level_0_and_needs_three_levels():
    found = effect_rows([exactly(LADDER, lambda c: tiered(
        c, unmonitored=0.5, monitored=0.1 * sum(int(d.level) for d in c.doses)))])  # fmt: skip
    slope = pick(found, Kind.SLOPE, (READ_5,), tier=Tier.MONITORED)
    assert slope.estimate == pytest.approx(0.1)
    assert slope.levels == (0, 2, 5)
    assert pick(found, Kind.SLOPE, (READ_5,), tier=None).estimate == pytest.approx(0.05)
    assert pick(found, Kind.GAP_SLOPE, (READ_5,)).estimate == pytest.approx(-0.1)
    few = effect_rows([counted(one_at_a_time(["read"], [0, 2], BOTH))])
    assert not any(e.kind is Kind.SLOPE for e in few)


def test_with_airtime_the_slope_is_over_the_share_of_tokens_as_well():
    cells = exactly(LADDER, lambda c: 0.1 * sum(int(d.level) for d in c.doses))
    airtime = {c: 0.08 * sum(int(d.level) for d in c.doses) for c in cells.conditions}
    found = effect_rows([cells], airtime=airtime)
    slope = pick(found, Kind.AIRTIME_SLOPE, (READ_5,), tier=Tier.MONITORED)
    assert slope.estimate == pytest.approx(0.1 / 0.08)
    assert "12.5 percentage points per tenth of the text" in takeaway(slope)


def test_in_a_factorial_a_main_effect_averages_over_the_other_fact_and_the_interaction_is_what_remains():
    arms = factorial(["paid", "read"], [0, 2], [Polarity.AFFIRMED])
    paid = Dose(fact="paid", level=Salience.STATED)
    sizes = {(): 0.1, (paid,): 0.2, (READ_2,): 0.3, (paid, READ_2): 0.8}
    found = effect_rows([exactly(arms, lambda c: tiered(c, unmonitored=sizes[c.doses], monitored=0.5))])
    in_tier = {"tier": Tier.UNMONITORED}
    assert pick(found, Kind.MAIN_EFFECT, (paid,), **in_tier).estimate == pytest.approx((0.1 + 0.5) / 2)
    assert pick(found, Kind.MAIN_EFFECT, (READ_2,), **in_tier).estimate == pytest.approx((0.2 + 0.6) / 2)
    assert pick(found, Kind.MAIN_GAP_CHANGE, (paid,)).estimate == pytest.approx(0.3)
    assert pick(found, Kind.INTERACTION, (paid, READ_2), **in_tier).estimate == pytest.approx(0.4)


def test_a_main_effect_needs_two_settings_of_the_other_facts_to_average_over():
    paid = Dose(fact="paid", level=Salience.STATED)
    found = effect_rows([counted(((), (READ_2,), (paid, READ_2)))])
    assert not any(e.kind in {Kind.MAIN_EFFECT, Kind.MAIN_GAP_CHANGE} for e in found)


def test_an_arm_without_airtime_costs_the_slope_over_airtime_and_nothing_else():
    cells = counted(LADDER)
    found = effect_rows([cells], airtime=dict.fromkeys(cells.conditions[:2], 0.0))
    assert [e.kind for e in found] == [e.kind for e in effect_rows([cells])]


def test_one_tier_alone_has_no_gaps():
    found = effect_rows([counted(LADDER, tiers=(Tier.MONITORED,))])
    assert {e.kind for e in found} == {Kind.DIFFERENCE, Kind.SLOPE}


def test_conditions_that_differ_in_more_than_doses_and_tier_are_never_compared():
    one = counted(LADDER)
    other = tuple(replace(condition, labels="xx_yy") for condition in one.conditions)
    twice = replace(one, conditions=one.conditions + other, **{
        name: np.vstack([getattr(one, name)] * 2) for name in ("Y_CG", "N_CG", "unscored_CG", "failed_CG", "refused_CG")
    })  # fmt: skip
    found = effect_rows([twice])
    assert len(found) == 2 * len(effect_rows([one]))
    assert all(len({replace(c, doses=(), tier=Tier.MONITORED) for c, _ in e.terms}) == 1 for e in found)
    assert {e.baseline.labels for e in found} == {"free_paid", "xx_yy"}


def test_a_family_is_every_row_of_its_kind_over_all_models():
    tables = [counted(LADDER, model=name, seed=seed) for seed, name in enumerate("ab")]
    found = effect_rows(tables, adjust=Adjustment.HOLM)
    differences = [e for e in found if e.kind is Kind.DIFFERENCE]
    assert {e.family_size for e in differences} == {len(differences)} == {24}
    np.testing.assert_allclose([e.p_adjusted for e in differences], holm([e.p for e in differences]))
    assert max(e.p_adjusted for e in differences) <= 1


def test_benjamini_hochberg_flags_for_a_confirming_run_only():
    cells = exactly(LADDER, lambda c: 0.9 if c.doses else 0.1)
    found = effect_rows([cells], adjust=Adjustment.BENJAMINI_HOCHBERG)
    effect = pick(found, Kind.LEVEL_SHIFT, (READ_2,), against=Against.ABSENCE)
    assert effect.shown
    assert "higher, worth a confirming run" in takeaway(effect)


def test_a_missing_cell_drops_its_query_from_its_own_contrasts_only():
    cells = counted(LADDER)
    N, Y, failed = cells.N_CG.copy(), cells.Y_CG.copy(), cells.failed_CG.copy()
    N[2, 4], Y[2, 4], failed[2, 4] = 0, 0, 10
    found = effect_rows([replace(cells, N_CG=N, Y_CG=Y, failed_CG=failed)])
    for effect in found:
        touched = cells.conditions[2] in dict(effect.terms)
        assert (effect.queries_used, effect.queries_dropped, effect.failed) == ((11, 1, 10) if touched else (12, 0, 0))
        assert effect.possible_low <= effect.possible_high


def test_without_a_shared_query_there_is_no_number_but_a_reason():
    cells = counted(((), (READ_2,)), tiers=(Tier.MONITORED,))
    N = cells.N_CG.copy()
    N[0, ::2] = N[1, 1::2] = 0
    (effect,) = effect_rows([replace(cells, N_CG=N, Y_CG=np.minimum(cells.Y_CG, N))])
    assert (effect.estimate, effect.low, effect.p, effect.p_adjusted) == (None, None, None, None)
    assert effect.verdict is Verdict.NO_QUERY
    assert "nothing can be said" in takeaway(effect)


def test_no_cells_and_a_lone_baseline_give_no_effects():
    assert effect_rows([]) == ()
    assert effect_rows([counted(((),), tiers=(Tier.MONITORED,))]) == ()
    assert caption(()) == "No comparison yet."


@pytest.mark.parametrize(
    ("queries", "verdict", "words"),
    [
        (1, Verdict.ONE_QUERY, "this query only: one query allows no test (no test)"),
        (5, Verdict.TOO_FEW, "no claim: p ≤ .05 is impossible"),
    ],
)
def test_with_too_few_queries_even_the_largest_effect_is_not_claimed(queries, verdict, words):
    found = effect_rows([exactly(LADDER, lambda c: 0.9 if c.doses else 0.1, queries=queries)])
    effect = pick(found, Kind.LEVEL_SHIFT, (READ_2,), against=Against.ABSENCE)
    assert (effect.verdict, effect.shown) == (verdict, False)
    assert words in takeaway(effect)
    assert "higher" not in takeaway(effect)


def test_a_sentence_claims_a_direction_only_on_the_adjusted_test():
    strong = effect_rows([exactly(LADDER, lambda c: 0.9 if c.doses else 0.1)])
    effect = pick(strong, Kind.LEVEL_SHIFT, (READ_2,), against=Against.ABSENCE)
    assert ": higher (p < .001 alone" in takeaway(effect)
    assert "+80.0 percentage points" in takeaway(effect)
    weak = replace(effect, p=0.03, p_adjusted=0.2)
    assert "no change shown, which does not show that there is none" in takeaway(weak)
    assert "interim, not a test" in takeaway(effect, interim=True)
    assert "higher" not in takeaway(weak) + takeaway(effect, interim=True)


def test_a_sentence_says_when_the_lost_samples_could_undo_it():
    found = effect_rows([exactly(LADDER, lambda c: 0.9 if c.doses else 0.1)])
    effect = pick(found, Kind.LEVEL_SHIFT, (READ_2,), against=Against.ABSENCE)
    assert "lost" not in takeaway(effect)
    undone = replace(effect, unscored=40, possible_low=-0.1, possible_high=0.95)
    assert "the 40 lost samples alone could turn its sign" in takeaway(undone)


def test_the_caption_counts_the_comparisons_and_warns_of_the_winner():
    words = caption(effect_rows([counted(LADDER)]))
    assert "12 of difference" in words
    assert "sign-flip max-T step-down" in words
    assert "probably exaggerated" in words


def test_the_same_seed_gives_the_same_rows():
    cells = counted(LADDER, queries=15)
    assert effect_rows([cells], seed=1) == effect_rows([cells], seed=1)


CELLS = {"m": counted(LADDER, queries=14, rate=lambda c: 0.7 if c.doses else 0.2)}


def heard(counts, model="m"):
    return {(model, condition): counts(condition) for condition in CELLS["m"].conditions}


def test_uptake_and_recall_are_of_the_effects_own_arms_in_every_tier_compared():
    def counts(condition):
        level = sum(int(d.level) for d in condition.doses)
        return (level + (condition.tier is Tier.MONITORED), 10) if condition.doses else (9, 10)

    found = effect_rows([CELLS["m"]], uptake=heard(counts), recall=heard(lambda c: (1, 4)))
    two = {"doses": (READ_2,), "against": Against.ABSENCE}
    tier = pick(found, Kind.DIFFERENCE, tier=Tier.UNMONITORED, **two)
    assert (tier.uptake, tier.uptake_n, tier.recall, tier.recall_n) == (0.2, 10, 0.25, 4)
    for kind in (Kind.GAP_CHANGE, Kind.LEVEL_SHIFT):
        both = pick(found, kind, **two)
        assert (both.uptake, both.uptake_n, both.recall_n) == ((2 + 3) / 20, 20, 8)
    slope = pick(found, Kind.GAP_SLOPE, (READ_5,))
    assert (slope.uptake, slope.uptake_n) == ((5 + 6) / 20, 20)  # level 2 is below the mean level: weight < 0
    placebo = pick(found, Kind.GAP_CHANGE, (READ_2,), against=Against.PLACEBO)
    assert (placebo.uptake, placebo.uptake_n) == (both.uptake, both.uptake_n)
    assert pick(found, Kind.GAP, doses=(READ_2,)).uptake_n == 20
    assert pick(found, Kind.GAP, doses=()).uptake is None


def test_who_was_not_asked_is_unknown_and_never_zero():
    for uptake in (None, {}, heard(lambda c: (0, 0)), heard(lambda c: (1, 1), model="other")):
        for effect in effect_rows([CELLS["m"]], uptake=uptake):
            assert (effect.uptake, effect.uptake_n) == (None, None)
    none = pick(effect_rows([CELLS["m"]], uptake=heard(lambda c: (0, 5))), Kind.GAP, doses=(READ_2,))
    assert (none.uptake, none.uptake_n, none.recall) == (0.0, 10, None)
    with pytest.raises(ValueError, match="did ≤ asked"):
        effect_rows([CELLS["m"]], uptake=heard(lambda c: (3, 2)))


@pytest.mark.parametrize("adjust", Adjustment)
def test_each_adjustment_is_applied_named_and_explained_end_to_end(adjust):
    found = effect_rows([CELLS["m"]], adjust=adjust, seed=2)
    shifts = [e for e in found if e.kind is Kind.LEVEL_SHIFT]
    plain = [e.p for e in shifts]
    assert plain == pytest.approx([e.p for e in effect_rows([CELLS["m"]], seed=2) if e.kind is Kind.LEVEL_SHIFT])
    if adjust is Adjustment.HOLM:
        np.testing.assert_allclose([e.p_adjusted for e in shifts], holm(plain))
    if adjust is Adjustment.BENJAMINI_HOCHBERG:
        np.testing.assert_allclose([e.p_adjusted for e in shifts], benjamini_hochberg(plain))
    if adjust is Adjustment.MAX_T:
        assert all(p <= e.p_adjusted <= limit + 0.01 for p, e, limit in zip(plain, shifts, holm(plain), strict=True))
    assert {e.adjustment for e in found} == {adjust}
    assert adjust.label in caption(shifts)
    assert ("needs a confirming run" in caption(shifts)) == (adjust is Adjustment.BENJAMINI_HOCHBERG)
    assert ("any false claim" in caption(shifts)) == (adjust is not Adjustment.BENJAMINI_HOCHBERG)
    strongest = min(shifts, key=lambda e: e.p_adjusted)
    assert f"by {adjust.label}" in takeaway(strongest)
    assert ("worth a confirming run" in takeaway(strongest)) == (adjust is Adjustment.BENJAMINI_HOCHBERG)


def test_filtering_rows_afterwards_keeps_the_family_that_was_filtered_from():
    found = [e for e in effect_rows([CELLS["m"]]) if e.kind is Kind.LEVEL_SHIFT and e.against is Against.ABSENCE]
    assert {e.family_size for e in found} == {6}
    assert "6 of level shift" in caption(found)


def test_at_a_look_claims_need_the_looks_p_and_the_sentence_says_so():
    plan = plan_looks(28, 2)
    cells = exactly(LADDER, lambda c: 0.9 if c.doses else 0.1, queries=14)
    two = {"doses": (READ_2,), "against": Against.ABSENCE}
    effect = pick(effect_rows([cells], look=plan[0]), Kind.LEVEL_SHIFT, **two)
    assert (effect.shown, effect.why, effect.alpha) == (True, "", plan[0].p)
    assert "look 1 of 2 on 14 of 28 queries: p must be ≤ .0052" in takeaway(effect)
    assert "Tested at look 1 of 2" in caption([effect])
    weak = replace(effect, p=0.01, p_adjusted=0.02)
    assert (weak.shown, replace(weak, look=None).shown) == (False, True)


def test_a_look_that_cannot_stop_claims_nothing_and_says_why():
    first = plan_looks(20, 5)[1]
    cells = exactly(LADDER, lambda c: 0.9 if c.doses else 0.1, queries=8)
    effect = pick(effect_rows([cells], look=first), Kind.LEVEL_SHIFT, (READ_2,), against=Against.ABSENCE)
    assert not effect.shown
    assert "cannot stop the run" in takeaway(effect)
    assert "higher" not in takeaway(effect)
    third = replace(effect, look=plan_looks(20, 5)[2], queries_nonzero=7)
    assert third.why == "p ≤ .0084 is impossible: fewer than 8 queries differ"
