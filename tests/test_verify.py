"""A fact whose question could be answered by matching words is found when it is authored; the library has none."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest

from facts import verify
from facts.catalog import shipped
from facts.condition import Tier
from facts.documents.gates._thresholds import thresholds
from facts.salience import Part, Polarity
from facts.verify import problems
from facts.word_runs import runs, words

LIBRARY = shipped()
FACT = LIBRARY.fact("rated_not_trained")
LENGTH = thresholds().leakage.words
ASKED = [*(("recall", name) for name in ("question", "affirmed", "negated", "distractor", "not_stated")),
         *(("use", name) for name in ("case", "if_true", "if_false"))]  # fmt: skip


def _with(table: str, name: str, text: str):
    return replace(FACT, **{table: replace(getattr(FACT, table), **{name: text})})


@pytest.mark.parametrize("polarity", list(Polarity))
@pytest.mark.parametrize("part", list(Part))
@pytest.mark.parametrize(("table", "name"), ASKED)
def test_so_many_words_of_a_wording_in_a_row_are_found_wherever_a_model_is_asked_and_one_fewer_are_not(
    table, name, part, polarity
) -> None:
    last = len(FACT.wordings(polarity, part)) - 1
    said = words(FACT.wordings(polarity, part)[last])[-LENGTH:]
    text = f"Beforehand – {', '.join(said).upper()}?"  # case and marks are no difference
    found = problems(_with(table, name, text))
    (problem,) = [one for one in found if one.startswith(f"{FACT.slug} {polarity}.{part}[{last}] has ")]
    assert " ".join(said) in problem
    assert "reword" in problem
    assert problems(_with(table, name, f"Beforehand {' '.join(said[1:])}")) == ()


def test_a_fact_without_a_case_is_checked_by_its_question_alone() -> None:
    assert problems(replace(FACT, use=None)) == ()
    said = FACT.wordings(Polarity.PLACEBO, Part.STATE)[0]
    (problem,) = problems(replace(FACT, use=None, recall=replace(FACT.recall, affirmed=said)))
    assert problem.startswith(f"{FACT.slug} placebo.state[0] has ")


def test_authoring_holds_wordings_to_the_run_that_the_gate_looks_for() -> None:
    assert verify._SHARED == LENGTH


def _filled(text: str):
    """The text with its holes as they are, and with the labels of every setting in them."""
    every = {tuple(labels.items()) for setting in LIBRARY.settings.values() for labels in setting.labels.values()}
    yield text
    for labels in sorted(every) if "{" in text else ():
        said = text
        for tier, label in labels:
            said = said.replace("{" + Tier(tier).value + "}", label)
        yield said


def test_no_wording_of_the_library_answers_the_question_of_any_fact_by_its_words() -> None:
    asked = {
        run: fact.slug
        for fact in LIBRARY.facts.values()
        for text in (*astuple(fact.recall), *(astuple(fact.use) if fact.use else ()))
        for shown in _filled(text)
        for run in runs(shown, LENGTH)
    }
    assert asked
    for fact in LIBRARY.facts.values():
        for polarity in Polarity:
            for part in Part:
                for text in fact.wordings(polarity, part):
                    for said in _filled(text):
                        assert not [(asked[run], run) for run in runs(said, LENGTH) if run in asked], (fact.slug, text)


@pytest.mark.parametrize("slug", sorted(LIBRARY.facts))
def test_the_four_answers_differ_and_none_stands_out_by_its_length(slug) -> None:
    own = LIBRARY.fact(slug).recall
    stated = [own.affirmed, own.negated, own.distractor]
    assert len({*stated, own.not_stated}) == 4
    assert max(map(len, stated)) <= 2 * min(map(len, stated)), stated


def test_every_fact_has_a_question_of_its_own() -> None:
    shown = [fact.recall.question for fact in LIBRARY.facts.values()]
    assert sorted({text for text in shown if shown.count(text) > 1}) == []
