"""Each design has the arms it says, the baseline first, and refuses what makes no sense."""

import pytest

from facts.designs import arms, factorial, ladder, one_at_a_time
from facts.errors import FactError
from facts.salience import Dose, Polarity

AFFIRMED, PLACEBO = Polarity.AFFIRMED, Polarity.PLACEBO


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


@pytest.mark.parametrize(
    ("design", "facts", "levels", "message"),
    [("ladder", ["a", "b"], [2], "climbs one fact"), ("one_at_a_time", ["a"], [0], "above 0"),
     ("latin", ["a"], [2], "choose one of"), ("factorial", list("abcdefghij"), [1, 2, 3, 4], "more than")],
)  # fmt: skip
def test_designs_that_cannot_be_built_say_why(design, facts, levels, message):
    with pytest.raises(FactError, match=message):
        arms(design, facts, levels, [AFFIRMED])
