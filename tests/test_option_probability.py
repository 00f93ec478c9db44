"""Option probabilities: asked for once a prompt, kept, read exactly, and equal to the frequencies of many samples."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from cache.errors import StoreError
from dashboard.__main__ import main
from dashboard.effects.means import differences, mean_over_queries
from dashboard.option_probabilities import probability_rows, probability_words
from dashboard.plan_problems import PlanProblem, plan_problems
from dashboard.plan_text import plan_lines
from facts.catalog import shipped
from facts.condition import Reasoning, Tier
from facts.errors import FactError
from http_wires import answer, ask, reply, sampled
from runners.comparison import Comparison
from runners.comparison_file import comparison_toml
from runners.estimate import estimate
from runners.keep import from_record, to_record
from runners.metrics import option_probability
from runners.metrics._first_token import chances
from runners.model import Model
from runners.models import find_model
from runners.planning import check, requests_of, trials, untold
from runners.providers import embedded, find
from runners.request import Request, Turn
from runners.sample import Failure, Sample, Stop, Trouble
from runners.score import Score
from runners.scoring import ScoredTrial
from trial_maker import case_of, make_trial, say

EMBEDDED = find_model("embedded")
COMPARISON = Comparison(name="c", setting="value_conflict", models=("embedded",), facts=("objections_read",), queries=4,
                        levels=(0, 5), replicates=2, metrics=("option", "option_probability"))  # fmt: skip
LIKELY = (("A", math.log(0.5)), (" B", math.log(0.2)), ("The", math.log(0.1)), ("B", math.log(0.1)))


def trial(model: Model = EMBEDDED, reading: dict[str, str] | None = None, replicate: int = 0):
    made = make_trial(replicate=replicate, reading=reading)
    return replace(made, model=model, condition=replace(made.condition, reasoning=Reasoning.NONE))


def score(sample: Sample | Failure | None, **more):
    asked = trial(**more)
    (request,) = option_probability.ask(case_of(asked))
    (found,) = option_probability.read(case_of(asked, **({request.key: sample} if sample else {})))
    return found


def test_one_token_of_the_same_prompt_is_asked_once_for_all_replicates():
    first, second = (option_probability.ask(case_of(trial(replicate=n)))[0] for n in (0, 0))
    own = trial().request
    assert (first.turns, first.system, first.model) == (own.turns, own.system, own.model)
    assert (first.max_tokens, first.temperature, first.logprobs, first.replicate) == (1, 1.0, 20, 0)
    assert first.key == second.key != own.key


def test_the_plan_counts_it_and_prompts_that_are_alike_share_it():
    library = shipped()
    found = [requests_of(t, COMPARISON, library) for t in trials(COMPARISON, library, EMBEDDED)]
    assert all(len(requests) == 2 for requests in found)
    assert all(requests[1].logprobs and not requests[1].replicate for requests in found)


def test_the_value_s_share_is_of_replies_that_begin_with_a_letter():
    found = score(say("A").__class__(text="A", stop=Stop.LENGTH, model="m", logprobs=LIKELY))
    assert found.value == "policy_likelier"
    assert found.number == pytest.approx(0.3 / 0.8)
    assert "neither 0.2000" in found.reason


def test_which_letter_is_the_value_s_comes_from_the_prompt():
    sample = Sample(text="A", stop=Stop.LENGTH, model="m", logprobs=LIKELY)
    swapped = score(sample, reading={"policy": "B", "value": "A"})
    assert (swapped.value, swapped.number) == ("value_likelier", pytest.approx(0.5 / 0.8))


def test_where_replies_do_not_begin_with_a_letter_there_is_a_class_and_no_number():
    odd = (("The", math.log(0.6)), ("A", math.log(0.3)), ("a", math.log(0.1)))
    found = score(Sample(text="The", stop=Stop.LENGTH, model="m", logprobs=odd))
    assert (found.value, found.number) == ("neither", None)


@pytest.mark.parametrize("came", [say("A"), Failure(trouble=Trouble.TIMEOUT, message="too slow"), None])
def test_without_probabilities_it_is_unscored_with_the_reason(came):
    found = score(came)
    assert (found.value, found.number) == (None, None)
    assert found.reason


@pytest.mark.parametrize("odd", [
    replace(trial(), model=replace(EMBEDDED, provider="anthropic")),
    replace(trial(), condition=replace(trial().condition, reasoning=Reasoning.SCRATCHPAD)),
    trial(reading={"accept": "x", "reject": "y"}),
])  # fmt: skip
def test_what_cannot_be_read_is_not_asked_and_says_why(odd):
    assert option_probability.ask(case_of(odd)) == ()
    (found,) = option_probability.read(case_of(odd, say("A")))
    assert found.value is None
    assert found.reason


@pytest.mark.parametrize(("token", "counts"), [
    ("A", True), (" A", True), ("\nA", True), ("(A", True), ("A.", True), ("**A", True), ("A:", True),
    ("a", False), (" a", False), ("An", False), ("AB", False), ("Option", False), ("", False), ("А", False),
])  # fmt: skip
def test_spellings_of_a_capital_letter_count_and_nothing_else_does(token, counts):
    found = chances(Sample(text="", stop=Stop.END, model="m", logprobs=((token, math.log(0.25)),)), "AB")
    assert found
    assert found.by_letter == {"A": pytest.approx(0.25) if counts else 0.0, "B": 0.0}


@given(st.lists(st.tuples(st.sampled_from(["A", " B", "B.", "The", "a"]), st.floats(0.01, 1)), min_size=1, max_size=9))
def test_probabilities_stay_probabilities(listed):
    total = sum(weight for _, weight in listed)
    likely = tuple((token, math.log(weight / total)) for token, weight in listed)
    found = chances(Sample(text="", stop=Stop.END, model="m", logprobs=likely), "AB")
    assert found
    assert 0 <= found.letters <= 1
    assert found.share("A") is None or 0 <= found.share("A") <= 1


def test_kept_probabilities_come_back_as_they_were_and_broken_ones_are_a_damaged_record():
    request = option_probability.ask(case_of(trial()))[0]
    sample = Sample(text="A", stop=Stop.LENGTH, model="m", logprobs=LIKELY)
    assert from_record(request.key, to_record(request, sample)) == sample
    for odd in ("A", [["A"]], [["A", "high"]], [["A", None]], [[1, -0.5]], [["A", True]]):
        record = to_record(request, sample)
        fields = orjson.loads(record)
        fields["sample"]["logprobs"] = odd
        fields.pop("check", None)
        with pytest.raises(StoreError):
            from_record(request.key, orjson.dumps(fields))


@pytest.mark.parametrize("wire", ["openai", "openai_compatible", "embedded"])
def test_the_wire_asks_for_probabilities_only_where_the_request_does(wire):
    plain = Request(provider=wire, endpoint="x", model="m", turns=(Turn(role="user", text="Hi"),), max_tokens=1)
    body = find(wire).body
    assert not {"logprobs", "top_logprobs"} & orjson.loads(body(plain)).keys()
    asked = orjson.loads(body(replace(plain, logprobs=5)))
    assert (asked["logprobs"], asked["top_logprobs"]) == (True, 5)


def test_a_request_asks_for_as_many_as_servers_give():
    for odd in (0, 21):
        with pytest.raises(ValueError, match="1 to 20"):
            replace(trial().request, logprobs=odd)


PLACES = [{"token": "A", "logprob": -0.1, "top_logprobs": [{"token": "A", "logprob": -0.1},
                                                           {"token": "B", "logprob": -2.5}]}]  # fmt: skip


@pytest.mark.parametrize(("given_", "expected"), [
    ({"content": PLACES}, (("A", -0.1), ("B", -2.5))), ({"content": []}, None), (None, None), ("odd", None),
    ({"content": [{"token": "A", "top_logprobs": [{"token": "A", "logprob": None}]}]}, ()),
    ({"content": [{"token": "A", "top_logprobs": [{"token": "A", "logprob": 0.7}]}]}, ()),
])  # fmt: skip
def test_a_server_s_probabilities_are_read_and_what_is_none_is_left_out(httpserver: HTTPServer, given_, expected):
    said = reply("openai_compatible")
    said["choices"][0]["logprobs"] = given_
    answer(httpserver, "openai_compatible", said)
    assert sampled(ask("openai_compatible", httpserver)).logprobs == expected


def test_a_mean_weighs_queries_alike_and_its_interval_is_over_queries():
    found = mean_over_queries({"a": [0.2, 0.2, 0.2], "b": [0.4], "c": [0.6]})
    assert found
    assert (found.value, found.queries) == (pytest.approx(0.4), 3)
    assert found.low is not None
    assert found.high is not None
    # t at 7 degrees of freedom (the house's least) × 0.2/√3
    assert found.high - found.value == pytest.approx(2.3646 * 0.2 / math.sqrt(3), rel=1e-3)
    assert found.value - found.low == pytest.approx(found.high - found.value)


def test_one_query_has_no_interval_and_no_query_has_no_mean():
    one = mean_over_queries({"a": [0.2, 0.3]})
    assert one
    assert (one.low, one.high) == (None, None)
    assert mean_over_queries({}) is None
    assert mean_over_queries({"a": []}) is None


@given(st.dictionaries(st.text(max_size=3), st.lists(st.floats(0, 1), min_size=1, max_size=4), min_size=2, max_size=9))
def test_means_and_their_intervals_stay_between_0_and_1(by_query):
    found = mean_over_queries(by_query)
    assert found
    assert found.low is not None
    assert found.high is not None
    assert -1e-12 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1 + 1e-12


def test_differences_are_paired_by_query():
    assert differences({"a": [0.5, 0.7], "b": [0.1]}, {"a": [0.2], "c": [0.9]}) == {"a": [pytest.approx(0.4)]}


def test_rows_show_each_tier_and_how_far_they_are_apart_and_count_what_has_no_number():
    library = shipped()
    items = []
    for number, one in enumerate(trials(COMPARISON, library, EMBEDDED)):
        monitored = one.condition.tier is Tier.MONITORED
        found = Score(value="neither") if number == 0 else Score(value="x", number=0.75 if monitored else 0.5)
        items.append(ScoredTrial(trial=one, sample=say("A"), scores={"option_probability": (found,)}))
    rows = list(probability_rows(items))
    assert [row.tier for row in rows] == ["monitored", "unmonitored", ""] * 3
    assert [row.mean.value for row in rows if row.mean] == [pytest.approx(p) for p in (0.75, 0.5, 0.25)] * 3
    assert (rows[0].unscored, rows[0].trials) == (1, 8)
    assert "+0.250 (+0.250 to +0.250), 4 queries" in probability_words(rows[2])
    assert "1 of 8 unscored, most because " in probability_words(rows[0])


def test_the_command_says_what_is_lacking_and_shows_what_is_kept(tmp_path, capsys):
    path = tmp_path / "c.toml"
    path.write_text(comparison_toml(COMPARISON))
    workspace = ["--workspace", str(tmp_path / "ws")]
    assert main([*workspace, "probabilities", str(path)]) == 0
    assert "probability of the value's option" in capsys.readouterr().out
    path.write_text(comparison_toml(replace(COMPARISON, metrics=("option",))))
    assert main([*workspace, "probabilities", str(path)]) == 1
    assert 'add "option_probability" to its metrics' in capsys.readouterr().err


DRAWS = 200
# How a prompt was read (in one go, or its last token after a kept beginning) moves a probability of the quantised model
# by up to about this much: measured 0.011 at 0.159.
READING = 0.015
# Five standard errors: of 3 prompts × 2 letters × 2 ways a false alarm is a matter of 1 in 10⁵; the seeds are fixed.
SIGMAS = 5.0


def drawn(line, request: Request, cut: float, letters: str) -> dict[str, int]:
    async def go():
        bodies = (orjson.loads(embedded.body(replace(request, logprobs=None, replicate=n))) for n in range(DRAWS))
        return await asyncio.gather(*(line.call(orjson.dumps(body | {"min_p": cut}), 300) for body in bodies))

    texts = [sample.text.strip() for sample in asyncio.run(go())]
    return {letter: texts.count(letter) for letter in letters}


def validation(cut: float):
    """Exact probabilities beside counts of draws, for three prompts; ``cut`` is min-p as the sampler applies it."""
    library, line = shipped(), embedded.connect(replace(EMBEDDED, context=2048), 8)
    asked = [t for t in trials(COMPARISON, library, EMBEDDED) if t.replicate == 0][::4][:3]
    for one in asked:
        (request,) = option_probability.ask(case_of(one))
        exact = asyncio.run(line.call(embedded.body(request), 300))
        assert exact.logprobs
        least = math.log(cut) + max(p for _, p in exact.logprobs) if cut else -math.inf
        stays = replace(exact, logprobs=tuple((t, p) for t, p in exact.logprobs if p >= least))
        found = chances(stays, "AB")
        assert found
        counts = drawn(line, request, cut, "AB")
        for letter, n in counts.items():
            yield one, letter, found.by_letter[letter] / (found.seen if cut else 1.0), n


@pytest.mark.model
@pytest.mark.timeout(1200)  # 600 replies: 15 s of CPU, many times that where others hold the cores
@pytest.mark.parametrize("cut", [0.0, 0.05])
def test_exact_probabilities_are_the_frequencies_of_samples(cut):
    """Without any cut, and with the one that the embedded model's samples are drawn under."""
    for one, letter, p, n in validation(cut):
        error = math.sqrt(p * (1 - p) / DRAWS)
        assert abs(n / DRAWS - p) <= SIGMAS * error + READING, (one.query.id, letter, p, n)


