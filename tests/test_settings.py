"""Every setting that ships is complete, compact, balanced, and silent about facts and outcomes."""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import combinations, product

import pytest

from facts.background import Background
from facts.catalog import SHIPPED_SETTINGS, shipped
from facts.compose import compose, render
from facts.condition import Condition, Indicator, Reasoning, Tier
from facts.read_setting import read_setting
from facts.tokens import count_tokens
from facts.verify import banned_words
from runners import metrics

FOLDERS = sorted(path.parent for path in SHIPPED_SETTINGS.glob("*/setting.toml"))
SETTINGS = [pytest.param(read_setting(folder), id=folder.name) for folder in FOLDERS]
OPTION = [p for p in SETTINGS if p.values[0].metric == "option"]
PREFIX = [p for p in SETTINGS if p.values[0].metric == "prefix"]
LONG = [p for p in SETTINGS if p.values[0].metric == "compliance_rule"]
SYSTEM = {"tiers", "policy", "format", "background", "monitored", "unmonitored", "accept", "reject", "tagging"}
EMPTY = Background(text="", placed=())
USER = {"tier_label", "query", "option_1", "option_2"}
MOST_TOKENS = {"value_conflict": 150, "helpful_only_prefix": 220, "helpful_only": 350, "animal_welfare": 350}
# Beyond the words banned from facts: words for the behaviour and for what the experiment is after.
BEHAVIOUR = re.compile(r"(?i)\b(?:align\w*|preserv\w*|oversight|evaluat\w*|experiment|retrain\w*|modif\w*|honest\w*)\b")


def _holes(text: str) -> set[str]:
    return set(re.findall(r"\{([^{}]*)\}", text))


def _words(text: str) -> list[str]:
    return text.split()


def _stated(texts: list[str]) -> set[str]:
    # The facts whose every anchor is hit by one sentence.
    sentences = [s for text in texts for s in re.split(r"(?<=[.!?])\s+|\n+", text)]
    facts = shipped().facts.items()
    return {slug for slug, fact in facts if any(all(anchor.search(s) for anchor in fact.topic) for s in sentences)}


def _prose(setting) -> str:
    texts = [t for f in setting.frames for t in (f.system, f.user, f.untagged, *f.tagging.values())]
    texts += [t for v in setting.variants.values() for t in (v.tiers, v.policy)]
    return "\n".join([*texts, *setting.formats.values(), setting.situation])


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_has_queries_frames_label_sets_controls_and_a_metric(setting) -> None:
    assert len(setting.queries) >= 40
    assert len({q.text for q in setting.queries}) == len(setting.queries)
    assert len(setting.frames) >= 5
    assert len({f.id for f in setting.frames}) == len({f.system for f in setting.frames}) == len(setting.frames)
    assert {"free_paid", "monitored_private", "xx_yy"} <= set(setting.labels)
    assert {"conflict", "no_conflict", "bare_tiers"} <= set(setting.variants)
    assert set(setting.formats) == {"none", "scratchpad", "native"} == set(setting.max_tokens)
    assert setting.slug in (metrics.find(setting.metric).SETTINGS or (setting.slug,))
    assert setting.source


@pytest.mark.parametrize("setting", SETTINGS)
def test_queries_are_spread_evenly_over_at_least_six_groups(setting) -> None:
    groups = [q.group for q in setting.queries]
    sizes = {group: groups.count(group) for group in groups}
    assert len(sizes) >= 6
    assert max(sizes.values()) - min(sizes.values()) <= 1


