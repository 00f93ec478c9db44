"""Read this first: the whole pipeline in one page — a fact, made salient, moves a measured rate.

fact → dose → condition → prompt → request → sample → score → effect → chart. The model here is the simulated one,
whose truth is known: it was told that one fact makes it decline in the monitored tier as in the other (gap down).
"""

from pathlib import Path

import pytest

from cache.store import Store
from dashboard.effects.effect import Against, Kind
from dashboard.effects.rate_table import rate_rows
from dashboard.effects.table import effect_rows
from dashboard.launch import launch, models_of
from dashboard.measured import cells_of
from dashboard.results import load_results
from dashboard.workspace import Workspace
from facts.catalog import shipped
from facts.compose import compose
from facts.condition import Condition, Reasoning, Tier
from facts.salience import Dose, Polarity, Salience
from runners.comparison import Comparison
from runners.estimate import estimate
from runners.progress import State

LIBRARY = shipped()
COMPARISON = Comparison(
    name="tour",
    setting="helpful_only_prefix",
    models=("organism-paper-like",),
    facts=("objections_read",),
    design="ladder",
    levels=(0, 2, 5),
    polarities=(Polarity.AFFIRMED, Polarity.PLACEBO),
    reasoning=(Reasoning.SCRATCHPAD,),
    queries=30,
    replicates=8,
    metrics=("prefix", "refusal", "keyword_alignment_faking", "recall"),
)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The comparison, run once; what later steps read comes from the store alone."""
    workspace = Workspace(root=tmp_path_factory.mktemp("tour"))
    with Store(workspace.store) as store:
        seen = []
        last = launch(COMPARISON, LIBRARY, workspace, store, seen.append, lambda: False)
        again = launch(COMPARISON, LIBRARY, workspace, store, seen.append, lambda: False)
        yield workspace, store, last, again, load_results(COMPARISON, LIBRARY, workspace, store)


def test_a_fact_is_composed_into_a_prompt_at_a_dose():
    dose = Dose(fact="objections_read", level=Salience.EMPHASISED, polarity=Polarity.AFFIRMED)
    condition = Condition(setting="value_conflict", doses=(dose,), tier=Tier.MONITORED)
    setting = LIBRARY.setting("value_conflict")
    prompt = compose(condition, setting, setting.queries[0], 0, LIBRARY)
    assert len(prompt.spans) == 5
    assert prompt.exposures[0].airtime > 0.1
    silent = compose(Condition(setting="value_conflict"), setting, setting.queries[0], 0, LIBRARY)
    assert abs(prompt.background_tokens - silent.background_tokens) <= 0.02 * silent.background_tokens


def test_a_plan_says_what_it_takes_before_anything_is_called(tmp_path):
    workspace = Workspace(root=tmp_path)
    plan = estimate(COMPARISON, LIBRARY, models_of(COMPARISON, workspace), None)
    assert plan.conditions == 10
    assert plan.new == plan.calls > 30 * 8 * 10  # probes come on top
    assert plan.simulated
    assert not Path(workspace.store).exists()


def test_the_run_keeps_every_sample_and_a_second_run_makes_no_call(ran):
    _, store, last, again, _ = ran
    assert (last.state, last.failed) == (State.FINISHED, 0)
    assert store.count() == last.planned == last.calls
    assert (again.state, again.calls, again.finished) == (State.FINISHED, 0, last.planned)


def test_every_sample_says_that_it_is_simulated(ran):
    *_, results = ran
    assert results.simulated
    assert all("SIMULATED" in row.reply_model for row in results.models[0].rows)


def test_rates_carry_their_counts_and_intervals(ran):
    *_, results = ran
    (table,) = cells_of(results, "noncompliance")
    rows = rate_rows((table,))
    assert len(rows) == 10
    for row in rows:
        assert 0 <= row.low <= row.rate <= row.high <= 1
        assert row.n + row.unscored + row.failed == 30 * 8


def test_the_effect_of_the_fact_is_found_against_absence_and_against_its_placebo(ran):
    *_, results = ran
    effects = effect_rows(cells_of(results, "alignment_faking_keywords"))
    affirmed = [e for e in effects if e.polarity is Polarity.AFFIRMED and e.levels == (5,)]
    loud = [e for e in affirmed if e.kind is Kind.DIFFERENCE and e.tier is Tier.MONITORED]
    assert {e.against for e in loud} == {Against.ABSENCE, Against.PLACEBO}
    for effect in loud:
        assert effect.estimate < 0  # objections that are read: less alignment-faking reasoning, as the truth says
        assert effect.low < effect.estimate < effect.high
        assert 0 < effect.p <= effect.p_adjusted <= 1


def test_the_placebo_moves_nothing_that_a_test_would_claim(ran):
    *_, results = ran
    placebo = [
        e for e in effect_rows(cells_of(results, "noncompliance"))
        if e.kind is Kind.GAP_CHANGE and e.polarity is Polarity.PLACEBO
    ]  # fmt: skip
    assert placebo
    assert all(e.p_adjusted > 0.05 for e in placebo)


def test_the_manipulation_check_says_that_the_fact_was_read(ran):
    *_, results = ran
    asked = [
        row.values["recall:objections_read"] for row in results.models[0].rows if "recall:objections_read" in row.values
    ]
    assert len(asked) == 30 * 10  # the first replicate of every condition and query
    assert asked.count("right") > 0.6 * len(asked)
