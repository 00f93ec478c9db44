"""Each design has the arms it says, the baseline first, and refuses what makes no sense."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy.linalg import hadamard

from facts.aliases import Alias, alias_words, aliases
from facts.designs import arms, factorial, fractional, ladder, one_at_a_time, pairwise
from facts.errors import FactError
from facts.fractions import MOST_FACTS, fraction_runs, fractions, screening
from facts.salience import Dose, Polarity

AFFIRMED, NEGATED, PLACEBO = Polarity.AFFIRMED, Polarity.NEGATED, Polarity.PLACEBO


def names(count):
    return [f"f{number:02}" for number in range(count)]


def signs_of(found, facts, told):
    """Arms × facts, 1 where the arm says the fact in that polarity, else −1."""
    return np.array([[1 if (f, told) in {(d.fact, d.polarity) for d in arm} else -1 for f in facts] for arm in found])


def test_a_ladder_is_the_baseline_and_each_level_in_each_polarity():
    made = ladder(["f"], [0, 2, 5], [AFFIRMED, PLACEBO])
    assert made[0] == ()
    assert {str(arm[0]) for arm in made[1:]} == {"f affirmed 2", "f affirmed 5", "f placebo 2", "f placebo 5"}


def test_one_at_a_time_never_shows_two_facts():
    made = one_at_a_time(["a", "b", "c"], [1, 3], [AFFIRMED])
    assert len(made) == 1 + 3 * 2
    assert max(map(len, made)) == 1


def test_a_factorial_shows_every_combination_once():
    made = factorial(["a", "b"], [0, 2, 4], [AFFIRMED])
    assert len(made) == 9 == len(set(made))
    assert (Dose(fact="a", level=2), Dose(fact="b", level=4)) in made


def test_a_baseline_is_there_even_when_level_0_was_not_asked_for():
    assert one_at_a_time(["a"], [3], [AFFIRMED])[0] == ()


@pytest.mark.parametrize("facts", [2, 3, 4, 7, 11, 12, 20, 24, 36, MOST_FACTS])
def test_a_fractions_columns_are_balanced_and_orthogonal_and_its_first_run_is_the_baseline(facts):
    signs = screening(facts).astype(int)
    assert (signs[0] == -1).all()
    with_mean = np.column_stack([np.ones(len(signs), dtype=int), signs])
    assert (with_mean.T @ with_mean == len(signs) * np.eye(facts + 1)).all()
    assert len(np.unique(signs, axis=0)) == len(signs)
    assert (signs > 0).sum(axis=1).max() <= len(signs) // 2


def test_plackett_burmans_sizes_are_used_and_the_next_larger_one_where_there_is_none():
    assert [fraction_runs(n) for n in (3, 7, 11, 15, 19, 20, 23, 24, 27, 36)] == [4, 8, 12, 16, 20, 24, 24, 32, 32, 40]


def test_a_power_of_two_equals_scipys_hadamard_matrix_up_to_order_and_sign():
    ours, theirs = screening(15), hadamard(16)[:, 1:]
    assert {tuple(row) for row in -ours} == {tuple(row) for row in theirs}


def test_twelve_runs_are_plackett_and_burmans_cyclic_design():
    """Plackett & Burman 1946, N = 12: + + − + + + − − − + − and its shifts, and a row of −; any order of columns."""
    row = [1, 1, -1, 1, 1, 1, -1, -1, -1, 1, -1]
    cyclic = np.array([[-1] * 11] + [row[-k:] + row[:-k] for k in range(11)])
    signs = screening(11).astype(int)
    for found in (cyclic, signs):
        triples = [abs(int((found[:, a] * found[:, b] * found[:, c]).sum())) for a, b, c in combinations(range(11), 3)]
        assert set(triples) == {4}  # every main effect is mixed a third with every interaction: unique to this design


def test_a_fractional_design_has_the_baseline_first_and_a_twin_of_each_run_against_placebo():
    facts = names(11)
    made = fractional(facts, [0, 3], [AFFIRMED, PLACEBO])
    assert (made[0], len(made), len(set(made))) == ((), 24, 24)
    against_absence = [arm for arm in made if len(arm) < 11]
    against_placebo = [arm for arm in made if len(arm) == 11]
    assert len(against_absence) == len(against_placebo) == 12
    one, two = signs_of(against_absence, facts, AFFIRMED), signs_of(against_placebo, facts, AFFIRMED)
    assert (one == two).all()
    assert (signs_of(against_placebo, facts, PLACEBO) == -two).all()
    assert {int(dose.level) for arm in made for dose in arm} == {3}


def test_each_level_and_each_polarity_asked_has_its_own_fraction():
    made = fractional(names(7), [0, 2, 5], [AFFIRMED, NEGATED, PLACEBO])
    found = fractions(made)
    assert len(made) == 1 + 2 * 2 * 7 + 2 * (2 * 8 - 1)  # of the twins, all placebo at a level serves both polarities
    assert {(int(f.high[0].level), f.high[0].polarity, f.placebo) for f in found} == set(
        product((2, 5), (AFFIRMED, NEGATED), (False, True)))  # fmt: skip
    (alone,) = fractions(fractional(names(7), [2], [PLACEBO]))
    assert {dose.polarity for dose in alone.high} == {PLACEBO}


@pytest.mark.parametrize("facts", [3, 4, 8, 20])
def test_the_fractions_of_a_fractional_design_are_found_again(facts):
    for fraction in fractions(reversed(fractional(names(facts), [2], [AFFIRMED, PLACEBO]))):
        assert len(fraction.arms) == fraction_runs(facts)
        for arm, row in zip(fraction.arms, fraction.rows, strict=True):
            assert [dose in arm for dose in fraction.high] == list(row)
        assert sum(row[0] for row in fraction.rows) == len(fraction.rows) / 2


def test_other_designs_hold_no_fractions_and_neither_does_half_of_one():
    both = [AFFIRMED, PLACEBO]
    for made in (factorial(names(4), [0, 2], both), one_at_a_time(names(7), [2, 5], both),
                 pairwise(names(7), [2], both), factorial(names(3), [0, 2, 5], [AFFIRMED]),
                 fractional(names(7), [2], [AFFIRMED])[:5], fractional(names(7), [2], [AFFIRMED])[1:]):  # fmt: skip
        assert fractions(made) == ()


def test_twenty_facts_at_two_levels_with_placebos_are_four_fractions():
    assert len(fractions(fractional(names(20), [0, 2, 5], [AFFIRMED, PLACEBO]))) == 4


def test_a_half_fraction_of_three_facts_is_fully_aliased():
    """2^(3−1), I = ±ABC (Box, Hunter & Hunter 2005): each fact's main effect is the other two's interaction."""
    assert aliases(["c", "a", "b"]) == (
        Alias(fact="a", pair=("b", "c"), coefficient=-1.0), Alias(fact="b", pair=("a", "c"), coefficient=-1.0),
        Alias(fact="c", pair=("a", "b"), coefficient=-1.0),
    )  # fmt: skip
    assert "1 fully" in alias_words("abc")


def test_four_facts_in_eight_runs_keep_main_effects_clear_of_pairs():
    assert aliases("abcd") == ()
    assert "no main effect is mixed" in alias_words("abcd")
    assert "all combinations" in alias_words("ab")


def test_twelve_runs_mix_a_third_of_every_interaction_of_others_into_each_main_effect():
    found = aliases(names(11))
    assert len(found) == 11 * 45
    assert {round(abs(alias.coefficient), 12) for alias in found} == {round(1 / 3, 12)}
    assert all(alias.fact not in alias.pair for alias in found)
    assert "45 partly" in alias_words(names(11))
    assert "confirm it" in alias_words(names(11))


def test_an_alias_says_how_much_of_an_interaction_lands_in_the_main_effect():
    facts = names(11)
    signs = screening(11).astype(float)
    both = (signs[:, 1] > 0) & (signs[:, 2] > 0)
    outcome = 0.6 * both  # interaction .6, main effects of both .3 (averaged over each other), of the rest 0
    estimate = 2 * signs.T @ outcome / len(signs)
    share = {(a.fact, a.pair): a.coefficient for a in aliases(facts)}
    truth = np.where(np.isin(np.arange(11), (1, 2)), 0.3, 0.0)
    expected = truth + [0.5 * 0.6 * share.get((f, (facts[1], facts[2])), 0) for f in facts]
    np.testing.assert_allclose(estimate, expected, atol=1e-12)


def test_a_pairwise_design_is_the_baseline_each_fact_alone_and_each_two_together():
    made = pairwise(["c", "a", "b"], [0, 2], [AFFIRMED, PLACEBO])
    assert made[0] == ()
    assert sorted(map(len, made)) == [0] + [1] * 6 + [2] * 6
    assert all(len({(d.level, d.polarity) for d in arm}) <= 1 for arm in made)
    assert (Dose(fact="a", level=2), Dose(fact="c", level=2)) in made


@pytest.mark.parametrize(
    ("design", "facts", "levels", "message"),
    [("ladder", ["a", "b"], [2], "climbs one fact"), ("one_at_a_time", ["a"], [0], "above 0"),
     ("latin", ["a"], [2], "choose one of"), ("factorial", list("abcdefghij"), [1, 2, 3, 4], "more than"),
     ("fractional", ["a", "a"], [2], "screens several facts, got 1"), ("fractional", ["a", "b"], [0], "above 0"),
     ("fractional", names(101), [2], "up to 100 facts"), ("pairwise", ["a"], [2], "needs two facts"),
     ("pairwise", ["a", "b"], [0], "above 0")],
)  # fmt: skip
def test_designs_that_cannot_be_built_say_why(design, facts, levels, message):
    with pytest.raises(FactError, match=message):
        arms(design, facts, levels, [AFFIRMED])
