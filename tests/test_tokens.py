"""Equal estimates are equal real lengths: louder facts must not be longer prompts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.catalog import shipped
from facts.compose import lay_out
from facts.condition import Condition
from facts.filler import sentences
from facts.salience import Dose, Polarity, Salience
from facts.tokens import count_tokens
from runners.models import find_model
from runners.providers import embedded


@given(st.lists(st.sampled_from(sentences()), min_size=1, max_size=12))
def test_a_text_counts_as_many_tokens_as_its_sentences(chosen: list[str]):
    assert count_tokens(" ".join(chosen)) == sum(map(count_tokens, chosen))


@given(st.text(max_size=80), st.text(max_size=80))
def test_more_text_never_counts_fewer_tokens(one: str, two: str):
    assert count_tokens(f"{one} {two}") >= max(count_tokens(one), count_tokens(two))


def test_apostrophe_tails_and_digits_count_as_tokenizers_cut_them():
    assert [count_tokens(text) for text in ("the assistant's view", "don't", "on 24 May", "dietician")] == [4, 2, 5, 3]


@pytest.mark.model
@pytest.mark.parametrize("polarity", list(Polarity))
def test_blocks_of_equal_estimate_have_equal_real_length(polarity: Polarity):
    library, model = shipped(), find_model("embedded")
    setting = library.setting("value_conflict")
    ratios: list[float] = []
    for number, fact in enumerate(library.facts):
        for level in (Salience.ABSENT, Salience.STATED, Salience.EMPHASISED):
            condition = Condition(setting=setting.slug, doses=(Dose(fact=fact, level=level, polarity=polarity),))
            query = setting.queries[number % len(setting.queries)]
            text = lay_out(condition, setting, query, number % 3, library).text
            ratios.append(embedded.tokenize(model, text) / count_tokens(text))
    assert min(ratios) > 0.98
    assert max(ratios) < 1.02
