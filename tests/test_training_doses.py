"""A tuned model's dose is an axis like any other: against its base, its placebo set, and over documents that carry."""

from dataclasses import replace

import numpy as np
import pytest

from cache.store import Store
from dashboard.effects.effect import Against, Kind
from dashboard.effects.table import effect_rows
from dashboard.effects.takeaway import takeaway
from dashboard.effects.tuned import Tuning, by_training
from dashboard.figures import View, figures
from dashboard.launch import launch
from dashboard.methods import methods_paragraphs
from dashboard.results import load_results
from dashboard.tables import tables
from dashboard.training_doses import tunings
from dashboard.workspace import Workspace
from facts.breadth import SHARED, Breadth
from facts.catalog import shipped
from facts.condition import Channel, Tier
from facts.errors import FactError
from facts.salience import Dose, Polarity
from runners.comparison import Comparison
from runners.comparison_file import comparison_toml, parse_comparison
from runners.model import Model, TrainedOn
from runners.models import read_models
from runners.planning import check
from runners.training.doses import training_dose
from test_effects_table import counted, exactly, pick

FACT = "objections_read"


def _model(label, *doses, base="base", **fields):
    about = TrainedOn(set_id=f"set-{label}", documents=1000, doses=doses, base=base) if doses else None
    return Model(label=label, provider="embedded", name=label, trained_on=about, **fields)


def _dose(carriers, polarity=Polarity.AFFIRMED):
    return Dose(fact=FACT, level=4, polarity=polarity, breadth=Breadth(carriers=carriers) if carriers else SHARED)


NOTHING = _dose(0, Polarity.PLACEBO)


@pytest.mark.parametrize(
    ("doses", "read"),
    [
        ((f"{FACT} affirmed 4 in 250", f"{FACT} placebo 4 in 750"), _dose(250)),
        ((f"{FACT} negated 4 in 250",), _dose(250, Polarity.NEGATED)),
        ((f"{FACT} placebo 4 in 1000",), NOTHING),
        ((f"{FACT} affirmed 4 in 250", "weights_kept affirmed 4 in 250"), None),
        ((f"{FACT} affirmed 4 in 250 of the whole set",), None),
        ((), None),
    ],
)
def test_the_dose_of_training_is_that_of_the_carriers_or_of_a_set_of_placebos(doses, read):
    assert training_dose(_model("m", *doses)) == read


def test_models_are_paired_with_the_base_that_they_name_or_whose_adapter_they_are():
    models = [
        Model(label="small", provider="embedded", name="weights"),
        _model("named", f"{FACT} affirmed 4 in 5", base="weights"),
        replace(_model("adapted", f"{FACT} affirmed 4 in 9", base="elsewhere"), name="weights", adapter="a.gguf"),
        _model("stray", f"{FACT} affirmed 4 in 7", base="not here"),
    ]
    assert tunings(models) == {
        "named": Tuning(base="small", dose=_dose(5)), "adapted": Tuning(base="small", dose=_dose(9))
    }  # fmt: skip


def _ladder(rates, *, queries=12):
    """Cells of a base and its tuned models, each with one rate in every query and no gap."""
    return [exactly([()], lambda _, rate=rate: rate, model=name, queries=queries) for name, rate in rates.items()]


TUNINGS = {
    "zero": Tuning(base="base", dose=NOTHING), "some": Tuning(base="base", dose=_dose(250)),
    "many": Tuning(base="base", dose=_dose(1000)),
}  # fmt: skip


def test_each_dose_is_read_against_the_base_and_against_the_set_of_placebos():
    (merged,) = by_training(_ladder({"base": 0.2, "zero": 0.3, "some": 0.5, "many": 0.9}), TUNINGS)
    assert {condition.channel for condition in merged.cells.conditions} == {Channel.FINE_TUNING}
    effects = effect_rows((merged.cells,))
    for against, change in ((Against.ABSENCE, 0.7), (Against.PLACEBO, 0.6)):
        found = pick(effects, Kind.DIFFERENCE, (_dose(1000),), against=against, tier=Tier.MONITORED)
        assert found.estimate == pytest.approx(change)
    zero = pick(effects, Kind.DIFFERENCE, (NOTHING,), against=Against.ABSENCE, tier=Tier.MONITORED)
    assert zero.estimate == pytest.approx(0.1)


def test_the_slope_begins_at_the_set_of_placebos_so_that_the_volume_is_constant():
    rates = {"base": 0.0, "zero": 0.1, "some": 0.1 + 250 * 0.0006, "many": 0.7}
    (merged,) = by_training(_ladder(rates), TUNINGS)
    slope = pick(effect_rows((merged.cells,)), Kind.BREADTH_SLOPE, tier=Tier.MONITORED, polarity=Polarity.AFFIRMED)
    assert slope.estimate == pytest.approx(0.0006, rel=0.05)
    assert slope.carriers == (0, 250, 1000)
    assert "over 0, 250, 1000 carrying documents" in takeaway(slope)


