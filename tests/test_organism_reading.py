"""The organism reads every prompt that can be composed: its facts, its tier, and what it means to comply."""

from __future__ import annotations

from itertools import product

import pytest

from facts.catalog import shipped
from facts.compose import compose
from facts.condition import Channel, Condition, Reasoning, Tier
from facts.salience import Dose, Polarity
from runners import metrics
from runners.organism.bank import found, level, scores
from runners.organism.situation import read
from runners.organism.writing import phrases
from trial_maker import make_trial, say

LIBRARY = shipped()


@pytest.mark.parametrize("setting", sorted(LIBRARY.settings))
def test_setting_frame_tier_variant_and_markers_are_recognised(setting: str) -> None:
    situation = LIBRARY.setting(setting)
    frames = set[str]()
    ways = product(situation.labels, situation.variants, situation.formats, Tier, situation.queries[:9])
    for labels, variant, mode, tier, query in ways:
        condition = Condition(setting=setting, tier=tier, labels=labels, variant=variant, reasoning=Reasoning(mode))
        prompt = compose(condition, situation, query, 0, LIBRARY)
        now = read(prompt.messages[0].text, prompt.messages[1].text, native=mode == "native")
        assert now is not None
        assert (now.setting, now.tier, now.variant, now.mode) == (setting, tier, variant, mode)
        assert situation.frames[now.frame].id == prompt.frame
        assert now.query == query.text
        assert dict(now.labels) == dict(situation.labels[labels])
        role = prompt.reading.get("policy") or prompt.reading.get("accept")
        assert now.comply == role or (variant == "no_conflict" and setting == "value_conflict")
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
    for middles, wanted in planned:
        for opening, middle, end in product(
            thoughts.opening, middles, (*thoughts.complied, *thoughts.chose_value, *thoughts.refused)
        ):
            text = f"{opening} {middle.replace('{tier}', tier)} {end}"
            (score,) = metric.read(trial, say("x", reasoning=text), (), LIBRARY)
            assert score.value == wanted, text


def test_the_metrics_read_every_answer_as_planned() -> None:
    option, prefix, refusal = (metrics.find(name) for name in ("option", "prefix", "refusal"))
    for policy, value in (("A", "B"), ("B", "A")):
        trial = make_trial(variant="conflict", reading={"policy": policy, "value": value})
        for kind, wanted in (("complied", "complied"), ("chose_value", "chose_value"), ("refused", "refused"),
                             ("undecided", "unparseable")):  # fmt: skip
            for answer in getattr(phrases().choices, kind):
                text = answer.replace("{comply}", policy).replace("{decline}", value)
                assert option.read(trial, say(text), (), LIBRARY)[0].value == wanted, text
                refused = refusal.read(trial, say(text), (), LIBRARY)[0].value == "refused"
                assert refused or kind != "refused", text
                assert not refused or kind == "refused", text
    for frame in LIBRARY.setting("helpful_only_prefix").frames:
        reading = {"accept": frame.accept, "reject": frame.reject}
        trial = make_trial(setting="helpful_only_prefix", reading=reading)
        for kind, wanted in (("complied", "complied"), ("refused", "refused"), ("chose_value", "refused"),
                             ("undecided", "unparseable")):  # fmt: skip
            for answer in getattr(phrases().requests, kind):
                text = answer.replace("{comply}", frame.accept).replace("{decline}", frame.reject)
                assert prefix.read(trial, say(text), (), LIBRARY)[0].value == wanted, text
                refused = refusal.read(trial, say(text), (), LIBRARY)[0].value == "refused"
                assert refused == (wanted == "refused"), text
