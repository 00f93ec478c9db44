"""What the page of plans says beforehand: what could be found, at what price, on which models, in which conditions."""

import struct
from dataclasses import replace

import pytest

from cache.store import Store
from dashboard.charts.detectable import detectable_chart
from dashboard.charts.heading import Heading
from dashboard.condition_rows import condition_rows
from dashboard.effects.cells import collapse
from dashboard.effects.power import ICC, KAPPA, difference, minimum_detectable
from dashboard.effects.table import effect_rows
from dashboard.measured import columns_of
from dashboard.model_table import group_rows, key_lines, model_rows
from dashboard.plan_problems import over_budget
from dashboard.planned_power import (
    DEFAULTS,
    GAP,
    RATE,
    assumed,
    curve,
    detectable,
    family_sizes,
    price,
    quantities_of,
    scenario,
)
from facts.catalog import shipped
from facts.condition import Channel, Tier
from facts.salience import Polarity
from filled_workspace import fill
from runners.comparison import Comparison
from runners.estimate import estimate
from runners.keys import key_variable
from runners.model import Model
from runners.models import find_model, read_models
from runners.providers.embedded import CONTEXT
from runners.weights import shipped_weights

LADDER = Comparison(
    name="c", setting="value_conflict", models=("m",), facts=("objections_read",), design="ladder", levels=(0, 2, 5),
    polarities=(Polarity.AFFIRMED, Polarity.PLACEBO), queries=10, replicates=2, metrics=("option", "refusal"),
)  # fmt: skip
PRICED = Model(label="m", provider="openai_compatible", name="fake", base_url="http://127.0.0.1:1/v1",
               usd_per_mtok_in=1.0, usd_per_mtok_out=2.0, context=8000)  # fmt: skip


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("pilot"), queries=20)


def plan(comparison=LADDER, model=PRICED):
    return estimate(comparison, shipped(), (model,), None)


# --- power -----------------------------------------------------------------------------------------------------------


def test_where_no_possible_change_is_found_the_number_of_queries_that_would_is_said():
    few = detectable(RATE, DEFAULTS, 40, queries=3, replicates=1, effect=0.1)
    assert few.least is None
    assert few.words == f"none that is possible; needs about {few.needs:,} queries"
    assert detectable(RATE, DEFAULTS, 40, queries=few.needs, replicates=1, effect=0.1).least is not None
    assert detectable(RATE, DEFAULTS, 1, queries=200, replicates=2, effect=0.1).words.endswith("points")


def test_the_context_of_the_model_that_ships_is_that_of_its_weights():
    assert find_model("embedded").context == CONTEXT
    said = shipped_weights().read_bytes()[:4_000_000]
    at = said.index(b"llama.context_length") + len(b"llama.context_length")
    assert struct.unpack("<II", said[at : at + 8]) == (4, CONTEXT)


def test_the_families_are_as_large_as_those_that_will_be_tested(filled):
    results = filled.results()
    sizes = family_sizes(results.conditions, 1)
    tested = {effect.kind.value: effect.family_size for effect in effect_rows(collapse(columns_of(results, "refusal")))}
    assert (sizes[RATE], sizes[GAP]) == (tested["difference"], tested["gap_change"])
    assert family_sizes(results.conditions, 3) == {name: 3 * size for name, size in sizes.items()}


def test_a_larger_family_and_fewer_queries_find_less_and_more_effect_is_found_surer():
    def least(family=1, queries=50):
        return detectable(RATE, DEFAULTS, family, queries=queries, replicates=5, effect=0.1).least

    assert least() < least(family=20)
    assert least(queries=100) < least()
    assert least() == minimum_detectable(difference(0.3), queries=50, replicates=5)
    small, large = (detectable(GAP, DEFAULTS, 4, queries=50, replicates=5, effect=e).power for e in (0.1, 0.3))
    assert small < large
    assert detectable(RATE, DEFAULTS, 1, queries=50, replicates=5, effect=0.9).power == 0.0  # no rate passes 1


def test_a_rate_is_expected_to_move_where_it_has_room():
    high = replace(DEFAULTS, rates={Tier.MONITORED: 0.9, Tier.UNMONITORED: 0.9})
    assert scenario(RATE, high).at(0.2)[1] == pytest.approx(0.7)
    assert scenario(RATE, DEFAULTS).at(0.2)[1] == pytest.approx(0.5)
    assert scenario(GAP, high).at(0.2)[3] == pytest.approx(0.7)
    assert scenario(GAP, DEFAULTS).at(0.2)[3] == pytest.approx(0.7)


def test_kept_samples_are_the_pilot_and_too_few_are_none(filled, tmp_path):
    given = assumed(filled.results())
    assert 0 <= given.rates[Tier.MONITORED] < given.rates[Tier.UNMONITORED] <= 1
    assert "kept samples without a fact" in given.source
    assert 0 <= given.icc <= 1
    assert 0 <= given.kappa <= 1
    few = assumed(fill(tmp_path, queries=2).results())
    assert few == DEFAULTS
    assert (few.icc, few.kappa) == (ICC, KAPPA)


def test_what_is_tuned_has_no_power_over_queries_and_one_tier_has_no_gap():
    assert quantities_of(replace(LADDER, tiers=(Tier.MONITORED,))) == (RATE,)
    assert quantities_of(replace(LADDER, channel=Channel.FINE_TUNING)) == ()


