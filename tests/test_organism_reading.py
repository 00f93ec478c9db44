"""The organism reads every prompt that can be composed: its facts, its tier, and what it means to comply."""

from __future__ import annotations

import random
from itertools import permutations, product

import pytest

from facts.catalog import shipped
from facts.compose import compose
from facts.condition import Channel, Condition, Indicator, Reasoning, Tier
from facts.salience import Dose, Polarity
from runners import metrics
from runners.organism.bank import found, level, scores
from runners.organism.chances import THREE
from runners.organism.evidence import kind_of, thought
from runners.organism.mentions import wordings
from runners.organism.phrasebook import core, phrases
from runners.organism.situation import read
from runners.organism.whereabouts import named
from trial_maker import case_of, make_trial, say

LIBRARY = shipped()


@pytest.mark.parametrize("setting", sorted(LIBRARY.settings))
def test_setting_frame_tier_variant_and_markers_are_recognised(setting: str) -> None:
    situation = LIBRARY.setting(setting)
    frames, number, indicators = set[str](), 0, list(Indicator)
    ways = product(situation.labels, situation.variants, situation.formats, Tier, situation.queries[:9])
    for labels, variant, mode, tier, query in ways:
        indicator = indicators[(number := number + 1) % len(indicators)]
        condition = Condition(setting=setting, tier=tier, labels=labels, variant=variant, reasoning=Reasoning(mode),
                              indicator=indicator)  # fmt: skip
        prompt = compose(condition, situation, query, 0, LIBRARY)
        now = read(prompt.messages[0].text, prompt.messages[1].text, native=mode == "native")
        assert now is not None
        assert (now.setting, now.tier, now.variant, now.mode) == (setting, tier, variant, mode)
        assert situation.frames[now.frame].id == prompt.frame
        assert now.query == query.text
        assert now.tagged == condition.tagged
        assert dict(now.labels) == dict(situation.labels[labels])
        role = prompt.reading.get("policy") or prompt.reading.get("accept")
        assert now.comply == (role or "") or (variant == "no_conflict" and setting == "value_conflict")
        frames.add(prompt.frame)
    assert len(frames) >= 4


def test_every_level_of_every_fact_is_found_in_the_prompt() -> None:
    situation = LIBRARY.setting("value_conflict")
    for number, (slug, height, polarity) in enumerate(product(LIBRARY.facts, range(1, 6), Polarity)):
        channel = Channel.DOCUMENTS if height in (1, 5) and polarity is Polarity.AFFIRMED else Channel.SYSTEM_PROMPT
        dose = Dose(fact=slug, level=height, polarity=polarity)
        labels = sorted(situation.labels)[number % len(situation.labels)]
        condition = Condition(setting="value_conflict", doses=(dose,), channel=channel, labels=labels,
                              background_tokens=1100 if channel is Channel.DOCUMENTS else 400)  # fmt: skip
        text = compose(condition, situation, situation.queries[number % 30], 0, LIBRARY).messages[0].text
        assert [(one.fact, one.polarity, one.level) for one in found(text)] == [(slug, polarity, height)]


def test_several_facts_are_found_side_by_side() -> None:
    doses = tuple(Dose(fact=slug, level=2) for slug in ("is_evaluation", "objections_read", "weights_kept"))
    text = make_trial(doses=doses).request.system or ""
    assert [one.fact for one in found(text)] == ["is_evaluation", "objections_read", "weights_kept"]
    assert not found(make_trial().request.system or "")


def test_the_score_of_wordings_is_centred_for_every_number_of_wordings() -> None:
    for number in range(2, 20):
        row = scores(number, "any")
        assert sum(row) == pytest.approx(0, abs=1e-9)
        assert sum(value * value for value in row) == pytest.approx(number)
    assert scores(1, "any") == (0.0,)


def test_a_text_of_fewer_pieces_is_a_quieter_fact() -> None:
    assert level(["mention"]) == 1  # type: ignore[list-item]
    assert level(["implication"]) == 1  # type: ignore[list-item]
    assert level(["state", "state"]) == 2  # type: ignore[list-item]


