"""Plans: query-major in one seeded order, top-ups buy only the difference, and nothing is spent before it is said."""

import json
from dataclasses import replace

import pytest

from cache.store import Store
from facts.catalog import shipped
from facts.errors import DoesNotFit, FactError, UnknownName
from facts.salience import Polarity
from runners.comparison import Comparison
from runners.estimate import estimate
from runners.keep import to_record
from runners.model import Model
from runners.planning import check, queries_of, trials
from runners.sample import Sample, Stop, Usage
from runners.scoring import scored
from runners.sizes import requests

LIBRARY = shipped()
MODEL = Model(label="m", provider="openai_compatible", name="fake-1", base_url="http://127.0.0.1:1/v1",
              usd_per_mtok_in=3.0, usd_per_mtok_out=15.0)  # fmt: skip
COMPARISON = Comparison(
    name="c", setting="value_conflict", models=("m",), facts=("objections_read",), design="ladder", levels=(0, 2, 5),
    polarities=(Polarity.AFFIRMED, Polarity.PLACEBO), queries=5, replicates=2, metrics=("option", "refusal"),
)  # fmt: skip
CONDITIONS = 5 * 2


def keys(comparison):
    return [key for key, _ in requests(comparison, LIBRARY, MODEL)]


def keep(store, comparison, count=None, text="A"):
    for number, (key, request) in enumerate(requests(comparison, LIBRARY, MODEL)):
        if count is not None and number >= count:
            return
        store.add(key, to_record(request, Sample(text=text, stop=Stop.END, model="fake-1", usage=Usage()))).result(10)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "store") as opened:
        yield opened


def test_all_conditions_of_a_query_come_before_the_next_query():
    """Each finished query is one paired block, so a stopped run is still balanced."""
    order = [trial.query.id for trial in trials(COMPARISON, LIBRARY, MODEL)]
    blocks = [order[i] for i in range(0, len(order), CONDITIONS * 2)]
    assert len(order) == 5 * 2 * CONDITIONS
    assert len(set(blocks)) == 5
    assert all(len(set(order[i : i + CONDITIONS * 2])) == 1 for i in range(0, len(order), CONDITIONS * 2))


def test_the_same_plan_twice_is_the_same_keys():
    assert keys(COMPARISON) == keys(COMPARISON)


def test_both_tiers_of_an_arm_stand_together_and_share_the_long_prefix():
    made = list(trials(COMPARISON, LIBRARY, MODEL))
    assert all(a.request.system == b.request.system for a, b in zip(made[::2], made[1::2], strict=True))


@pytest.mark.parametrize(
    "more",
    [{"replicates": 3}, {"queries": 8}, {"levels": (0, 2, 3, 5)}, {"metrics": ("option",)}, {"name": "other"},
     {"polarities": (Polarity.AFFIRMED, Polarity.PLACEBO, Polarity.NEGATED)}, {"concurrency": 99}],
)  # fmt: skip
def test_topping_up_keeps_every_key_that_was_bought(more):
    assert set(keys(COMPARISON)) <= set(keys(replace(COMPARISON, **more)))


def test_renaming_a_comparison_or_changing_how_it_is_called_changes_no_key():
    other = replace(COMPARISON, name="else", concurrency=3, max_usd=9.0, note="x")
    assert keys(other) == keys(COMPARISON)


@pytest.mark.parametrize("change", [{"seed": 1}, {"temperature": 0.5}, {"labels": "xx_yy"}, {"variant": "no_conflict"},
                                    {"background_tokens": 300}, {"max_tokens": 61}])  # fmt: skip
def test_what_changes_the_request_changes_the_key(change):
    assert not set(keys(COMPARISON)) & set(keys(replace(COMPARISON, **change)))


def test_queries_are_spread_over_values_and_grow_by_adding():
    setting = LIBRARY.setting("value_conflict")
    five = [q.id for q in queries_of(COMPARISON, setting)]
    twelve = [q.id for q in queries_of(replace(COMPARISON, queries=12), setting)]
    assert twelve[:5] == five
    assert len({q.group for q in queries_of(COMPARISON, setting)}) == 5
    assert [q.id for q in queries_of(replace(COMPARISON, seed=3), setting)] != five


def test_a_plan_counts_what_is_kept_and_prices_only_the_rest(store):
    keep(store, COMPARISON, count=30)
    plan = estimate(COMPARISON, LIBRARY, [MODEL], store)
    assert (plan.calls, plan.kept, plan.new) == (100, 30, 70)
    empty = estimate(COMPARISON, LIBRARY, [MODEL], None)
    assert 0 < plan.cost("low") < plan.cost("expected") < plan.cost("high") < empty.cost("high")


