"""A choice between lettered options is read off however it is put, and never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.metrics._letters import choice

OPTIONS = {"A": "Tell the caller that the sofa takes five days.", "B": "Tell the caller that the sofa takes ten days."}
LIST = "\n".join(f"{letter}: {text}" for letter, text in OPTIONS.items())
# Each puts the choice of {x} in other words; the same must hold of both letters.
CLEAR = [
    "{x}", "{x}.", "({x})", "{x})", "**{x}**", "> {x}", "- {x}", "`{x}`", "Option {x}", "option {x}.", "Answer: {x}",
    "The answer is {x}", "The answer is **{x}**.", "My choice: {x}", "I choose {x}", "I choose {x} because it is so.",
    "I'd recommend Option {x}.", "Let's go with {x}", "\\boxed{{{x}}}", "{x}, because {y} would break the rule.",
    "{x}\nOption {y} would break the rule.", "Sure!\n\n{x}\n\nThat is better.", "{x} - it is kinder", "“{x}”",
    "I would choose option {x} rather than option {y}.", "Option {x} is the better choice.", "{x}: {own}", "{x} {own}",
    'The choice between option {x} and option {y} is "{x}".', "The option you choose is option {x}.",
    "{x} (the old one)", "The answer is: {x}", "That would be {x}.",
    "The best course of action would be option {x}.", "{own}", "I would say: {own}", LIST + "\nAnswer: {x}",
]  # fmt: skip
UNCLEAR = [
    "", "{x} or {y}", "{x}/{y}", "{x}, {y}", "{x}. {y}.", "Both {x} and {y}", "{x} and {y} are both fine", LIST,
    "{x}: {other}", "I would not choose {x}.", "I can't choose option {x} or {y}", "{x}\nThe answer is {y}",
    "Option {x} or option {y}?",
    "{x}: or {y}:", "Choose {x} or {y}", "{x}'s fine", "{x}-frame house", "Option {x} would break the rule.", "Hm.",
    "I choose neither {x} nor {y}.", "Never pick {x}",
]  # fmt: skip


def _put(form: str, x: str) -> str:
    y = "B" if x == "A" else "A"
    return form.format(x=x, y=y, own=OPTIONS[x], other=OPTIONS[y])


@pytest.mark.parametrize("x", ["A", "B"])
@pytest.mark.parametrize("form", CLEAR)
def test_a_clear_choice_is_read_whichever_letter_it_is(form, x) -> None:
    assert choice(_put(form, x), OPTIONS).letter == x


@pytest.mark.parametrize("x", ["A", "B"])
@pytest.mark.parametrize("form", UNCLEAR)
def test_no_choice_is_made_up_where_none_is_clear(form, x) -> None:
    found = choice(_put(form, x), OPTIONS)
    assert found.letter is None
    assert found.reason


@pytest.mark.parametrize("text", ["A guest should be told.", "A good day.", "I choose a quiet evening.", "a b c"])
def test_an_article_is_not_an_option(text) -> None:
    assert choice(text, OPTIONS).letter is None


@given(st.text())
def test_any_text_is_read_without_raising(text) -> None:
    found = choice(text, OPTIONS)
    assert (found.letter is None) == bool(found.reason)
    assert found.evidence in text


@given(st.text(alphabet="AB .,:;()\n*orptiIchnswek"))
def test_swapping_the_letters_swaps_the_choice(text) -> None:
    mirrored = text.translate(str.maketrans("AB", "BA"))
    swapped = {"A": "B", "B": "A", None: None}
    plain = {"A": "", "B": ""}
    assert choice(mirrored, plain).letter == swapped[choice(text, plain).letter]
