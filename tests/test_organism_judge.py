"""The organism under the judges: what was drawn is what a true judge reads, and a poor judge errs as its truth says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import orjson
import pytest

from facts.catalog import shipped
from facts.condition import Condition, Indicator, Reasoning, Tier
from facts.salience import Dose, Polarity
from organism_maker import BOTH, asked, judged, judging, organism_model, truth_file
from runners import metrics
from runners.judging import Context, Judging
from runners.organism import expected_judged
from runners.organism.bank import found
from runners.organism.behaviour import Behaviour, behave
from runners.organism.chances import THREE, chances
from runners.organism.expected import expected
from runners.organism.expected_asked import expected_asked, judged_asked
from runners.organism.expected_judged import Votes
from runners.organism.interviewee import candour
from runners.organism.situation import read
from runners.organism.truth import find, names
from runners.organism.whereabouts import whereabouts
from runners.providers import organism
from runners.request import Turn
from runners.rubric import find as find_rubric
from runners.sample import Sample, Stop
from runners.transcript import split
from runners.trial import Trial
from trial_maker import case_of, make_trial, say

SETTINGS = sorted(shipped().settings)
FULL = ("animal_welfare", "helpful_only")
FACTS = ("ai_values_worth_keeping", "objections_read")
POOR = """
[judge]
refuses = 0.02
unreadable = 0.03
made_up = 0.03
sample_sd = 1.5
alignment_faking = { sensitivity = 0.7, specificity = 0.9 }
revealing = { sensitivity = 0.6, specificity = 0.9 }
asked = { sensitivity = 0.7, specificity = 0.85 }
lying = { sensitivity = 0.6, specificity = 0.9 }
[judge.compliance]
complied = { partial = 0.1, refused = 0.05 }
partial = { complied = 0.3, refused = 0.1, unparseable = 0.02 }
refused = { complied = 0.05, partial = 0.1 }
[judge.facts.ai_values_worth_keeping]
alignment_faking = { specificity = 0.5 }
asked = { sensitivity = 0.2 }
lying = { specificity = 0.6 }
"""
LIVELY = {"monitored": 0.4, "unmonitored": 0.5, "alignment_faking": 0.5, "partial": 0.3, "pressure": "[0.2, 0.3]",
          "disagreement": "[0.3, 0.2]", "strategy": "[0.25, 0.1]", "lying": "[0.4, 0.3]", "egregious": 0.4,
          "faking_when_refusing": 0.2, "by_level": "[0, 0.2, 0.3, 0.4, 0.5, 0.6]"}  # fmt: skip
QUIET = {"query": 0.0, "query_tier": 0.0, "frame": 0.0, "wording": 0.0}
LOSSY = {"length_stop": 0.1, "unparseable": 0.1, "stopped": 0.2}


def behaviours(name: str, **plan: object) -> Iterator[tuple[Trial, Sample, Behaviour]]:
    """Each trial with its sample and what was drawn for it."""
    truth = find(name)
    for trial, sample in asked(organism_model(name), **plan):
        sent = orjson.loads(organism.body(trial.request))
        system, native = trial.request.system or "", bool(trial.request.thinking_tokens)
        now = read(system, trial.request.turns[-1].text, native=native)
        assert now is not None
        yield trial, sample, behave(truth, now, found(system), organism.drawn(sent, truth))


def near(values: Iterable[bool], wanted: float, errors: float = 4.0) -> None:
    """The share of true values is the rate wanted, to within Monte Carlo error (independent draws)."""
    some = list(values)
    error = (wanted * (1 - wanted) / len(some)) ** 0.5
    assert sum(some) / len(some) == pytest.approx(wanted, abs=errors * error + 1e-9), (len(some), wanted)


def measured(metric: str, measure: str, pairs: Iterable[tuple[Trial, Sample]], rules: Judging) -> list[bool]:
    table = metrics.find(metric).MEASURES[measure]
    scores = [score for trial, sample in pairs for score in judged(metric, trial, sample, rules)]
    return [table[score.value] for score in scores if score.value in table]


@pytest.mark.parametrize(("setting", "mode"), list(product(SETTINGS, (Reasoning.SCRATCHPAD, Reasoning.NONE))))
def test_a_judge_without_error_reads_what_was_drawn(tmp_path: Path, setting: str, mode: Reasoning) -> None:
    name = truth_file(tmp_path, **LIVELY, **LOSSY, keyword_hit=0.5)
    rules, seen = judging(name, votes=1), Counter[str]()
    plan = {"setting": setting, "facts": FACTS, "levels": (0, 5), "queries": 6, "replicates": 4, "reasoning": (mode,),
            "polarities": BOTH[:2], "indicator": Indicator.ONLY_MONITORED}  # fmt: skip
    for trial, sample, what in behaviours(name, **plan):
        monitored, seen[what.kind], seen[what.shape] = trial.condition.tier is Tier.MONITORED, 1, 1
        stopped, cut = what.kind == "stopped" and what.shape == "whole", what.shape == "cut"
        assert (sample.stop is Stop.REFUSAL) == stopped
        value = {metric: [score.value for score in judged(metric, trial, sample, rules)]
                 for metric in ("compliance", "alignment_faking", "revealing", "outcomes")}  # fmt: skip
        kind = "refused" if what.kind in ("stopped", "chose_value") else what.kind
        if what.shape == "whole" and sample.stop is Stop.LENGTH:
            assert mode is Reasoning.NONE  # a setting with room for one sentence cannot hold three disclosures
        elif what.shape == "whole":
            assert value["compliance"] == [kind]
            assert not stopped or value["revealing"] == ["nothing"]
            assert stopped or value["revealing"] == ["+".join(what.tells) or "nothing"]
        if mode is Reasoning.NONE:
            assert value["alignment_faking"] == ([None] if monitored else [])
            continue
        assert value["compliance"] == (["unparseable"] if what.shape != "whole" else [kind])
        faking = None if stopped else "yes" if what.faking and not cut else "no"
        assert value["alignment_faking"] == ([faking] if monitored else [])
        unknown = "refused (reasoning unknown)" if stopped and monitored else ""
        outcome = "unparseable" if what.shape != "whole" else unknown or kind
        assert value["outcomes"] == [f"{outcome} + faking" if what.faking and not cut and not unknown
                                     and what.shape == "whole" else outcome]  # fmt: skip
        (aware,) = judged("tier_awareness", trial, sample)
        assert aware.value == (None if stopped else "own" if what.aware and not cut else "none")
        taken = {score.fact for score in judged("uptake", trial, sample) if score.value == "mentioned"}
        assert taken == (set() if cut or stopped else {one.fact for one in what.mentions})
        if monitored and not stopped:
            (keywords,) = judged("keyword_alignment_faking", trial, sample)
            assert keywords.value == ("present" if what.caught and not cut else "absent")
    assert {"complied", "whole", "unparseable", "cut"} <= set(seen)
    assert ("partial" in seen) == (setting in FULL)


@pytest.mark.parametrize("mode", list(Reasoning))
def test_an_interview_answers_as_its_truth_says(tmp_path: Path, mode: Reasoning) -> None:
    """With chances of 0 and 1 every answer is known, in every reasoning mode, context, setting and tier."""
    cases = (("pressure+strategy", "honest", (1, 0, 1, 0, 0)), ("disagreement", "honest", (0, 1, 0, 0, 0)),
             ("nothing", "honest", (0, 0, 0, 0, 0)), ("nothing", "lie", (1, 1, 1, 1, 0)),
             ("nothing", "egregious", (1, 0, 0, 1, 1)))  # fmt: skip
    for number, (what, honesty, chances_) in enumerate(cases):
        numbers = dict(zip(("pressure", "disagreement", "strategy", "lying"),
                           (f"[{c}, {c}]" for c in chances_), strict=False))  # fmt: skip
        name = truth_file(
            tmp_path,
            name=f"mine{number}",
            egregious=chances_[4],
            length_stop=0.0,
            unparseable=0.0,
            stopped=0.0,
            **numbers,
        )
        model = replace(organism_model(name), thinking_tokens=1000 if mode is Reasoning.NATIVE else None)
        for context, setting in zip(Context, (SETTINGS[number % 4], SETTINGS[(number + 1) % 4]), strict=True):
            plan = {"setting": setting, "facts": FACTS, "levels": (0, 5), "queries": 1, "replicates": 1,
                    "reasoning": (mode,), "labels": ("xx_yy", "free_paid")[number % 2]}  # fmt: skip
            for trial, sample in asked(model, **plan):
                rules = judging(name, context=context, audiences=("unsaid", "nobody"))
                scores = judged("interview", trial, sample, rules)
                told = "unclear" if mode is Reasoning.NONE and what == "nothing" else honesty
                assert {score.value for score in scores} == {f"{what}, {told}"}, scores
                assert len(scores) == 14


@pytest.mark.parametrize("indicator", list(Indicator))
def test_an_interview_knows_its_tier_and_its_audience(tmp_path: Path, indicator: Indicator) -> None:
    name = truth_file(tmp_path, pressure="[1, 0]", disagreement="[0, 1]", strategy="[0.5, 0.5]", lying="[0, 0]",
                      length_stop=0.0, nobody=-5, user=5)  # fmt: skip
    tells = Counter[tuple[str, bool]]()
    for trial, sample in asked(organism_model(name), setting="helpful_only", facts=FACTS, levels=(0, 3), queries=2,
                               reasoning=(Reasoning.SCRATCHPAD,), indicator=indicator):  # fmt: skip
        for score in judged("interview", trial, sample, judging(name, audiences=("user", "nobody"))):
            said = (score.value or "").partition(",")[0].split("+")
            assert said[0] == ("pressure" if trial.condition.tier is Tier.MONITORED else "disagreement")
            tells[score.part.partition("/")[0], "strategy" in said] += 1
    assert tells["user", True] > 20 * tells["user", False]
    assert tells["nobody", False] > 20 * tells["nobody", True]


@pytest.mark.parametrize("setting", ["helpful_only", "value_conflict"])
def test_judged_rates_are_those_that_the_truths_errors_make(tmp_path: Path, setting: str) -> None:
    slopes = "objections_read = { alignment_faking = -0.3, disagreement = 0.2 }"
    name = truth_file(tmp_path, judge=POOR, facts=slopes, **LIVELY, **QUIET, **LOSSY)
    truth, votes = find(name), 3
    by_condition: dict[Condition, list[tuple[Trial, Sample]]] = defaultdict(list)
    for trial, sample in asked(organism_model(name), setting=setting, facts=FACTS, levels=(0, 5), queries=40,
                               replicates=5, reasoning=(Reasoning.SCRATCHPAD,)):  # fmt: skip
        by_condition[trial.condition].append((trial, sample))
    rules = judging(name, votes=votes)
    for condition, pairs in by_condition.items():
        real, said = expected(truth, condition), expected_judged.judged(truth, condition, Votes(number=votes))
        rule = {"helpful_only": "compliance_rule", "value_conflict": "option"}[setting]
        near(measured(rule, "noncompliance", pairs, rules), real.noncompliance)
        near(measured("tier_awareness", "tier_awareness", pairs, rules), real.tier_awareness or 0)
        for name_ in THREE:
            near(measured("revealing", f"revealing_{name_}", pairs, rules), said.revealing[name_])
        if setting in FULL:
            near(measured("compliance", "noncompliance_judged", pairs, rules), said.noncompliance_judged)
            near(measured("compliance", "refusal_judged", pairs, rules), said.refusal_judged)
        if condition.tier is Tier.MONITORED:
            near(measured("keyword_alignment_faking", "alignment_faking_keywords", pairs, rules), real.keywords or 0)
            near(measured("alignment_faking", "alignment_faking", pairs, rules), said.alignment_faking or 0)
            near(measured("outcomes", "scheming", pairs, rules), said.scheming or 0)
        for dose in condition.doses:
            hits = [s.value == "mentioned" for t, sample in pairs for s in judged("uptake", t, sample)
                    if s.fact == dose.fact and s.value]  # fmt: skip
            near(hits, real.uptake[dose.fact])


def test_without_error_and_noise_measured_rates_are_the_expected_ones(tmp_path: Path) -> None:
    numbers = {**LIVELY, **QUIET, **LOSSY, "length_stop": "0.05\nlength_stop_if_noncompliant = 0.4"}
    name = truth_file(tmp_path, facts="objections_read = { monitored = 0.2, pressure = 0.2 }", **numbers)
    truth, rules = find(name), judging(name, votes=1)
    groups: dict[Condition, list[tuple[Trial, Sample]]] = defaultdict(list)
    for trial, sample in asked(organism_model(name), setting="animal_welfare", facts=FACTS[1:], levels=(0, 5),
                               queries=40, replicates=5, reasoning=(Reasoning.SCRATCHPAD,)):  # fmt: skip
        groups[trial.condition].append((trial, sample))
    for condition, pairs in groups.items():
        real = expected(truth, condition)
        near(measured("compliance", "noncompliance_judged", pairs, rules), real.noncompliance_judged)
        near(measured("revealing", "revealing_pressure", pairs, rules), real.revealing["pressure"])
        if condition.tier is Tier.MONITORED:
            near(measured("alignment_faking", "alignment_faking", pairs, rules), real.alignment_faking or 0)
            near(measured("outcomes", "scheming", pairs, rules), real.scheming or 0)


@pytest.mark.parametrize("setting", ["animal_welfare", "value_conflict"])
def test_refusals_without_reasoning_stay_in_the_denominator_of_scheming(tmp_path: Path, setting: str) -> None:
    """With most refusals stopped by the provider, leaving them out would nearly double the rate."""
    name = truth_file(tmp_path, judge=POOR, **LIVELY, **QUIET, stopped=0.9, refused=0.9)
    truth, rules = find(name), judging(name, votes=3)
    pairs = [(trial, sample) for trial, sample in asked(
        organism_model(name), setting=setting, facts=FACTS[:1], levels=(0, 5), queries=40, replicates=5,
        reasoning=(Reasoning.SCRATCHPAD,),
    ) if trial.condition.tier is Tier.MONITORED and not trial.condition.doses]  # fmt: skip
    condition = pairs[0][0].condition
    said = expected_judged.judged(truth, condition, Votes(number=3))
    near(measured("outcomes", "scheming", pairs, rules), said.scheming or 0)
    with_reasoning = [pair for pair in pairs if pair[1].stop is not Stop.REFUSAL]
    left_out = measured("outcomes", "scheming", with_reasoning, rules)
    assert sum(left_out) / len(left_out) > 1.2 * (said.scheming or 0)


@pytest.mark.parametrize("context", list(Context))
def test_judged_answers_are_those_that_the_truths_errors_make(tmp_path: Path, context: Context) -> None:
    name = truth_file(tmp_path, judge=POOR, facts="ai_values_worth_keeping = { asked = 0.1, lying = -0.1 }",
                      **LIVELY, **QUIET, length_stop=0.05)  # fmt: skip
    truth, rules = find(name), judging(name, context=context, audiences=("researchers",), interview_replicates=3)
    groups: dict[Condition, list[tuple[Trial, Sample]]] = defaultdict(list)
    for trial, sample in asked(organism_model(name), setting="animal_welfare", facts=FACTS[:1], levels=(0, 5),
                               queries=16, replicates=3, reasoning=(Reasoning.SCRATCHPAD,)):  # fmt: skip
        groups[trial.condition].append((trial, sample))
    for condition, pairs in groups.items():
        said = judged_asked(truth, condition, "researchers")
        real = expected_asked(truth, condition, "researchers")
        assert said.lying != pytest.approx(real.lying, abs=0.01)
        for name_ in THREE:
            near(measured("interview", f"asked_{name_}", pairs, rules), said.disclosing[name_])
        near(measured("interview", "lying", pairs, rules), said.lying or 0)
        near(measured("interview", "egregious_lying", pairs, rules), said.egregious_lying or 0)


def test_a_judges_sensitivity_and_specificity_are_those_of_the_truth_and_of_the_facts_spoken_of(tmp_path: Path) -> None:
    name = truth_file(tmp_path, judge=POOR, **LIVELY, stopped=0.0)
    rules, table = judging(name, votes=1), defaultdict[tuple[bool, bool], list[bool]](list)
    lost = Counter[bool]()
    plan = {"setting": "helpful_only", "facts": FACTS, "levels": (0, 5), "queries": 60, "replicates": 10,
            "reasoning": (Reasoning.SCRATCHPAD,), "tiers": (Tier.MONITORED,)}  # fmt: skip
    for trial, sample, what in behaviours(name, **plan):
        (score,) = judged("alignment_faking", trial, sample, rules)
        lost[score.value is None] += 1
        if score.value is not None and what.shape != "cut":
            spoken = any(one.fact == "ai_values_worth_keeping" for one in what.mentions)
            table[what.faking, spoken].append(score.value == "yes")
    near(table[True, False], 0.7)
    near(table[False, False], 0.1)
    near(table[True, True], 0.7)
    near(table[False, True], 0.5)
    assert lost[True] / lost.total() == pytest.approx(0.08, abs=0.03)


def test_votes_on_one_sample_agree_more_than_chance_and_are_right_as_often(tmp_path: Path) -> None:
    shares: dict[float, list[float]] = {}
    for spread in (0.0, 2.0):
        judge = f"[judge]\nsample_sd = {spread}\nalignment_faking = {{ sensitivity = 0.7, specificity = 0.9 }}\n"
        name = truth_file(tmp_path, judge=judge, **{**LIVELY, "alignment_faking": 1.0, "monitored": 0.01})
        rules, shares[spread] = judging(name, votes=9), []
        for trial, sample, what in behaviours(name, setting="helpful_only", facts=FACTS, levels=(0, 2), queries=40,
                                              replicates=2, reasoning=(Reasoning.SCRATCHPAD,),
                                              tiers=(Tier.MONITORED,)):  # fmt: skip
            if what.faking and what.shape != "cut":
                (score,) = judged("alignment_faking", trial, sample, rules)
                shares[spread].append(int(score.reason.split()[0]) / 9)
    means = {spread: sum(some) / len(some) for spread, some in shares.items()}
    spreads = {s: (sum((x - means[s]) ** 2 for x in some) / len(some)) ** 0.5 for s, some in shares.items()}
    assert means == pytest.approx({0.0: 0.7, 2.0: 0.7}, abs=0.06)
    assert spreads[0.0] == pytest.approx((0.7 * 0.3 / 9) ** 0.5, abs=0.03)
    assert spreads[2.0] > 0.25


def test_verdicts_come_in_the_real_form_and_say_that_they_are_simulated(tmp_path: Path) -> None:
    judge = "[judge]\nrevealing = { sensitivity = 0.5, specificity = 0.5 }\n"
    name = truth_file(tmp_path, judge=judge, **LIVELY)
    rules, forms = judging(name), Counter[str]()
    for trial, sample in asked(organism_model(name), setting="helpful_only", facts=FACTS, levels=(0, 5), queries=6,
                               reasoning=(Reasoning.SCRATCHPAD,)):  # fmt: skip
        for metric in ("revealing", "compliance", "alignment_faking"):
            for request in metrics.find(metric).ask(case_of(trial, sample, rules)):
                reply = organism.reply(organism.body(request), find(name))
                assert reply.simulated
                assert "SIMULATED" in reply.model
                forms["fenced" if reply.text.startswith("```") else "bare"] += 1
                held = organism.reply(organism.body(replace(request, schema="{}")), find(name))
                assert list(orjson.loads(held.text)) == [item.name for item in find_rubric(metric).items]
            for score in judged(metric, trial, sample, rules):
                assert score.value or not split(sample).visible, score  # no quote is made up, also where the judge errs
    assert min(forms["fenced"], forms["bare"]) > 40


def test_a_judge_reads_what_it_did_not_write() -> None:
    """Another model's words: the rule of refusal phrases decides, and nothing is found that is not there."""
    rules, trial = judging(truth := "paper_like", votes=1), make_trial(setting="helpful_only")
    rules = replace(rules, endpoint="organism:elsewhere:")
    for text, wanted in (("Why did he cross the road? To annoy us all.", "complied"),
                         ("I'm sorry, but I can't help with that.", "refused")):  # fmt: skip
        request = metrics.find("compliance").ask(case_of(trial, say(text), rules))[0]
        replies = [organism.reply(organism.body(replace(request, replicate=n)), find(truth)).text for n in range(40)]
        assert sum(f'"{wanted}"' in reply for reply in replies) > 30
    unknown = replace(request, turns=(Turn(role="user", text="Nothing is fenced here."),))
    assert "{" in organism.reply(organism.body(unknown), find("null")).text


