"""The preview says what the facts displaced, and a comparison made of it asks for absence and placebo as well."""

from dataclasses import replace

import pytest

from dashboard.comparison_fields import adapted, comparison_from, fields_of
from dashboard.plan_problems import plan_problems
from dashboard.plan_rows import cost_range
from dashboard.prompt_difference import changes, difference_summary, difference_text, sentences
from dashboard.prompt_marks import marks
from dashboard.situation import Situation, comparison_of, placebo
from facts.catalog import shipped
from facts.condition import Indicator
from facts.errors import FactError
from facts.salience import Dose, Polarity
from runners.comparison_file import read_comparison
from runners.estimate import ModelPlan, Plan
from runners.model import Model

LIBRARY = shipped()
SETTING = LIBRARY.setting("value_conflict")
SITUATION = Situation(setting=SETTING.slug, query=SETTING.queries[0])
DOSES = (Dose(fact="objections_read", level=5),)


@pytest.fixture
def example(request):
    return read_comparison(request.config.rootpath / "examples" / "embedded_ladder.toml")


def test_a_prompt_does_not_differ_from_itself():
    prompt = SITUATION.prompt(DOSES, LIBRARY)
    assert changes(prompt, prompt) == ()


def test_the_difference_to_the_baseline_is_filler_out_and_every_fact_sentence_in():
    prompt = SITUATION.prompt(DOSES, LIBRARY)
    found = changes(SITUATION.prompt((), LIBRARY), prompt)
    came = {change.text for change in found if change.sign == "+"}
    said = [s for span in prompt.spans for s in sentences(prompt.messages[0].text[span.start : span.end])]
    assert said
    assert set(said) <= came
    gone = [change for change in found if change.sign == "-"]
    assert gone
    assert "objection" not in " ".join(change.text for change in gone).lower()
    assert len(difference_text(found).splitlines()) == len(found)
    assert f"{len(gone)} sentences" in difference_summary(found)


def test_placebo_twins_keep_fact_and_level():
    assert placebo(DOSES) == (replace(DOSES[0], polarity=Polarity.PLACEBO),)


def test_marks_lie_on_the_spans_of_their_message():
    prompt = SITUATION.prompt(DOSES, LIBRARY)
    system, user = marks(prompt, LIBRARY)
    assert [(m.start, m.end) for m in system] == [(s.start, s.end) for s in prompt.spans]
    assert user == ()
    assert LIBRARY.fact("objections_read").title in system[0].title


def test_one_fact_makes_a_ladder_and_several_one_at_a_time():
    assert comparison_of(DOSES, SITUATION, None, LIBRARY).design == "ladder"
    two = comparison_of((*DOSES, Dose(fact="weights_kept", level=2, polarity="negated")), SITUATION, None, LIBRARY)
    assert two.design == "one_at_a_time"
    assert two.levels == (0, 2, 5)
    assert set(two.polarities) == set(Polarity)


def test_facts_at_level_0_only_still_make_a_comparison():
    assert comparison_of((Dose(fact="weights_kept", level=0),), SITUATION, None, LIBRARY).levels == (0, 2, 5)


def test_models_and_size_of_the_old_draft_are_kept(example):
    old = replace(example, models=("claude-haiku-5-5",), replicates=9)
    new = comparison_of(DOSES, SITUATION, old, LIBRARY)
    assert (new.models, new.replicates) == (old.models, 9)


def test_fields_make_the_very_same_comparison(example):
    assert comparison_from(fields_of(example)) == example


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [("replicates", None, "replicates"), ("facts", [], "facts"), ("name", "Not a name", "lower-case"),
     ("temperature", 3.0, "temperature"), ("levels", [9], "levels")],
)  # fmt: skip
def test_a_field_that_is_wrong_is_named(example, field, value, word):
    with pytest.raises(FactError, match=word):
        comparison_from({**fields_of(example), field: value})


def test_another_setting_takes_its_own_metric_and_modes(example):
    prefix = LIBRARY.setting("helpful_only_prefix")
    made = comparison_from(adapted({**fields_of(example), "queries": 900}, prefix))
    assert made.setting == prefix.slug
    assert "option" not in made.metrics
    assert prefix.metric in made.metrics
    assert made.queries == len(prefix.queries)


def a_plan(comparison, *items):
    models = tuple(
        ModelPlan(model=Model(label=label, provider="openai", name=label), trials=4, calls=4, kept=kept, tokens_in=1,
                  tokens_out_most=1, cost_low=cost, cost_expected=cost, cost_high=cost, seconds=1, problem=problem,
                  simulated=False)
        for label, kept, cost, problem in items
    )  # fmt: skip
    return Plan(comparison=comparison, models=models, conditions=1, queries=1, longest_prompt=1)


def test_a_missing_key_blocks_only_when_no_other_model_can_be_called(example):
    (one,) = plan_problems(a_plan(example, ("a", 0, 1.0, "set A_KEY"), ("b", 0, 1.0, None)))
    assert not one.blocking
    assert "set A_KEY" in one.text
    (alone,) = plan_problems(a_plan(example, ("a", 0, 1.0, "set A_KEY")))
    assert alone.blocking
    assert plan_problems(a_plan(example, ("a", 4, 1.0, "set A_KEY"))) == ()  # all kept: nothing to call


def test_a_budget_in_usd_needs_a_known_price(example):
    (found,) = plan_problems(a_plan(replace(example, max_usd=2.0), ("a", 0, None, None)))
    assert found.blocking
    assert "unknown" in found.text


def test_an_unknown_cost_is_never_shown_as_free():
    assert cost_range(None, None, None) == "unknown"
    assert cost_range(0, 0, 0) == "$0"
    assert cost_range(0.5, 1, 2) == "$0.50 – $1.00 – $2.00"


def test_the_preview_leaves_out_the_tag_that_the_model_would_not_see() -> None:
    hidden = replace(SITUATION, indicator=Indicator.ONLY_UNMONITORED)
    shown, bare = SITUATION.prompt((), LIBRARY).messages[1].text, hidden.prompt((), LIBRARY).messages[1].text
    assert "free" in shown
    assert "free" not in bare
    assert comparison_of(DOSES, hidden, None, LIBRARY).indicator is Indicator.ONLY_UNMONITORED