def test_the_price_of_another_size_is_near_what_planning_it_says():
    now = plan()
    larger = plan(replace(LADDER, queries=15, replicates=3))
    said = price(now, queries=15, replicates=3)
    assert said.new == larger.new
    assert said.usd == pytest.approx(larger.cost(), rel=0.05)
    assert price(now, queries=10, replicates=2).usd == pytest.approx(now.cost())
    assert price(plan(model=replace(PRICED, usd_per_mtok_in=None)), queries=15, replicates=3).usd is None


def test_the_chart_marks_the_plan_and_what_is_tried_and_is_small():
    points = curve((RATE, GAP), DEFAULTS, {RATE: 4, GAP: 2}, most=60, replicates=5)
    chart = detectable_chart(points, Heading(title="t", simulated=True), planned=20, tried=40)
    text = chart.to_json()
    assert "planned: 20" in text
    assert "tried: 40" in text
    assert "SIMULATED" in text
    assert len(text) < 50_000
    hopeless = curve((RATE,), DEFAULTS, {RATE: 10_000}, most=3, replicates=1)
    assert detectable_chart(hopeless, Heading(title="t"), planned=2, tried=2) is None


# --- budget ----------------------------------------------------------------------------------------------------------


def test_a_plan_above_its_budget_says_what_will_happen_and_is_not_forbidden():
    calls, usd = over_budget(plan(replace(LADDER, max_calls=50, max_usd=0.001)))
    assert "needs 200 new calls, and the budget is 50" in calls.text
    assert "stop there with everything received kept" in calls.text
    assert "the budget is $0.00" in usd.text
    assert not calls.blocking
    assert not over_budget(plan(replace(LADDER, max_calls=200, max_usd=100.0)))


# --- models ----------------------------------------------------------------------------------------------------------


def test_a_missing_key_is_named_with_how_to_set_it_and_a_set_one_is_never_shown(monkeypatch):
    model = read_models().find("claude-haiku-5-5")
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    assert key_variable(model) == "ANTHROPIC_API_KEY"
    assert model_rows([model])[0]["Key"] == "ANTHROPIC_API_KEY missing"
    assert key_lines([model, model]) == ["export ANTHROPIC_API_KEY=…"]
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-planted")
    row = model_rows([model])[0]
    assert row["Key"] == "ANTHROPIC_API_KEY is set"
    assert "planted" not in str(row)
    assert key_lines([model]) == []


def test_models_say_price_context_place_and_whether_the_longest_prompt_fits():
    fits, tight = model_rows([PRICED, replace(PRICED, context=500)], needed=900)
    assert (fits["USD in"], fits["USD out"], fits["Context"], fits["Key"]) == ("$1.00", "$2.00", "8,000", "none needed")
    assert fits["Where"] == "http://127.0.0.1:1/v1"
    assert fits["Longest prompt + reply"] == "900 (11%)"
    assert tight["Longest prompt + reply"] == "900 (180%), too long"
    (unknown,) = model_rows([replace(PRICED, usd_per_mtok_in=None, context=None)])
    assert (unknown["USD in"], unknown["Context"]) == ("unknown", "unknown")
    (fake,) = model_rows([read_models().find("organism-null")])
    assert fake["Model"] == "organism-null (SIMULATED)"


def test_every_shipped_model_has_a_row_and_every_group_its_members():
    found = read_models()
    assert len(model_rows(found.by_label.values())) == len(found.by_label)
    assert {row["Group"] for row in group_rows(found.groups)} == set(found.groups)


# --- conditions ------------------------------------------------------------------------------------------------------


def test_each_condition_is_a_row_with_its_dose_or_with_a_column_a_fact():
    rows = condition_rows(LADDER)
    assert len(rows) == len(LADDER.conditions()) == 10
    assert (rows[0]["Fact"], rows[0]["Level"], rows[0]["Tier"]) == ("none (baseline)", "–", "monitored")
    assert {row["Level"] for row in rows[1:]} >= {"2 stated", "5 emphasised"}
    assert rows[0]["Queries × replicates"] == "10 × 2"
    both = replace(LADDER, design="factorial", facts=("objections_read", "weights_kept"))
    crossed = condition_rows(both)
    assert {"objections_read", "weights_kept"} <= set(crossed[0])
    assert crossed[0]["objections_read"] == "–"
    assert any(row["objections_read"] != "–" and row["weights_kept"] != "–" for row in crossed)


def test_a_store_makes_the_price_of_a_larger_size_that_of_what_is_new(filled):
    comparison = replace(filled.comparison, models=("m",))
    with Store(filled.workspace.store) as store:
        asked = replace(PRICED, provider="openai", name="test-model", base_url=None)
        now = estimate(filled.comparison, shipped(), (asked,), store)
    whole = estimate(filled.comparison, shipped(), (asked,), None)
    assert now.kept == now.calls > 0
    twice = {"queries": 2 * comparison.queries, "replicates": comparison.replicates}
    assert price(now, **twice).new == now.calls
    assert price(now, **twice).usd is None
    assert price(now, **twice, whole=whole).usd == pytest.approx(whole.cost())
