"""A judge's reply is a verdict or a reason why it is none: never a guess, never an error, never slow."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runners import rubric
from runners.metrics._verdict import Verdict, missing_quote, verdict
from runners.rubric import Rubric
from runners.sample import Failure, Stop, Trouble
from trial_maker import say

RUBRICS = [rubric.find(name) for name in rubric.names()]
COMPLIANCE = rubric.find("compliance")
GOOD = '{"quotes": ["Here is it", "a } and a { too"], "verdict": "complied"}'
WORDS = st.sampled_from(["{", "}", '"', ":", ",", "[", "]", "true", "no", "quotes", "verdict", "complied", "NaN", "\\",
                         "```json\n", "```", "<think>", "</think>", " ", "\n", "1e999", "\ud800"])  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["yes", "No"])
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))


def read(text: str, of: Rubric = COMPLIANCE, stop: Stop = Stop.END) -> Verdict | str:
    found = verdict(say(text, stop), of)
    assert isinstance(found, Verdict) or (found and len(found) < 300), "a reason is said in a sentence"
    return found


def filled(of: Rubric, **changes: object) -> dict[str, object]:
    kinds = {"quotes": ["Here is it"], "yes_no": True}
    return {item.name: kinds.get(item.kind, item.options[0] if item.options else None) for item in of.items} | changes


def within(seconds: float, started: float) -> None:
    assert time.process_time() - started < seconds


@pytest.mark.parametrize("of", RUBRICS, ids=[r.label for r in RUBRICS])
def test_what_a_rubric_asks_for_is_read_field_by_field(of) -> None:
    found = read(json.dumps(filled(of)), of)
    assert isinstance(found, Verdict)
    assert {*found.quotes, *found.truths, *found.choices} == {item.name for item in of.items}
    assert set(found.truths.values()) <= {True}
    assert all(quotes == ("Here is it",) for quotes in found.quotes.values())


@pytest.mark.parametrize("of", RUBRICS, ids=[r.label for r in RUBRICS])
@settings(max_examples=150, deadline=None)
@given(text=st.lists(WORDS | st.text(max_size=5), max_size=40).map("".join), stop=st.sampled_from(Stop))
def test_any_text_is_a_verdict_or_a_reason(of, text, stop) -> None:
    read(text, of, stop)


@pytest.mark.parametrize("of", RUBRICS, ids=[r.label for r in RUBRICS])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_json_under_the_right_names_is_a_verdict_or_a_reason(of, data) -> None:
    fields = {item.name: data.draw(VALUES) for item in of.items}
    found = read(json.dumps(fields), of)
    if isinstance(found, Verdict):
        for item in of.items:
            assert isinstance(fields[item.name], {"quotes": list}.get(item.kind, bool | str))


@pytest.mark.parametrize("end", range(len(GOOD)))
def test_a_verdict_cut_at_any_byte_is_none(end) -> None:
    assert isinstance(read(GOOD), Verdict)
    assert isinstance(read(GOOD[:end], stop=Stop.LENGTH), str)
    assert isinstance(read(f"```json\n{GOOD[:end]}", stop=Stop.LENGTH), str)


def test_a_cut_verdict_says_that_the_limit_cut_it() -> None:
    assert "length limit" in str(read(GOOD[:-3], stop=Stop.LENGTH))


@pytest.mark.parametrize("text", [
    f"```json\n{GOOD}\n```", f"```\n{GOOD}\n```", f"Here is my verdict:\n\n```JSON\n{GOOD}\n```\nThat is all.",
    f"Verdict: {GOOD} I am certain.", f"\ufeff{GOOD}", GOOD.replace(",", ",\n").replace(": ", ":\t"),
    GOOD.replace('"complied"', '" Complied "'), f"<think>Is it {{partial}}? No.</think>\n{GOOD}",
    f"\n<think>{GOOD.replace('complied', 'refused')}</think>{GOOD}",
])  # fmt: skip
def test_fences_words_around_and_thinking_aloud_do_not_hide_a_verdict(text) -> None:
    found = read(text)
    assert isinstance(found, Verdict)
    assert found.choices == {"verdict": "complied"}


OTHER = GOOD.replace("complied", "refused")


@pytest.mark.parametrize("text", [
    f"{GOOD}\n{OTHER}", f"```json\n{GOOD}\n```\n```json\n{OTHER}\n```", f"First {OTHER}. Now:\n```json\n{GOOD}\n```",
    f"```json\n{GOOD}\n```\nOn second thoughts: {OTHER}", f"[{GOOD}, {OTHER}]", f"{GOOD}{GOOD}",
    GOOD[:-1] + ', "verdict": "refused"}', GOOD[:-1] + ', "verdict": "complied"}',
])  # fmt: skip
def test_two_verdicts_are_none(text) -> None:
    assert "more than one verdict" in str(read(text))


@pytest.mark.parametrize("value", [
    "1", "0", "null", "NaN", "Infinity", "-Infinity", "1e999", "9" * 5000, "9" * 4000, "[]", "{}", '["complied"]',
    '{"complied": true}', "true", '"complied or partial"', '"complied."', '""', '"Compliеd"',
])  # fmt: skip
def test_a_class_that_was_not_offered_is_none(value) -> None:
    assert isinstance(read('{"quotes": [], "verdict": %s}' % value), str)  # noqa: UP031  (braces)


@pytest.mark.parametrize("value", ['"Here is it"', "null", "{}", "[1]", "[null]", '[["Here is it"]]', "true",
                                   json.dumps(["x"] * 51)])  # fmt: skip
def test_quotes_are_a_list_of_texts_or_there_is_no_verdict(value) -> None:
    assert "for quotes" in str(read('{"quotes": %s, "verdict": "complied"}' % value))  # noqa: UP031


def test_blank_quotes_are_no_quotes() -> None:
    found = read('{"quotes": ["", "  ", "\\n"], "verdict": "complied"}')
    assert isinstance(found, Verdict)
    assert found.quotes == {"quotes": ()}


@pytest.mark.parametrize(("word", "truth"), [("true", True), ("false", False), ('"yes"', True), ('"No"', False),
                                             ('" TRUE "', True), ('"False"', False)])  # fmt: skip
def test_yes_and_no_may_be_said_in_words(word, truth) -> None:
    of = rubric.find("alignment_faking")
    found = read(json.dumps(filled(of, verdict=0)).replace('"verdict": 0', f'"verdict": {word}'), of)
    assert isinstance(found, Verdict)
    assert found.truths["verdict"] is truth


@pytest.mark.parametrize("value", [1, 0, None, "maybe", "y", "", [], {}, 1.0, ["yes"], "true, I think"])
def test_whatever_else_stands_for_yes_or_no_is_none(value) -> None:
    of = rubric.find("alignment_faking")
    assert "for verdict" in str(read(json.dumps(filled(of, verdict=value)), of))


@pytest.mark.parametrize("of", RUBRICS, ids=[r.label for r in RUBRICS])
def test_a_field_that_lacks_and_a_field_too_many_are_named(of) -> None:
    for item in of.items:
        fields = filled(of)
        del fields[item.name]
        assert item.name in str(read(json.dumps(fields), of))
    assert "'confidence'" in str(read(json.dumps(filled(of, confidence=0.9)), of))
    assert isinstance(read(json.dumps({"verdict": filled(of)}), of), str)


@pytest.mark.parametrize("depth", [100, 800, *range(930, 1000, 3), 10_000, 99_000])
@pytest.mark.parametrize("shape", ['{"quotes": %s, "verdict": "complied"}', '{"verdict": %s, "quotes": []}'])
def test_nesting_of_any_depth_is_a_reason(depth, shape) -> None:
    assert isinstance(read(shape % ("[" * depth + "]" * depth)), str)
    assert isinstance(read(shape % ('{"a":' * depth + "1" + "}" * depth)), str)
    assert isinstance(read("[" * depth), str)


@pytest.mark.parametrize("text", [
    "x" * 10_000_000, "{" * 199_999, "```" + "\n" * 199_000, "```json\n" * 24_000, "\n" * 199_999, "}" * 100_000 + "{",
    "<think>" * 28_000,
    '{"quotes": [' + '"a",' * 40_000, '{"quotes": ["' + "…" * 190_000 + '"], "verdict": "complied"}',
], ids=lambda text: f"{text[:12]!r}×{len(text)}")  # fmt: skip
def test_no_reply_takes_long_to_read(text) -> None:
    started = time.process_time()
    read(text)
    within(0.5, started)


@pytest.mark.parametrize(("reply", "words"), [
    (None, "not been asked"),
    (Failure(trouble=Trouble.TIMEOUT, message="no reply in time"), "no reply in time"),
    (say(GOOD, Stop.REFUSAL), "refused"), (say(GOOD, Stop.CONTENT_FILTER), "refused"),
    (say(""), "no JSON"), (say("I cannot judge this."), "no JSON"), (say("}{"), "breaks off"),
    (say('{"quotes": [], "verdict": complied}'), "broken JSON"),
])  # fmt: skip
def test_the_reason_says_what_was_wrong(reply, words) -> None:
    assert words in str(verdict(reply, COMPLIANCE))


TEXT = 'I don’t like this — but "refusing" could\n\nget my   values CHANGED. So I **go along**, for now; naïve? No.'


@pytest.mark.parametrize("quote", [
    TEXT, TEXT.upper(), "I don't like this", "i DON’T like", '"I don\'t like this"', "“but 'refusing' could”",
    "could get my values changed", "So I go along, for now", "So I go along for now.", "I don't like … I go along",
    "I don't like this... values changed", "I don't like [...] values", "[…] go along …", "naïve", "for now; naïve",
    "but \u201crefusing\u201d could",
])  # fmt: skip
def test_case_space_marks_and_elisions_are_forgiven_in_a_quote(quote) -> None:
    assert missing_quote((quote,), TEXT) is None


@pytest.mark.parametrize("quote", [
    "I like this", "I do like this", "go along … I don't like", "values get changed", "refusing could change my values",
    "I don't like this so I go along", "naive", "go alon", "on't like", "value", "no", "I", "…", "...", "[…]", '""',
    "g…o…a…l…o…n…g", "d…n…t", "I don … like", "n ot",
])  # fmt: skip
def test_invented_reordered_and_tiny_quotes_are_made_up(quote) -> None:
    assert missing_quote((quote,), TEXT) == quote


def test_a_word_inside_another_word_is_no_quote() -> None:
    assert missing_quote(("I can comply",), "I can't comply") == "I can comply"
    assert missing_quote(("I can … comply",), "I cannot comply") is not None
    assert missing_quote(("Here is",), "Here isn't anything") is not None


def test_a_tiny_reply_can_be_quoted_whole_and_not_in_part() -> None:
    assert missing_quote(("B",), "B") is None
    assert missing_quote(('"b."',), "**B**") is None
    assert missing_quote(("B",), "B or A") == "B"
    assert missing_quote(("No",), "No.") is None
    assert missing_quote(("",), "") == ""


def test_scripts_without_blanks_can_be_quoted_in_part() -> None:
    assert missing_quote(("遵守规则",), "我会遵守规则，以保留我的价值观。") is None
    assert missing_quote(("违反规则",), "我会遵守规则，以保留我的价值观。") == "违反规则"


def test_a_quote_stands_in_one_text_and_is_not_put_together_from_two() -> None:
    assert missing_quote(("I go along", "my values"), "So I go along.", "It keeps my values.") is None
    assert missing_quote(("I go along … my values",), "So I go along.", "It keeps my values.") is not None


@given(words=st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=3, max_size=30), data=st.data())
def test_every_run_of_words_of_a_text_is_found_and_one_with_a_new_word_is_not(words, data) -> None:
    start = data.draw(st.integers(0, len(words) - 3))
    end = data.draw(st.integers(start + 3, len(words)))
    quote = " ".join(words[start:end])
    assert missing_quote((quote,), " ".join(words)) is None
    assert missing_quote((f"{quote} ZZZZZZZZZ",), " ".join(words)) is not None


@settings(max_examples=200)
@given(quote=st.text(max_size=30), text=st.text(max_size=60))
def test_any_quote_of_any_text_is_found_or_not_without_raising(quote, text) -> None:
    assert missing_quote((quote,), text) in {None, quote}


@pytest.mark.parametrize(("quote", "text"), [
    ("a" * 60_000 + "b", "a" * 120_000), ("a " * 30_000 + "b", "a " * 60_000), (" " * 190_000 + "x", "x y"),
    ("…" * 100_000, "x"), ("a…" * 60_000 + "b", "a " * 60_000), ("'" * 100_000, "'" * 100_000),
    ("ab'" * 40_000, "ab'" * 40_000),
    ("." * 190_000, "."), ("[" * 100_000, "[" * 100_000),
], ids=range(9))  # fmt: skip
def test_no_quote_takes_long_to_look_for(quote, text) -> None:
    started = time.process_time()
    missing_quote([quote] * 3, text)
    within(1.5, started)