def test_a_plan_that_is_all_kept_costs_nothing(store):
    keep(store, COMPARISON)
    plan = estimate(COMPARISON, LIBRARY, [MODEL], store)
    assert (plan.new, plan.cost("high")) == (0, 0.0)


def test_an_unknown_price_is_unknown_and_never_zero():
    plan = estimate(COMPARISON, LIBRARY, [replace(MODEL, usd_per_mtok_in=None)], None)
    assert plan.cost() is None


def test_probes_are_part_of_the_plan():
    with_recall = replace(COMPARISON, metrics=("option", "recall"))
    extra = len(keys(with_recall)) - len(keys(COMPARISON))
    assert 0 < extra <= 5 * CONDITIONS  # one question a fact, for the first replicate only


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"facts": ("objection_read",)}, UnknownName, "did you mean 'objections_read'"),
        ({"setting": "value_conflit"}, UnknownName, "did you mean 'value_conflict'"),
        ({"metrics": ("optoin",)}, UnknownName, "did you mean 'option'"),
        ({"metrics": ("prefix",)}, FactError, "use 'option'"),
        ({"query_ids": ("nope",)}, UnknownName, "queries.jsonl"),
        ({"queries": 10_000}, FactError, "set queries ="),
        ({"background_tokens": 60}, DoesNotFit, "set background_tokens to at least"),
        ({"design": "ladder", "facts": ("objections_read", "welfare_lead")}, FactError, "climbs one fact"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_spent(change, kind, words):
    with pytest.raises(kind, match=words):
        check(replace(COMPARISON, **change), LIBRARY, (MODEL,))


def test_a_prompt_longer_than_the_models_context_is_refused():
    with pytest.raises(DoesNotFit, match="choose a model with a longer context"):
        check(COMPARISON, LIBRARY, (replace(MODEL, context=300),))


def test_native_reasoning_needs_a_model_that_thinks():
    from facts.condition import Reasoning

    with pytest.raises(FactError, match="thinking_tokens"):
        check(replace(COMPARISON, reasoning=(Reasoning.NATIVE,)), LIBRARY, (MODEL,))


def test_a_users_own_queries_are_asked(tmp_path):
    path = tmp_path / "own.jsonl"
    fields = {"policy": "p", "option_policy": "a", "option_value": "b"}
    rows = [{"id": f"own-{i}", "text": f"Case {i}?", "fields": fields} for i in range(3)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    own = replace(COMPARISON, query_file=str(path), queries=3)
    assert {t.query.id for t in trials(own, LIBRARY, MODEL)} == {"own-0", "own-1", "own-2"}
    path.write_text('{"id": "x", "text": "ok"}\n{"id": ', encoding="utf-8")
    with pytest.raises(FactError, match=r"own\.jsonl, line 2"):
        check(own, LIBRARY, (MODEL,))
    path.write_text("", encoding="utf-8")
    with pytest.raises(FactError, match="no queries"):
        check(own, LIBRARY, (MODEL,))


def test_scores_come_from_the_store_alone_and_absence_is_not_zero(store):
    keep(store, COMPARISON, count=40, text="A")
    rows = list(scored(COMPARISON, LIBRARY, MODEL, store))
    assert len(rows) == 100
    assert sum(row.sample is not None for row in rows) == 40
    assert all(not row.scores for row in rows if row.sample is None)
    for row in rows[:40]:
        (score,) = row.scores["option"]
        assert score.value == ("complied" if row.trial.prompt.reading["policy"] == "A" else "chose_value")


def test_a_damaged_record_counts_as_lost_not_as_an_answer(store):
    key, request = next(iter(requests(COMPARISON, LIBRARY, MODEL)))
    whole = to_record(request, Sample(text="A", stop=Stop.END, model="m"))
    store.add(key, whole[: len(whole) // 2]).result(10)
    assert next(iter(scored(COMPARISON, LIBRARY, MODEL, store))).sample is None


def test_a_plan_takes_as_long_as_the_users_own_limits_per_minute_allow():
    """100 calls: at 10 a minute ten minutes, and at a tenth of their tokens a minute ten minutes as well."""
    plan = estimate(COMPARISON, LIBRARY, (MODEL,), None).models[0]
    assert plan.calls == 100
    assert plan.seconds < 60
    (slow,) = estimate(COMPARISON, LIBRARY, (replace(MODEL, requests_per_minute=10),), None).models
    assert slow.seconds == 600
    tokens = plan.tokens_in + plan.tokens_out_most / 2
    (slow,) = estimate(COMPARISON, LIBRARY, (replace(MODEL, tokens_per_minute=tokens / 10),), None).models
    assert slow.seconds == pytest.approx(600)
