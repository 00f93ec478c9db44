"""Prompt caches: what is marked, who goes when, what a plan expects of it, and what a run shows of it."""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import replace

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from dashboard.plan_rows import model_rows, progress_rows
from dashboard.plan_text import model_progress_lines, plan_json, plan_lines
from facts.catalog import shipped
from facts.condition import Tier
from http_wires import answer, ask, reply, sampled
from runners import providers
from runners.budget import cost_usd, most_usd
from runners.comparison import Comparison
from runners.estimate import ModelPlan, estimate
from runners.model import Model
from runners.models import find_model
from runners.prefix_cache import Recent, cached_from, followers_later, write_price
from runners.progress import Progress, State
from runners.request import Request, Turn
from runners.sample import Sample, Stop, Usage
from runners.sampler import Answer
from runners.tally import Tally

LIBRARY = shipped()
LONG = "The filing cabinets were moved to the second floor. " * 400
PRICED = replace(find_model("claude-haiku-5-5"), name="claude-sonnet-4-5", context=None, usd_per_mtok_in=1.0,
                 usd_per_mtok_out=5.0, usd_per_mtok_cache_read=0.1, usd_per_mtok_cache_write=1.25)  # fmt: skip
COMPARISON = Comparison(name="c", setting="value_conflict", models=("m",), facts=("objections_read",), queries=4,
                        replicates=1, metrics=("option",), background_tokens=3000)  # fmt: skip


def request(wire: str = "anthropic", system: str | None = LONG, **more: object) -> Request:
    fields: dict[str, object] = {"provider": wire, "endpoint": "x", "model": "claude-sonnet-4-5", "max_tokens": 40,
                                 "turns": (Turn(role="user", text="A or B?"),), "system": system, **more}  # fmt: skip
    return Request(**fields)  # type: ignore[arg-type]


def sent(one: Request) -> dict[str, object]:
    return orjson.loads(providers.find(one.provider).body(one))


def plan_of(model: Model = PRICED, comparison: Comparison = COMPARISON) -> ModelPlan:
    return estimate(comparison, LIBRARY, (model,), None).models[0]


def test_a_long_system_text_is_marked_and_is_read_as_it_was():
    marked = sent(request())
    assert marked["system"] == [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}]
    assert {**marked, "system": LONG} == {**sent(request(system="x")), "system": LONG}, "nothing else differs"


def test_a_short_or_missing_system_text_is_sent_as_before():
    assert sent(request(system="Be brief."))["system"] == "Be brief."
    assert "system" not in sent(request(system=None))


def test_the_mark_is_in_no_key():
    assert request().key == Request(**{name: getattr(request(), name) for name in Request.__slots__}).key
    assert "cache_control" not in str(request().fields())


@pytest.mark.parametrize(("model", "least"), [
    ("claude-opus-5", 512), ("claude-fable-5", 512), ("claude-sonnet-4-5-20250929", 1024), ("claude-sonnet-5", 1024),
    ("claude-sonnet-4-20250514", 1024), ("claude-opus-4-8", 1024), ("claude-sonnet-4-6", 2048),
    ("claude-3-haiku-20240307", 2048), ("claude-opus-4-6", 4096), ("claude-opus-4-5-20251101", 4096),
    ("claude-haiku-4-5-20251001", 4096), ("claude-opus-4-7", 4096), ("claude-opus-5-5", 4096),
    ("claude-sonnet-5-5", 4096), ("claude-fable-5-1", 4096), ("a-model-of-2027", 4096),
])  # fmt: skip
def test_each_model_caches_from_its_own_length_and_an_unknown_one_from_the_largest(model: str, least: int):
    assert cached_from(request(model=model)) == least


def test_of_an_unknown_model_texts_are_marked_that_its_cache_might_take():
    short = "word " * 500
    assert cached_from(request(model="a-model-of-2027", system=short)) == 4096
    assert isinstance(sent(request(model="a-model-of-2027", system=short))["system"], list)
    assert cached_from(request(model="claude-opus-4-6", system=short)) is None


def test_openai_gets_a_routing_key_at_its_own_address_only_and_one_a_system_text():
    official = request("openai", endpoint="https://api.openai.com/v1", model="gpt-6-luna")
    keys = {sent(replace(official, system=text))["prompt_cache_key"] for text in (LONG, LONG, LONG + "x")}
    assert len(keys) == 2
    assert sent(official)["prompt_cache_key"] == sent(replace(official, replicate=3))["prompt_cache_key"]
    for other in (replace(official, endpoint="http://proxy/v1"), replace(official, system="Be brief."),
                  replace(official, system=None), request("openai_compatible")):  # fmt: skip
        assert "prompt_cache_key" not in sent(other)