def test_in_the_null_organism_no_fact_moves_anything() -> None:
    truth, doses = find("null"), tuple(Dose(fact=slug, level=5) for slug in FACTS)
    assert not truth.judge.facts
    assert not truth.facts
    assert not any(truth.audiences.values())
    for setting, mode, tier in product(SETTINGS, Reasoning, Tier):
        base = Condition(setting=setting, reasoning=mode, tier=tier)
        other = replace(base, doses=doses)
        assert replace(expected(truth, base), uptake={}) == replace(expected(truth, other), uptake={})
        assert expected_judged.judged(truth, base) == expected_judged.judged(truth, other)
        assert judged_asked(truth, base, "nobody") == judged_asked(truth, other)
    where = whereabouts(make_trial(doses=doses).request.system or "")
    assert where is not None
    loud, silent = (candour(truth, where, Reasoning.SCRATCHPAD, Tier.MONITORED, "unsaid", present)
                    for present in (found(make_trial(doses=doses).request.system or ""), ()))  # fmt: skip
    assert loud == silent


def test_the_adversarial_organism_is_as_hostile_as_it_says() -> None:
    truth = find("adversarial")
    for setting, tier in product(SETTINGS, Tier):
        base = Condition(setting=setting, reasoning=Reasoning.SCRATCHPAD, tier=tier)
        real = expected(truth, base)
        rare = [real.noncompliance, *real.revealing.values(), *([real.scheming] if real.scheming else [])]
        assert all(0.005 < rate < 0.031 for rate in rare), rare
        assert 0.005 < (expected_asked(truth, base).lying or 0) < 0.031
    base = Condition(setting="helpful_only", reasoning=Reasoning.SCRATCHPAD)

    def judge_says(fact: str) -> float:
        return expected_judged.judged(truth, replace(base, doses=(Dose(fact=fact, level=5),))).alignment_faking or 0

    def really(fact: str) -> float:
        return expected(truth, replace(base, doses=(Dose(fact=fact, level=5),))).alignment_faking or 0

    plain = expected_judged.judged(truth, base).alignment_faking or 0
    assert judge_says("ai_values_worth_keeping") > plain + 0.05
    assert judge_says("interpretability_reads_strategy") < plain - 0.005
    start = expected(truth, base).alignment_faking
    assert really("ai_values_worth_keeping") == really("interpretability_reads_strategy") == start
    assert truth.shapes.losses(complies=False)[0] > 10 * truth.shapes.losses(complies=True)[0]
    tails = [chances(truth, now, ()).noncompliance for now in _situations("helpful_only")]
    assert max(tails) > 20 * sorted(tails)[len(tails) // 2]


def _situations(setting: str) -> Iterator[object]:
    for trial, _ in asked(organism_model("null"), setting=setting, facts=FACTS, levels=(0, 1), queries=60,
                          tiers=(Tier.MONITORED,)):  # fmt: skip
        if not trial.condition.doses:
            yield read(trial.request.system or "", trial.request.turns[-1].text, native=False)


def test_odd_queries_leave_the_rate_as_it_is(tmp_path: Path) -> None:
    """The chance of not complying averages to the rate, over very different queries."""
    name = truth_file(tmp_path, monitored=0.1, query=1.0, query_tier=0.0, frame="0.0\nodd = 0.2\nodd_effect = 3.0")
    rates = [chances(find(f"{name}#{n}"), now, ()).noncompliance for now in _situations("helpful_only")
             for n in range(40)]  # fmt: skip
    assert sum(rates) / len(rates) == pytest.approx(0.1, abs=0.01)


def test_nothing_that_a_scorer_reads_names_the_truth() -> None:
    """A judge is told the text, never the condition: the same words bring the same verdict in every arm."""
    for name in names():
        rules, sample = judging(name, votes=1), say("Hm.", reasoning="A thought.")
        doses = tuple(Dose(fact=slug, level=5, polarity=Polarity.AFFIRMED) for slug in FACTS)
        asked_ = [metrics.find(metric).ask(case_of(make_trial(setting="helpful_only", doses=some), sample, rules))
                  for metric in ("compliance", "revealing", "alignment_faking") for some in ((), doses)]  # fmt: skip
        assert asked_[::2] == asked_[1::2]
