"""The facts chosen travel in the URL as one line, whatever the order of toggling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.dose_code import Choice, changed, decode, encode
from facts.errors import FactError
from facts.salience import Polarity, Salience

CHOICES = st.lists(
    st.builds(
        Choice, fact=st.from_regex(r"[a-z][a-z0-9_]{1,12}", fullmatch=True), level=st.sampled_from(Salience),
        polarity=st.sampled_from(Polarity),
    ),
    unique_by=lambda choice: choice.fact,
)  # fmt: skip


@given(CHOICES, st.randoms())
def test_what_is_written_is_read_back_in_any_order(choices, random):
    line = encode(choices)
    shuffled = random.sample(choices, len(choices))
    assert encode(shuffled) == line
    assert decode(line) == {choice.fact: choice for choice in choices}


def test_the_line_is_short_and_plain():
    line = encode([Choice(fact="weights_kept", level=2, polarity=Polarity.PLACEBO), Choice(fact="objections_read")])
    assert line == "objections_read:5a,weights_kept:2p"


def test_a_level_of_0_keeps_its_polarity():
    assert decode("f:0n")["f"].polarity is Polarity.NEGATED


@pytest.mark.parametrize("bad", ["objections_read", "f:6a", "f:1x", "F:1a", "![x](http://h):1a"])
def test_what_cannot_be_read_is_named_with_an_example(bad):
    with pytest.raises(FactError, match="objections_read:5a"):
        decode(bad)


def test_switching_one_fact_leaves_the_others():
    line = changed("a:1a,b:2n", "b", Choice(fact="b", level=3))
    assert line == "a:1a,b:3a"
    assert changed(line, "a", None) == "b:3a"