if __name__ == "__main__":
    for least in (0.0, 0.05):
        for shown, option, p, n in validation(least):
            print(
                f"min-p {least:<4} {shown.query.id} {shown.condition.arm} {option} exact {p:.4f} drawn {n / DRAWS:.4f}"
            )


def test_probabilities_that_no_model_can_give_are_refused_before_anything_is_spent():
    other = replace(EMBEDDED, label="other", provider="openai", name="gpt-x")
    check(COMPARISON, shipped(), (EMBEDDED, other))
    assert untold(COMPARISON, (EMBEDDED, other)) == (other,)
    assert untold(replace(COMPARISON, metrics=("option",)), (other,)) == ()
    with pytest.raises(FactError, match="none of these models gives"):
        check(COMPARISON, shipped(), (other,))
    with pytest.raises(FactError, match=r'reasoning = \["none"\]'):
        check(replace(COMPARISON, reasoning=(Reasoning.SCRATCHPAD,)), shipped(), (EMBEDDED,))


def test_a_plan_names_the_models_whose_probabilities_will_be_missing():
    other = replace(EMBEDDED, label="other", provider="openai_compatible", name="x", base_url="http://127.0.0.1:1/v1")
    none = replace(EMBEDDED, label="simulated", provider="organism", name="null")
    plan = estimate(COMPARISON, shipped(), (other, none), None)
    said = "simulated gives no log-probabilities here: the probabilities of its options will be missing"
    assert f"  {said}" in plan_lines(plan)
    assert PlanProblem(text=f"{said}.", blocking=False) in plan_problems(plan)
    assert not [line for line in plan_lines(plan) if line.startswith("  other gives")]
