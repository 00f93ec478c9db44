"""Claims about fractions and pairs: main effects against absence and placebo, and never a difference of mixed runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dashboard.effects.effect import Against, Kind
from dashboard.effects.planned import planned, weight_matrix
from dashboard.effects.table import effect_rows
from dashboard.effects.takeaway import caption, takeaway
from dashboard.effects.worlds import worlds
from facts.aliases import aliases
from facts.condition import Condition, Tier
from facts.designs import factorial, fractional, pairwise
from facts.salience import Dose, Polarity, Salience
from test_effects_table import counted, exactly, pick, tiered

AFFIRMED, PLACEBO = Polarity.AFFIRMED, Polarity.PLACEBO
FACTS = [f"f{number:02}" for number in range(11)]
BOTH = fractional(FACTS, [0, 2], [AFFIRMED, PLACEBO])


def dose(fact, polarity=AFFIRMED) -> Dose:
    return Dose(fact=fact, level=Salience.STATED, polarity=polarity)


def conditions_of(arms):
    return tuple(Condition(setting="s", doses=arm, tier=tier) for arm in arms for tier in Tier)


def says(condition, fact, polarity=AFFIRMED):
    return dose(fact, polarity) in condition.doses


def test_a_fraction_gives_gaps_and_main_effects_and_nothing_else():
    found = planned(conditions_of(BOTH))
    kinds = [item.kind for item in found]
    assert set(kinds) == {Kind.GAP, Kind.MAIN_EFFECT, Kind.MAIN_GAP_CHANGE}
    assert kinds.count(Kind.GAP) == len(BOTH) == 24
    assert kinds.count(Kind.MAIN_EFFECT) == 11 * 2 * 3  # against absence and placebo; each tier and their mean
    assert kinds.count(Kind.MAIN_GAP_CHANGE) == 11 * 2


def test_main_effects_of_a_fraction_are_orthogonal_contrasts_of_half_the_runs_with_the_other_half():
    items = [w for w in worlds(BOTH) if w.of_gap is Kind.MAIN_GAP_CHANGE]
    assert all(w.screened for w in items)
    arms = {arm: number for number, arm in enumerate(BOTH)}
    for against in (Against.ABSENCE, Against.PLACEBO):
        c = np.zeros((11, len(BOTH)))
        for row, world in enumerate(w for w in items if w.against is against):
            for arm, weight in world.weights:
                c[row, arms[arm]] = weight
                other = PLACEBO if against is Against.PLACEBO else None
                assert weight == pytest.approx(1 / 6 if world.doses[0] in arm else -1 / 6)
                assert other is None or weight > 0 or replace(world.doses[0], polarity=PLACEBO) in arm
        np.testing.assert_allclose(c @ c.T, np.eye(11) / 3, atol=1e-12)
        np.testing.assert_allclose(c.sum(axis=1), 0, atol=1e-12)


def test_a_fraction_recovers_each_facts_effect_against_absence_against_placebo_and_on_the_gap():
    def rate(condition):
        told = 0.2 * says(condition, "f03") + 0.1 * says(condition, "f03", PLACEBO)
        return 0.3 + told + tiered(condition, unmonitored=0.1 * says(condition, "f07"), monitored=0)

    found = effect_rows([exactly(BOTH, rate, trials=100)])
    absence, placebo = {"against": Against.ABSENCE}, {"against": Against.PLACEBO}
    monitored = {"tier": Tier.MONITORED}
    assert pick(found, Kind.MAIN_EFFECT, (dose("f03"),), **absence, **monitored).estimate == pytest.approx(0.2)
    assert pick(found, Kind.MAIN_EFFECT, (dose("f03"),), **placebo, **monitored).estimate == pytest.approx(0.1)
    assert pick(found, Kind.MAIN_EFFECT, (dose("f03"),), **absence, tier=None).estimate == pytest.approx(0.2)
    assert pick(found, Kind.MAIN_GAP_CHANGE, (dose("f07"),), **absence).estimate == pytest.approx(0.1)
    assert pick(found, Kind.MAIN_EFFECT, (dose("f07"),), **absence, tier=None).estimate == pytest.approx(0.05)
    for fact in set(FACTS) - {"f03", "f07"}:
        for kind in (Kind.MAIN_EFFECT, Kind.MAIN_GAP_CHANGE):
            assert [e.estimate for e in found if e.kind is kind and e.fact == fact] == pytest.approx(
                [0.0] * (6 if kind is Kind.MAIN_EFFECT else 2), abs=1e-9)  # fmt: skip


def test_what_two_facts_do_together_lands_in_other_main_effects_as_the_aliases_say():
    arms = fractional(FACTS, [2], [AFFIRMED])
    found = effect_rows([exactly(arms, lambda c: 0.3 * (says(c, "f01") and says(c, "f02")))])
    carried = {alias.fact: alias.coefficient for alias in aliases(FACTS) if alias.pair == ("f01", "f02")}
    for fact in FACTS[3:]:
        effect = pick(found, Kind.MAIN_EFFECT, (dose(fact),), tier=Tier.MONITORED)
        assert effect.estimate == pytest.approx(0.5 * 0.3 * carried[fact])
        assert abs(effect.estimate) == pytest.approx(0.05)


def test_a_screened_effect_is_never_claimed_as_the_facts_own():
    found = effect_rows([exactly(BOTH, lambda c: 0.2 + 0.4 * says(c, "f03"))])
    effect = pick(found, Kind.MAIN_EFFECT, (dose("f03"),), against=Against.ABSENCE, tier=None)
    assert effect.shown
    sentence = takeaway(effect)
    assert "averaged over the other facts" in sentence
    assert "an interaction of others that is mixed with it, worth a confirming run" in sentence


def test_levels_are_screened_apart_and_share_the_baseline():
    arms = fractional(FACTS[:7], [1, 5], [AFFIRMED])
    found = planned(conditions_of(arms))
    main = [item for item in found if item.kind is Kind.MAIN_GAP_CHANGE]
    assert {(item.world.doses[0].level, item.world.levels) for item in main} == {(1, (1,)), (5, (5,))}
    for item in main:
        assert {d.level for arm, _ in item.world.weights for d in arm} == set(item.world.levels)
        assert () in [arm for arm, _ in item.world.weights]


def test_a_tier_that_misses_a_run_has_no_main_effects_there():
    cells = counted(fractional(FACTS[:7], [2], [AFFIRMED]))
    kept = [i for i, c in enumerate(cells.conditions) if i != 4]
    fewer = replace(cells, conditions=tuple(cells.conditions[i] for i in kept), **{
        name: getattr(cells, name)[kept] for name in ("Y_CG", "N_CG", "unscored_CG", "failed_CG", "refused_CG")
    })  # fmt: skip
    missing = cells.conditions[4].tier
    assert {e.tier for e in effect_rows([fewer]) if e.kind is Kind.MAIN_EFFECT} == set(Tier) - {missing}


def test_two_facts_are_a_full_factorial_with_its_interaction():
    made = fractional(["a", "b"], [2], [AFFIRMED])
    assert set(made) == set(factorial(["a", "b"], [2], [AFFIRMED]))
    assert Kind.INTERACTION in {item.kind for item in planned(conditions_of(made))}


def test_pairs_give_each_interaction_and_each_fact_against_absence_and_its_twin():
    arms = pairwise(["a", "b", "c"], [0, 2], [AFFIRMED, PLACEBO])

    def rate(condition):
        return 0.1 + 0.2 * says(condition, "a") + 0.1 * says(condition, "b") + 0.3 * (
            says(condition, "a") and says(condition, "b")) + 0.1 * says(condition, "a", PLACEBO)  # fmt: skip

    found = effect_rows([exactly(arms, lambda c: tiered(c, unmonitored=rate(c), monitored=0.2))])
    unmonitored = {"tier": Tier.UNMONITORED}
    pairs = {e.doses: e.estimate for e in found if e.kind is Kind.INTERACTION and e.tier is Tier.UNMONITORED}
    assert pairs == {
        (dose("a"), dose("b")): pytest.approx(0.3), (dose("a"), dose("c")): pytest.approx(0, abs=1e-9),
        (dose("b"), dose("c")): pytest.approx(0, abs=1e-9),
    }  # fmt: skip
    assert pick(found, Kind.GAP_INTERACTION, (dose("a"), dose("b"))).estimate == pytest.approx(0.3)
    both = pick(found, Kind.DIFFERENCE, (dose("a"), dose("b")), against=Against.PLACEBO, **unmonitored)
    assert both.estimate == pytest.approx(0.6 - 0.1)
    assert not any(e.screened for e in found)


def test_twenty_facts_at_two_levels_with_placebos_are_planned_whole():
    arms = fractional([f"f{number:02}" for number in range(20)], [0, 2, 5], [AFFIRMED, PLACEBO])
    conditions = conditions_of(arms)
    found = planned(conditions)
    assert weight_matrix(found, len(conditions)).shape == (95 + 240 + 80, 190)


def test_the_caption_names_main_effects_as_their_own_family():
    words = caption([e for e in effect_rows([counted(BOTH)]) if e.kind is Kind.MAIN_EFFECT])
    assert "66 of main effect" in words
