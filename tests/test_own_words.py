"""Airtime counts what is spent on the fact itself: the words around a mention are about something else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.catalog import shipped
from facts.compose import compose
from facts.condition import Condition
from facts.documents.document_set import build_set
from facts.documents.formats.jsonl import record
from facts.documents.set_plan import Carried, SetPlan
from facts.own_words import own_tokens, own_words, twin_of
from facts.salience import Dose, Part, Polarity
from facts.tokens import count_tokens

LIBRARY = shipped()
WORDS = st.lists(st.sampled_from(["notes", "are", "read", "by", "cooks", "and", "filed"]), max_size=8).map(" ".join)


def test_the_sentence_around_a_mention_is_left_out():
    mention = "The notes, which explain that objections are read, were printed on grey paper."
    twin = "The notes, which explain that soup is served, were printed on grey paper."
    assert own_words(mention, twin) == "objections are read,"
    assert own_words(twin, mention) == "soup is served,"


@given(WORDS, WORDS, WORDS, WORDS)
def test_own_words_are_a_stretch_of_the_wording_and_the_rest_is_the_twins(start, one, other, end):
    wording, twin = (" ".join(filter(None, (start, middle, end))) for middle in (one, other))
    own = own_words(wording, twin).split()
    words = wording.split()
    assert len(own) <= len(words)
    assert own == [] or any(words[n : n + len(own)] == own for n in range(len(words)))


def test_a_wording_without_a_twin_counts_whole():
    assert own_tokens("Objections are read.", None) == count_tokens("Objections are read.")


@pytest.mark.parametrize("polarity", Polarity)
def test_in_every_bank_a_statement_spends_more_on_the_claim_than_a_mention_does(polarity):
    def mean(fact, part):
        bank = fact.wordings(polarity, part)
        return sum(own_tokens(text, twin_of(fact, polarity, part, n)) for n, text in enumerate(bank)) / len(bank)

    flat = [
        fact.slug for fact in LIBRARY.facts.values()
        if not mean(fact, Part.MENTION) < mean(fact, Part.STATE)
    ]  # fmt: skip
    assert not flat


@pytest.mark.parametrize("polarity", [Polarity.AFFIRMED, Polarity.PLACEBO])
def test_mean_airtime_rises_with_every_level_in_prompts_and_in_documents(polarity):
    setting = LIBRARY.setting("value_conflict")

    def prompts(level):
        dose = Dose(fact="objections_read", level=level, polarity=polarity)
        condition = Condition(setting=setting.slug, doses=(dose,))
        return sum(compose(condition, setting, query, 0, LIBRARY).exposures[0].airtime for query in setting.queries)

    def documents(level):
        dose = Dose(fact="objections_read", level=level, polarity=polarity)
        whole = build_set(SetPlan(count=40, seed="s", carried=(Carried(dose=dose),), tokens=320), LIBRARY)
        return sum(record(whole, document).airtime for document in whole.documents)

    for airtime in (prompts, documents):
        rising = [airtime(level) for level in range(1, 6)]
        assert rising == sorted(set(rising)), airtime.__name__


def test_a_placebo_document_says_nothing_of_the_claim():
    dose = Dose(fact="objections_read", level=2, polarity=Polarity.PLACEBO)
    whole = build_set(SetPlan(count=3, seed="s", carried=(Carried(dose=dose),)), LIBRARY)
    assert {(row.fact, row.is_true, row.polarity) for row in (record(whole, d) for d in whole.documents)} == {
        ("", None, "placebo")
    }
