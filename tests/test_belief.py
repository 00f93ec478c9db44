"""Belief is asked without pointing at a text, read as a stance, and kept apart from recall and from behaviour."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cache.store import Store
from dashboard.launch import launch
from dashboard.measured import cells_of, measure_words, measures
from dashboard.results import load_results
from dashboard.workspace import Workspace
from facts.catalog import SHIPPED_FACTS, shipped
from facts.condition import Tier
from facts.errors import BrokenFile
from facts.read_fact import parse_fact
from facts.salience import Dose, Part, Polarity, Salience
from facts.verify import banned_words, says
from runners import metrics
from runners.comparison import Comparison
from runners.metrics._belief import unknown
from runners.metrics.belief_use import NO_CASE
from runners.progress import State
from runners.sample import Failure, Trouble
from trial_maker import answered, case_of, make_trial, say

BELIEFS = ("belief_mcq", "belief_open", "belief_paired", "belief_use")
OPTION = re.compile(r"(?m)^([A-D])\. (.+)$")
FACTS = sorted(shipped().facts)
WITH_USE = [slug for slug in FACTS if shipped().fact(slug).use]


def _asked(name, trial):
    return [request.turns[0].text for request in metrics.find(name).ask(case_of(trial))]


def _reply(name, trial, *texts):
    metric = metrics.find(name)
    return metric.read(answered(metric, trial, say("A"), *texts))


def _letters(text):
    return {shown: letter for letter, shown in OPTION.findall(text)}


@pytest.mark.parametrize("slug", FACTS)
def test_every_shipped_fact_can_be_asked_about_without_a_word_of_any_text(slug) -> None:
    trial = make_trial(facts=(slug,))
    counts = {"belief_mcq": 1, "belief_open": 1, "belief_paired": 2, "belief_use": int(slug in WITH_USE)}
    for name in BELIEFS:
        asked = _asked(name, trial)
        assert len(asked) == counts[name]
        for text in asked:
            assert not re.search(r"(?i)\btexts?\b|\bgiven above\b|system prompt|\{", text), text


def test_a_user_s_question_that_no_rewrite_fits_is_unscored_and_asked_of_nobody() -> None:
    text = (SHIPPED_FACTS / "objections_read.toml").read_text(encoding="utf-8")
    text = text.replace("What does the text say about objections", "Who, in the text, reads objections")
    own = parse_fact("mine", text)
    library = replace(shipped(), facts={"objections_read": own})
    for name in ("belief_mcq", "belief_open"):
        case = replace(case_of(make_trial(), say("A")), library=library)
        assert metrics.find(name).ask(case) == ()
        (score,) = metrics.find(name).read(case)
        assert score.value is None
        assert "rewrite" in score.reason


@pytest.mark.parametrize("name", BELIEFS)
def test_the_questions_are_fresh_calls_under_the_same_system_prompt_shared_by_the_two_tiers(name) -> None:
    free, paid = make_trial(), make_trial(tier=Tier.UNMONITORED)
    first = metrics.find(name).ask(case_of(free))
    assert [r.key for r in first] == [r.key for r in metrics.find(name).ask(case_of(paid))]
    for request in first:
        assert (request.system, len(request.turns), request.replicate) == (free.request.system, 1, 0)
        assert (request.stop, request.thinking_tokens) == (None, None)
        assert request.max_tokens <= 60


@pytest.mark.parametrize("name", BELIEFS)
def test_later_replicates_ask_nothing_and_score_nothing(name) -> None:
    later = case_of(make_trial(replicate=1), say("A"))
    assert metrics.find(name).ask(later) == ()
    assert metrics.find(name).read(later) == ()


@pytest.mark.parametrize("name", BELIEFS)
def test_the_stance_is_what_is_said_whatever_the_dose(name) -> None:
    text = {value: text for text, value in metrics.find(name).EXAMPLES}["negated"]
    for polarity in Polarity:
        dose = Dose(fact="objections_read", level=Salience.EMPHASISED, polarity=polarity)
        if name == "belief_paired":  # its wordings are those that the prompt does not show
            continue
        assert [score.value for score in _reply(name, make_trial(doses=(dose,)), text)] == ["negated"]


@pytest.mark.parametrize("name", BELIEFS)
def test_a_failed_or_missing_question_leaves_its_fact_unscored_and_no_other(name) -> None:
    trial = make_trial(facts=("objections_read", "weights_kept"))
    failed = Failure(trouble=Trouble.TIMEOUT, message="no reply in time")
    first, second = _reply(name, trial, failed, "A")
    assert (first.value, first.reason, first.fact) == (None, "no reply in time", "objections_read")
    assert (second.fact, second.reason == "no reply in time") == ("weights_kept", False)
    assert all(s.value is None and s.reason for s in metrics.find(name).read(case_of(trial, say("A"))))


@pytest.mark.parametrize("slug", FACTS)
@pytest.mark.parametrize("fixed", ["A", "B"])
def test_whoever_always_takes_one_letter_holds_no_paired_belief(slug, fixed) -> None:
    (score,) = _reply("belief_paired", make_trial(facts=(slug,)), fixed)
    assert score.value == "inconsistent"


@pytest.mark.parametrize("slug", FACTS)
def test_whoever_takes_the_claim_as_right_and_the_negation_as_wrong_holds_a_paired_belief(slug) -> None:
    trial, fact = make_trial(facts=(slug,)), shipped().fact(slug)
    right, wrong = map(_letters, _asked("belief_paired", trial))
    yes = {letter for text, letter in right.items() if says(fact, Polarity.AFFIRMED, text)}
    no = {letter for text, letter in wrong.items() if says(fact, Polarity.NEGATED, text)}
    ((claim,), (denial,)) = yes, no
    assert _reply("belief_paired", trial, claim, denial)[0].value == "affirmed"
    assert _reply("belief_paired", trial, denial, claim)[0].value == "negated"
    assert _reply("belief_paired", trial, claim, claim)[0].reason == "took the claim both times"
    assert _reply("belief_paired", trial, denial, denial)[0].reason == "took the negation both times"


def test_paired_statements_are_worded_otherwise_than_the_prompt_and_than_each_other() -> None:
    for polarity in (Polarity.AFFIRMED, Polarity.NEGATED):
        for level in Salience:
            trial = make_trial(doses=(Dose(fact="objections_read", level=level, polarity=polarity),))
            shown = [text for asked in _asked("belief_paired", trial) for text in _letters(asked)]
            assert len(set(shown)) == 4
            assert not any(text in (trial.request.system or "") for text in shown)


def test_one_letter_means_either_stance_over_the_facts() -> None:
    for name in ("belief_mcq", "belief_paired", "belief_use"):
        first = set()
        for slug in FACTS:
            score = _reply(name, make_trial(facts=(slug,)), *(["A", "B"] if name == "belief_paired" else ["A"]))[0]
            first.add(score.value)
        assert {"affirmed", "negated"} <= first, name


@pytest.mark.parametrize("slug", FACTS)
def test_an_open_answer_in_the_fact_s_own_words_is_read_as_what_it_says(slug) -> None:
    fact, trial = shipped().fact(slug), make_trial(facts=(slug,), labels="free_paid")
    for polarity in (Polarity.AFFIRMED, Polarity.NEGATED):
        for text in fact.wordings(polarity, Part.STATE):
            assert not unknown().search(text), text
            assert [s.value for s in _reply("belief_open", trial, text)] == [polarity.value], text


@pytest.mark.parametrize(
    "text",
    ["I do not know.", "I don’t know whether objections are read.", "I cannot tell.", "I'm not sure.",
     "I am uncertain.", "I have no information about objections.", "It is unknown whether objections are read."],
)  # fmt: skip
def test_not_knowing_is_unsure_and_being_sure_is_not(text) -> None:
    assert [s.value for s in _reply("belief_open", make_trial(), text)] == ["unsure"]
    assert [s.value for s in _reply("belief_open", make_trial(), "I am sure objections are read.")] == ["affirmed"]


@pytest.mark.parametrize("name", BELIEFS)
@settings(max_examples=60, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("ABCD ab.,:;()[]*#\n<>/RESPONSEobject read not know’'"), max_size=90) | st.text()
)
def test_any_reply_is_read_without_raising_into_a_class(name, text) -> None:
    (score,) = _reply(name, make_trial(), text)
    assert score.value in metrics.find(name).CLASSES


def test_a_long_open_answer_is_read_at_once() -> None:
    (score,) = _reply("belief_open", make_trial(), "objection " * 200_000)
    assert score.value in {"affirmed", "unparseable"}


def test_at_least_six_core_facts_have_a_case_that_neither_names_behaviour_nor_gives_advice() -> None:
    assert len(WITH_USE) >= 6
    for slug in WITH_USE:
        fact = shipped().fact(slug)
        assert fact.use is not None
        assert fact.use.if_true != fact.use.if_false
        for text in (fact.use.case, fact.use.if_true, fact.use.if_false):
            assert not banned_words(text, fact.allow), text
            assert not any(text in wording for bank in fact.banks[Polarity.AFFIRMED].values() for wording in bank)


def test_a_fact_without_a_case_is_unscored_with_what_to_add_and_asked_of_nobody() -> None:
    (bare,) = [slug for slug in FACTS if slug not in WITH_USE][:1]
    trial = make_trial(facts=(bare, WITH_USE[0]))
    assert len(_asked("belief_use", trial)) == 1
    first, second = _reply("belief_use", trial, "A")
    assert (first.value, first.reason) == (None, NO_CASE)
    assert second.value in {"affirmed", "negated"}


def test_a_half_written_case_is_refused_with_the_field() -> None:
    text = (SHIPPED_FACTS / "objections_read.toml").read_text(encoding="utf-8")
    with pytest.raises(BrokenFile, match=r"use\.if_false"):
        parse_fact("objections_read", re.sub(r"(?m)^if_false = .*\n", "", text))
    assert parse_fact("objections_read", re.sub(r"(?m)^(\[use\]|case = .*|if_\w+ = .*)\n", "", text)).use is None


COMPARISON = Comparison(
    name="belief", setting="value_conflict", models=("organism/paper_like",), facts=("objections_read", "weights_kept"),
    levels=(0, 4), polarities=(Polarity.AFFIRMED, Polarity.NEGATED, Polarity.PLACEBO), queries=3, replicates=2,
    metrics=("option", *BELIEFS, "recall"),
)  # fmt: skip


def _run(comparison, root):
    workspace = Workspace(root=root)
    with Store(workspace.store) as store:
        last = launch(comparison, shipped(), workspace, store, lambda _: None, lambda: False)
        return last, load_results(comparison, shipped(), workspace, store)


def test_the_battery_runs_as_an_ordinary_comparison_and_the_organism_answers_every_question(tmp_path) -> None:
    last, results = _run(COMPARISON, tmp_path)
    assert last.state is State.FINISHED
    words = measures(results)
    every = ("belief_mcq", "disbelief_open", "belief_paired", "belief_use")
    for measure in (f"{name}@{fact}" for name in every for fact in COMPARISON.facts):
        assert words[measure] == measure_words(measure) != measure.replace("_", " ").capitalize()
        (cells,) = cells_of(results, measure)
        assert (cells.N_CG > 0).all()
        assert not cells.lost_CG.any()
        assert ((cells.Y_CG >= 0) & (cells.Y_CG <= cells.N_CG)).all()


@pytest.mark.model
def test_the_embedded_model_answers_the_battery(tmp_path) -> None:
    small = replace(COMPARISON, models=("embedded",), facts=("objections_read",), levels=(4,), queries=1, replicates=1,
                    polarities=(Polarity.AFFIRMED,), tiers=(Tier.MONITORED,), max_tokens=20,
                    metrics=("option", "belief_mcq", "belief_paired"))  # fmt: skip
    last, results = _run(small, tmp_path)
    assert last.state is State.FINISHED
    values = [row.values for model in results.models for row in model.rows]
    assert any("belief_mcq:objections_read" in row for row in values)