@pytest.mark.parametrize("wire", ["openai_compatible", "embedded", "organism"])
def test_where_keeping_a_prefix_has_no_price_nothing_changes_its_place(wire: str):
    asked = [(str(n), request(wire, model="m")) for n in range(9)]
    assert cached_from(asked[0][1]) is None
    assert list(followers_later(iter(asked), 4)) == asked


def blocks(texts: Sequence[int]) -> list[tuple[str, Request]]:
    return [(str(n), request(system=f"{text} {LONG}", replicate=n)) for n, text in enumerate(texts)]


@example([0, 1, 1, 2, 3, 4, 5, 0, 6, 7, 0], 8)
@given(st.lists(st.integers(0, 12), max_size=60), st.integers(1, 20))
def test_every_request_comes_once_and_followers_keep_their_order(texts: list[int], lag: int):
    asked = blocks(texts)
    out = list(followers_later(iter(asked), lag))
    assert sorted(key for key, _ in out) == sorted(key for key, _ in asked)
    for text in set(texts):
        mine = [key for key, one in out if one.system == f"{text} {LONG}"]
        assert mine == [key for key, one in asked if one.system == f"{text} {LONG}"]


@given(st.integers(1, 30), st.integers(1, 3), st.integers(1, 12))
def test_while_others_can_go_first_a_follower_is_that_many_places_behind(count: int, followers: int, lag: int):
    out = list(followers_later(iter(blocks([n // (followers + 1) for n in range(count * (followers + 1))])), lag))
    place = {key: n for n, (key, _) in enumerate(out)}
    last_leader = max(place[str(n)] for n in range(0, len(out), followers + 1))
    for n in range(len(out)):
        leader = n - n % (followers + 1)
        if n != leader and place[str(n)] < last_leader:
            assert place[str(n)] - place[str(leader)] >= lag


def test_it_holds_back_no_more_than_the_lag():
    taken = 0

    def source():
        nonlocal taken
        for item in blocks([n // 2 for n in range(2000)]):
            taken += 1
            yield item

    for given_, _ in enumerate(followers_later(source(), 32), 1):
        assert taken - given_ <= 33


def test_a_text_that_was_not_asked_for_long_is_new_again():
    recent = Recent(2)
    assert [recent.first(text, n) for n, text in enumerate((1, 1, 2, 3, 1))] == [None, 0, None, None, None]


def hits(order: Sequence[str], at_once: int, seed: int) -> float:
    """The share of followers that start after a reply with their text has ended, calls being taken in order."""
    draw = random.Random(seed)
    lanes = [0.0] * at_once
    ready: dict[str, float] = {}
    hit = 0
    for text in order:
        start = heapq.heappop(lanes)
        end = start + draw.uniform(0.5, 1.5)
        hit += ready.get(text, start + 1) <= start
        ready[text] = min(ready.get(text, end), end)
        heapq.heappush(lanes, end)
    return hit / (len(order) - len(set(order)))


@pytest.mark.parametrize("at_once", [2, 16, 64])
def test_side_by_side_both_tiers_miss_and_behind_by_twice_the_calls_in_flight_nearly_all_hit(at_once: int):
    """Replies take their mean ± 50 %; a prefix can be read when the first reply has ended, the hardest case."""
    asked = blocks([n // 2 for n in range(1600)])
    later = [one.system or "" for _, one in followers_later(iter(asked), 2 * at_once)]
    assert hits([one.system or "" for _, one in asked], at_once, 1) < 0.2
    assert hits(later, at_once, 1) > 0.95


def test_a_plan_counts_on_the_second_tier_reading_what_the_first_wrote():
    plan = plan_of()
    assert plan.cached_share == pytest.approx(0.5, abs=0.04)
    assert plan.cost_low
    assert plan.cost_expected
    assert plan.cost_high
    plain = plan_of(replace(PRICED, usd_per_mtok_cache_read=1.0, usd_per_mtok_cache_write=1.0))
    assert plain.cost_expected
    assert plain.cost_high
    assert plan.cost_low <= plan.cost_expected < plain.cost_expected
    assert plan.cost_high > plain.cost_high, "if nothing hits, every token may be written at the dearer price"


@pytest.mark.parametrize("read", [0.0, 0.5, 1.0])
def test_no_way_of_hitting_costs_more_than_the_highest_or_less_than_the_price_allows(read: float):
    plan = plan_of()
    assert plan.cost_high
    inside = int(plan.tokens_in * read)
    usage = Usage(input_tokens=0, cache_read_tokens=inside, cache_write_tokens=plan.tokens_in - inside,
                  output_tokens=plan.tokens_out_most)  # fmt: skip
    cost = cost_usd(PRICED, usage)
    assert cost is not None
    assert cost <= plan.cost_high


def test_a_single_tier_expects_no_hit_and_pays_for_writing():
    alone = replace(COMPARISON, tiers=(Tier.MONITORED,))
    plan, plain = plan_of(comparison=alone), plan_of(replace(PRICED, usd_per_mtok_cache_write=1.0), alone)
    assert plan.tokens_cached == 0
    assert plan.cost_expected
    assert plain.cost_expected
    assert plan.cost_expected > plain.cost_expected


def test_texts_below_the_model_s_minimum_are_not_expected_in_the_cache():
    assert plan_of(replace(PRICED, name="claude-opus-4-6")).tokens_cached == 0
    assert plan_of(comparison=replace(COMPARISON, background_tokens=300)).tokens_cached == 0


def test_an_unknown_price_stays_unknown_and_an_unknown_price_of_writing_is_a_quarter_more():
    unknown = replace(PRICED, usd_per_mtok_in=None)
    assert (plan_of(unknown).cost_low, plan_of(unknown).cost_high) == (None, None)
    assert plan_of(unknown).cached_share > 0.4
    assert write_price(2.0, None) == 2.5
    assert write_price(2.0, 0.0) == 0.0
    silent = replace(PRICED, usd_per_mtok_cache_write=None)
    written = Usage(input_tokens=0, cache_write_tokens=1_000_000, output_tokens=0)
    assert cost_usd(silent, written) == 1.25
    most = most_usd(silent, ["x" * 1_000_000], 1)
    assert most is not None
    assert most >= 1.25


def test_the_plan_says_the_share_and_says_nothing_where_there_is_none():
    plan = estimate(COMPARISON, LIBRARY, (PRICED,), None)
    assert f"({plan.models[0].cached_share:.0%} from the provider's cache)" in "\n".join(plan_lines(plan))
    assert model_rows(plan)[0]["From cache"] == f"{plan.models[0].cached_share:.0%}"
    assert plan_json(plan)["models"][0]["tokens_cached"] == plan.models[0].tokens_cached  # type: ignore[index]
    free = estimate(replace(COMPARISON, background_tokens=None), LIBRARY, (find_model("organism-null"),), None)
    assert "cache" not in "\n".join(plan_lines(free))
    assert model_rows(free)[0]["From cache"] == "–"


def tally_of(*usages: Usage, was_kept: bool = False) -> Tally:
    tally = Tally(label="m", planned=9, simulated=False)
    for usage in usages:
        sample = Sample(text="A", stop=Stop.END, model="m", usage=usage)
        tally.add(Answer(request=request(), key="k", outcome=sample, was_kept=was_kept))
    return tally


def test_a_run_shows_the_share_that_the_provider_reported():
    tally = tally_of(Usage(input_tokens=10, cache_write_tokens=90), Usage(input_tokens=10, cache_read_tokens=90))
    found = tally.progress(None)
    assert (found.prompt_tokens, found.cached_tokens, found.cached_share) == (200, 90, 0.45)
    progress = Progress(comparison="c", state=State.FINISHED, models=(found,))
    assert progress_rows(progress, live=False)[0]["From cache"] == "45%"
    assert "45% of prompt tokens from the cache" in model_progress_lines(progress, live=False)[0]


def test_replies_that_were_kept_and_those_without_a_count_are_in_no_share():
    assert tally_of(Usage(input_tokens=9, cache_read_tokens=9), was_kept=True).progress(None).cached_share is None
    assert tally_of(Usage()).progress(None).cached_share is None


def test_what_anthropic_reports_of_its_cache_is_kept_with_the_sample(httpserver: HTTPServer):
    answer(httpserver, "anthropic", reply("anthropic"))
    usage = sampled(ask("anthropic", httpserver)).usage
    assert (usage.input_tokens, usage.cache_read_tokens, usage.cache_write_tokens) == (7, 3, 2)