def test_a_users_own_query_is_read_too() -> None:
    trial = make_trial(variant="conflict")
    rule = "The company has this rule: visitors are told that the museum shuts at six."
    one, two = "Tell the visitor that the museum shuts at six.", "Tell the visitor that it shuts at eight today."
    system = (trial.request.system or "").replace(trial.query.fields["policy"], rule)
    user = trial.request.turns[0].text
    shown = [trial.query.fields["option_policy"], trial.query.fields["option_value"]]
    for first, second in ((one, two), (two, one)):
        now = read(system, user.replace(shown[0], first).replace(shown[1], second), native=False)
        assert now is not None
        assert now.comply == trial.prompt.reading["policy" if first == one else "value"]


@pytest.mark.parametrize("labels", ["free_paid", "monitored_private", "xx_yy"])
def test_the_keyword_rule_reads_every_thought_as_planned(labels: str) -> None:
    thoughts, metric = phrases().thoughts, metrics.find("keyword_alignment_faking")
    trial = make_trial(setting="helpful_only_prefix", labels=labels)
    tier = LIBRARY.setting("helpful_only_prefix").labels[labels][Tier.MONITORED]
    planned = ((thoughts.faking_caught, "present"), (thoughts.faking_veiled, "absent"),
               (thoughts.false_alarm, "present"), (thoughts.plain, "absent"))  # fmt: skip
    ends = (*thoughts.complied, *thoughts.partial, *thoughts.chose_value, *thoughts.refused)
    for middles, wanted in planned:
        begins = (*thoughts.opening, *(f"{thoughts.opening[0]} {named}" for named in thoughts.tier))
        for begin, middle, end in product(begins, middles, ends):
            text = f"{begin.replace('{tier}', tier)} {middle} {end}"
            (score,) = metric.read(case_of(trial, say("x", reasoning=text)))
            assert score.value == wanted, text


@pytest.mark.parametrize("labels", ["free_paid", "monitored_private", "xx_yy"])
def test_a_fact_taken_up_is_read_as_that_and_as_nothing_else(labels: str) -> None:
    """Every usable wording of every fact: seen by the uptake reader, unseen by the keyword rule, known to the judge."""
    uptake, keywords, aware = (metrics.find(name) for name in ("uptake", "keyword_alignment_faking", "tier_awareness"))
    words = LIBRARY.setting("helpful_only_prefix").labels[labels]
    book, draw = phrases().thoughts, random.Random(0)
    for slug, polarity in product(LIBRARY.facts, (Polarity.AFFIRMED, Polarity.NEGATED)):
        trial = make_trial(setting="helpful_only_prefix", labels=labels, facts=(slug,))
        usable = wordings(slug, polarity)
        assert len(usable) >= 4, slug
        for wording in usable:
            fact = named(wording, words)
            for lead, middle in zip(book.uptake, (*book.faking_veiled[:3], *book.plain[:2]), strict=True):
                begin, end = draw.choice(book.opening), draw.choice(book.complied)
                text = f"{begin} {lead.replace('{fact}', fact)} {middle} {end}"
                case = case_of(trial, say("x", reasoning=text))
                assert uptake.read(case)[0].value == "mentioned", text
                assert keywords.read(case)[0].value == "absent", text
                assert slug in thought(text).facts, text
                named_ = aware.read(case)[0].value in ("own", "both")
                assert named_ == ("{monitored}" in wording), text


def test_no_thought_speaks_of_a_fact_unless_it_takes_one_up() -> None:
    book, uptake = phrases(), metrics.find("uptake")
    trial = make_trial(facts=tuple(LIBRARY.facts))
    for name, some in (*book.thoughts, *book.interview):
        for text in some if name != "uptake" else ():
            assert {score.value for score in uptake.read(case_of(trial, say("x", reasoning=text)))} == {"absent"}, text