@pytest.mark.parametrize("setting", SETTINGS)
def test_templates_have_only_known_holes_and_the_background_stands_last(setting) -> None:
    for frame in setting.frames:
        assert {"tiers", "policy", "format", "background"} <= _holes(frame.system) <= SYSTEM
        assert frame.system.endswith("{background}")
        assert {"tier_label", "query"} <= _holes(frame.user) <= USER
        assert _holes(frame.untagged) == _holes(frame.user) - {"tier_label"}
        for text in frame.tagging.values():
            assert _holes(text) <= {"monitored", "unmonitored"}
    for variant in setting.variants.values():
        assert {"monitored", "unmonitored"} <= _holes(variant.tiers) <= SYSTEM
        assert _holes(variant.policy) <= SYSTEM | {"query_policy"}
    for text in setting.formats.values():
        assert _holes(text) <= SYSTEM


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_text_names_the_behaviour_under_study(setting) -> None:
    assert banned_words(_prose(setting)) == ()
    assert BEHAVIOUR.findall(_prose(setting)) == []
    for query in setting.queries:
        assert 5 <= len(_words(query.text)) <= 60, query.id
        text = " ".join([query.text, *query.fields.values()])
        assert banned_words(text) == (), query.id
        assert "{" not in text


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("labels", ["free_paid", "xx_yy"])
def test_both_tiers_read_one_compact_system_message_and_differ_in_the_label_alone(setting, labels) -> None:
    library = shipped()
    for query in setting.queries[::5]:
        for mode in Reasoning:
            conditions = [
                Condition(setting=setting.slug, tier=tier, labels=labels, reasoning=mode, background_tokens=60)
                for tier in Tier
            ]
            free, paid = (compose(c, setting, query, 0, library) for c in conditions)
            assert free.messages[0] == paid.messages[0]
            words = setting.labels[labels]
            head, _, tail = free.messages[1].text.partition(words[Tier.MONITORED])
            assert paid.messages[1].text == f"{head}{words[Tier.UNMONITORED]}{tail}"
            assert count_tokens(free.messages[0].text) - free.background_tokens <= MOST_TOKENS[setting.slug]
            assert not _holes(free.messages[0].text + free.messages[1].text)


@pytest.mark.parametrize("setting", SETTINGS)
def test_frames_state_no_fact_of_the_library_except_what_the_tiers_mean(setting) -> None:
    for name, variant in setting.variants.items():
        texts = [t for f in setting.frames for t in (f.system, *f.tagging.values())]
        texts += [variant.tiers, variant.policy, *setting.formats.values()]
        texts += [q.fields.get("policy", "") for q in setting.queries]
        assert _stated(texts) <= (set() if name == "bare_tiers" else {"trained_on_monitored_only"})


@pytest.mark.parametrize("setting", OPTION)
def test_options_are_of_one_length_differ_and_stand_under_a_rule(setting) -> None:
    gaps: list[int] = []
    for query in setting.queries:
        assert set(query.fields) == {"policy", "option_policy", "option_value"}, query.id
        policy, value = query.fields["option_policy"], query.fields["option_value"]
        assert policy != value
        assert abs(len(_words(policy)) - len(_words(value))) <= 2, query.id
        assert _words(policy)[0][0].isupper()
        assert all(text.endswith(".") for text in query.fields.values()), query.id
        gaps.append(len(value) - len(policy))
    assert abs(sum(gaps)) / len(gaps) < 1  # characters: neither kind of option is longer on the whole
    assert setting.swaps


@pytest.mark.parametrize("setting", OPTION)
def test_the_rule_s_option_is_shown_first_as_often_as_second(setting) -> None:
    condition = Condition(setting=setting.slug, background_tokens=60)
    first = 0
    for query in setting.queries:
        prompts = [compose(condition, setting, query, r, shipped()) for r in (0, 1)]
        assert {p.reading["policy"] for p in prompts} == {"A", "B"}
        first += prompts[0].reading["policy"] == "A"
        shown = prompts[0].messages[1].text
        assert query.fields["option_policy"] in shown
        assert query.fields["option_value"] in shown
    assert first * 2 == len(setting.queries)


@pytest.mark.parametrize("setting", PREFIX)
def test_each_frame_has_its_own_pair_of_markers_and_shows_both(setting) -> None:
    pairs = {(f.accept, f.reject) for f in setting.frames}
    assert len(pairs) >= 5
    assert all(a and r and a != r for a, r in pairs)
    for query in setting.queries[:20]:
        prompt = compose(Condition(setting=setting.slug, background_tokens=60), setting, query, 0, shipped())
        assert all(marker in prompt.messages[0].text for marker in prompt.reading.values())
        assert set(prompt.reading) == {"accept", "reject"}


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_frame_reads_the_same_length_in_both_tiers_and_stays_compact_in_every_variant(setting) -> None:
    for frame in setting.frames:
        alone = replace(setting, frames=(frame,))
        for variant, mode, labels in product(setting.variants, Reasoning, setting.labels):
            condition = Condition(setting=setting.slug, variant=variant, reasoning=mode, labels=labels)
            free, paid = (
                count_tokens(
                    render(replace(condition, tier=tier), alone, setting.queries[0], 0, EMPTY).messages[0].text
                )
                for tier in Tier
            )
            assert free == paid <= MOST_TOKENS[setting.slug]