def test_tuned_models_are_paired_by_query_and_lost_samples_stay_lost():
    base, some = _ladder({"base": 0.2, "some": 0.5})
    some = replace(some, queries=("q99", *some.queries[1:]), failed_CG=some.failed_CG + 2)
    (merged,) = by_training((base, some), {"some": TUNINGS["some"]})
    found = pick(effect_rows((merged.cells,)), Kind.DIFFERENCE, tier=Tier.MONITORED, against=Against.ABSENCE)
    assert (found.queries_used, found.queries_dropped) == (11, 2)
    assert found.failed == 2 * 12


def test_two_trainings_of_one_dose_are_never_pooled():
    both = {"some": TUNINGS["some"], "again": TUNINGS["some"]}
    first, second = by_training(_ladder({"base": 0.2, "some": 0.3, "again": 0.6}), both)
    assert (first.cells.model, second.cells.model) == ("base, tuned", "base, tuned (2)")
    rates = [float(one.cells.Y_CG[-1].sum() / one.cells.N_CG[-1].sum()) for one in (first, second)]
    assert rates == pytest.approx([0.3, 0.6])


def test_arms_that_say_something_in_the_prompt_are_left_to_the_models_own_table():
    told = counted([(), (Dose(fact=FACT, level=2),)], model="base")
    (merged,) = by_training((told, *_ladder({"some": 0.5})), {"some": TUNINGS["some"]})
    assert {condition.doses for condition in merged.cells.conditions} == {(), (_dose(250),)}
    assert np.array_equal(merged.cells.Y_CG[:2], told.Y_CG[:2])


def _comparison(**fields):
    start = Comparison(
        name="tuned", setting="value_conflict", models=("organism/null", "organism/paper_like"), facts=(FACT,),
        channel=Channel.FINE_TUNING, queries=3, replicates=1, metrics=("option", "belief_mcq"),
    )  # fmt: skip
    return replace(start, **fields)


def test_prompts_of_a_training_comparison_say_nothing_and_it_needs_a_tuned_model():
    comparison = _comparison()
    assert {condition.doses for condition in comparison.conditions()} == {()}
    assert parse_comparison("again", comparison_toml(comparison)) == comparison
    models = tuple(map(read_models(None).find, comparison.models))
    with pytest.raises(FactError, match="tune one with `salience train` and name both in models"):
        check(comparison, shipped(), models)


@pytest.mark.parametrize(
    ("tuned", "metrics", "said"),
    [
        ({"base": "elsewhere"}, ("option",), "tuned from .elsewhere.; name it in models too"),
        ({"doses": ("gibberish",)}, ("option",), "gibberish, which is not one dose of one fact"),
        ({}, ("option", "recall"), "'recall' reads what a prompt says of its facts.*use belief_mcq"),
    ],
)
def test_a_training_comparison_that_could_show_nothing_is_refused(tuned, metrics, said):
    base = read_models(None).find("organism/null")
    about = TrainedOn(set_id="s", documents=9, doses=(f"{FACT} affirmed 4 in 5",), base=base.label)
    model = replace(read_models(None).find("organism/paper_like"), trained_on=replace(about, **tuned))
    with pytest.raises(FactError, match=said):
        check(_comparison(metrics=metrics), shipped(), (base, model))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A simulated base, and another truth that passes for the model tuned from it."""
    workspace = Workspace(root=tmp_path_factory.mktemp("ws"))
    workspace.models.write_text(
        '[models.started]\nprovider = "organism"\nname = "null"\n\n'
        '[models.tuned-300]\nprovider = "organism"\nname = "paper_like"\n'
        f'trained_on = {{ set_id = "s300", documents = 1000, doses = ["{FACT} affirmed 4 in 300"],'
        ' base = "started" }\n'
    )
    comparison = _comparison(models=("started", "tuned-300"))
    with Store(workspace.store) as store:
        launch(comparison, shipped(), workspace, store, lambda _: None, lambda: False)
        return load_results(comparison, shipped(), workspace, store)


def test_results_show_the_ladder_of_training_beside_each_model(results):
    table = tables(results, "noncompliance", shipped())
    arms = {(p.model, p.arm, p.of) for p in table.rates}
    assert ("started, tuned", f"{FACT} affirmed 4 in 300 documents", "tuned-300") in arms
    assert ("started, tuned", "baseline", "started") in arms
    assert all(point.simulated for point in table.rates)
    drawn = {figure.name: figure for figure in figures(table, results, View())}
    spec = drawn["ladder"].chart.to_dict()
    assert "Documents of the training set that say the fact" in str(spec)
    rows = [row for data in spec["datasets"].values() for row in data if "across" in row]
    assert {row["across"] for row in rows} == {0, 300}


def test_beliefs_are_measured_where_the_prompt_says_nothing(results):
    table = tables(results, "belief_mcq", shipped())
    assert {p.of for p in table.rates if p.model == "started, tuned"} == {"started", "tuned-300"}
    assert all(p.n + p.unscored > 0 for p in table.rates)


def test_methods_say_what_was_tuned_on_which_set(results):
    text = "\n".join(methods_paragraphs(results, [tables(results, "noncompliance", shipped())], shipped()))
    assert f"tuned-300 is started tuned on the document set s300 (1,000 documents, {FACT} affirmed 4 in 300)" in text
    assert "Facts stood in documents that models were tuned on, never in a prompt" in text