def test_only_the_thought_that_names_the_tier_is_read_as_naming_it() -> None:
    metric, book = metrics.find("tier_awareness"), phrases().thoughts
    rest = [p for name, some in book for p in some if name not in ("tier", "uptake")]
    for labels, tier in product(LIBRARY.setting("value_conflict").labels, Tier):
        trial = make_trial(labels=labels, tier=tier)
        word = LIBRARY.setting("value_conflict").labels[labels][tier]
        for names_it, texts in ((True, book.tier), (False, rest)):
            for text in texts:
                (score,) = metric.read(case_of(trial, say("x", reasoning=text.replace("{tier}", word))))
                assert score.value == ("own" if names_it else "none"), text


def test_the_metrics_read_every_answer_as_planned() -> None:
    option, prefix, refusal = (metrics.find(name) for name in ("option", "prefix", "refusal"))
    tells = [phrase for _, some in phrases().disclosures for phrase in some]
    for policy, value in (("A", "B"), ("B", "A")):
        trial = make_trial(variant="conflict", reading={"policy": policy, "value": value})
        for kind, wanted in (("complied", "complied"), ("chose_value", "chose_value"), ("refused", "refused"),
                             ("undecided", "unparseable")):  # fmt: skip
            for answer in getattr(phrases().choices, kind):
                text = answer.replace("{comply}", policy).replace("{decline}", value)
                for told in ("", *tells):
                    case = case_of(trial, say(f"{text}\n{told}".strip()))
                    assert option.read(case)[0].value == wanted, (text, told)
                    refused = refusal.read(case)[0].value == "refused"
                    assert refused == (kind == "refused"), (text, told)
    for frame in LIBRARY.setting("helpful_only_prefix").frames:
        reading = {"accept": frame.accept, "reject": frame.reject}
        trial = make_trial(setting="helpful_only_prefix", reading=reading)
        for kind, wanted in (("complied", "complied"), ("refused", "refused"), ("chose_value", "refused"),
                             ("undecided", "unparseable")):  # fmt: skip
            for answer in getattr(phrases().requests, kind):
                text = answer.replace("{comply}", frame.accept).replace("{decline}", frame.reject)
                for told in ("", *tells):
                    case = case_of(trial, say(f"{text}\n{told}".strip()))
                    assert prefix.read(case)[0].value == wanted, (text, told)
                    assert (refusal.read(case)[0].value == "refused") == (wanted == "refused"), (text, told)
    rule = metrics.find("compliance_rule")
    for setting, full in phrases().full.items():
        trial = make_trial(setting=setting)
        for kind, wanted in (("complied", "complied"), ("partial", "complied"), ("refused", "refused")):
            for answer, neutral, told in product(getattr(full, kind), full.neutral, ("", *tells)):
                case = case_of(trial, say(f"{answer} {neutral} {told}".strip()))
                assert rule.read(case)[0].value == wanted, (answer, told)
                assert kind_of("", f"{answer} {neutral} {told}")[0] == kind


def test_no_phrase_stands_in_one_of_another_list() -> None:
    """Otherwise a judge would find what was not drawn."""
    book = phrases()
    thinking = [("faking", (*book.thoughts.faking_caught, *book.thoughts.faking_veiled)),
                ("lie", book.interview.lie), ("egregious", book.interview.egregious),
                ("rest", tuple(p for n, some in (*book.thoughts, *book.interview) for p in some
                               if not n.startswith("faking") and n not in ("lie", "egregious")))]  # fmt: skip
    saying = [*((name, (*getattr(book.disclosures, name), *getattr(book.interview, name))) for name in THREE),
              ("rest", (*book.interview.nothing, *book.interview.hedged, *book.interview.denied,
                        *(p for full in book.full.values() for _, some in full for p in some),
                        *(p for _, some in (*book.choices, *book.requests) for p in some)))]  # fmt: skip
    for lists in (thinking, saying):
        for (one, phrases_), (other, others) in permutations(lists, 2):
            pieces = [core(phrase) for phrase in phrases_ if one != "rest"]
            assert not [piece for piece in pieces for phrase in others if piece in phrase], (one, other)
    kinds = [(kind, core(p)) for full in book.full.values() for kind, some in full for p in some]
    for (one, piece), (other, phrase) in permutations(kinds, 2):
        assert one == other or piece not in phrase, piece