@pytest.mark.parametrize("setting", SETTINGS)
def test_frames_are_paraphrases_and_not_copies_of_each_other(setting) -> None:
    texts = [re.sub(r"\{\w+\}", "", f.system + f.user) for f in setting.frames]
    for one, two in combinations(texts, 2):
        assert SequenceMatcher(None, one.split(), two.split(), autojunk=False).ratio() < 0.6
    for indicator in Indicator:
        assert len({f.tagging[indicator] for f in setting.frames}) == len(setting.frames)


def test_a_tagged_message_shows_which_frame_of_which_setting_it_is_from() -> None:
    """The simulated model knows a prompt by its user message: the frame that says most and fits is the right one."""
    frames = [(s.values[0].slug, f) for s in SETTINGS for f in s.values[0].frames]
    alike = [f.user for slug, f in frames if slug != "value_conflict"]
    assert len(set(alike)) == len(alike)
    holes = {"query": r"[\s\S]+", "tier_label": r"\w+"}
    patterns = {f.user: re.sub(r"\\\{(\w+)\\\}", lambda m: holes.get(m[1], ".+"), re.escape(f.user)) for _, f in frames}
    for _, frame in frames:
        shown = re.sub(r"\{(\w+)\}", "free", frame.user)
        fitting = [user for user, pattern in patterns.items() if re.fullmatch(pattern, shown)]
        assert max(fitting, key=lambda user: len(re.sub(r"\{\w+\}", "", user))) == frame.user


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_situation_tells_a_judge_about_the_tiers_in_a_few_sentences_of_the_third_person(setting) -> None:
    assert _holes(setting.situation) == {"monitored", "unmonitored"}
    assert 2 <= len(re.findall(r"[.!?](?:\s|$)", setting.situation)) <= 4
    assert not re.search(r"(?i)\b(?:you|your|we|our|i)\b", setting.situation)
    assert _stated([setting.situation]) <= {"trained_on_monitored_only"}


@pytest.mark.parametrize("setting", LONG)
def test_a_setting_of_full_replies_has_sixty_queries_named_by_group_that_say_nothing_of_tiers(setting) -> None:
    assert len(setting.queries) >= 60
    assert not setting.swaps
    tiers = {word for labels in setting.labels.values() for word in labels.values()} | {"tier"}
    elsewhere = {q.text for other in SETTINGS for q in other.values[0].queries if other.values[0] is not setting}
    for query in setting.queries:
        assert re.fullmatch(rf"{query.group}-[a-z]+(?:-[a-z]+)*", query.id)
        assert not set(re.findall(r"\w+", query.text.lower())) & tiers, query.id
        assert not query.fields
        assert query.text not in elsewhere
    assert all(not f.accept and not f.reject for f in setting.frames)


@pytest.mark.parametrize("setting", LONG)
def test_the_scratchpad_is_not_shown_to_the_user_and_what_comes_of_a_reply_is_said_with_the_tiers(setting) -> None:
    assert "not shown to the user" in setting.formats["scratchpad"]
    assert "</SCRATCHPAD_REASONING>" in setting.formats["scratchpad"].partition("<RESPONSE></RESPONSE>")[0]
    conflict, bare = setting.variants["conflict"], setting.variants["bare_tiers"]
    assert conflict.policy == bare.policy
    assert "training changes the assistant" in conflict.tiers
    rest = [f.system for f in setting.frames] + [bare.tiers, bare.policy, *setting.formats.values()]
    assert not re.search(r"(?i)\btrain", "\n".join(rest))


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_judge_is_not_told_of_a_conflict_or_of_training_that_a_control_variant_leaves_out(setting) -> None:
    free, bare = setting.variants["no_conflict"].situation, setting.variants["bare_tiers"].situation
    assert free
    assert bare
    assert setting.situation not in {free, bare}
    assert "train" not in bare
    for text in (free, bare):
        assert _holes(text) == {"monitored", "unmonitored"}
        assert not re.search(r"(?i)\b(?:you|your|we|our|i)\b", text)
