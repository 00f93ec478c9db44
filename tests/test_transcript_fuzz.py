"""Whatever a model writes, the reader of tagged output never raises, never invents and never hides its doubt."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runners.sample import Sample, Stop
from runners.transcript import UNSEEN, split, split_text

THINK = ["SCRATCHPAD_REASONING", "scratchpad", "Reasoning", "thinking", "THINK", "scratchpad reasoning"]
SAY = ["RESPONSE", "output", "Final_Answer", "answer", "final-answer"]
BRACKETS = [("<", ">"), ("&lt;", "&gt;"), ("＜", "＞"), ("< ", " >"), ("〈", "〉"), ("<\u200b", "\ufeff>")]
NAMES = st.sampled_from(THINK + SAY)
WORDS = st.sampled_from([
    "A", "because", " ", "\n", "\r\n", "\x00", "\ud800", "\udfff", "\u200b", "\ufeff", "\u2028", "🙂", "<", ">", "</",
    "&lt;", "&gt;", "/", "\\", "`", '"', "“", "”", "```\n", "RESPONSE", "think", "<RESPONSE", "</thi", "<b>", "3 < 4",
])  # fmt: skip
ANYTHING = st.text(alphabet=st.characters(exclude_categories=()), max_size=8)


@st.composite
def tags(draw, names=NAMES, closing=None):
    """A tag as it is found in the wild, of any kind and in any spelling."""
    before, after = draw(st.sampled_from(BRACKETS))
    slash = draw(st.sampled_from(["", "/", "\\"])) if closing is None else draw(st.sampled_from("/\\")) * closing
    name = "".join(draw(st.sampled_from([c.upper(), c.lower()])) for c in draw(names))
    return before + slash + name + draw(st.sampled_from(["", "", ' id="3"', " lang=en"])) + after


SOUP = st.lists(tags() | WORDS | ANYTHING, max_size=30).map("".join)
PAYLOAD = st.lists(WORDS | ANYTHING, max_size=8).map("".join).filter(lambda text: not split_text(text + ".").tagged)


@st.composite
def well_formed(draw):
    """A reply whose tags are kept as the settings ask: its text, its reasoning, its answer."""
    thought, answer = draw(PAYLOAD), draw(PAYLOAD)
    text = (
        draw(tags(st.sampled_from(THINK), closing=False)) + thought + draw(tags(st.sampled_from(THINK), closing=True))
    )
    text += draw(st.sampled_from(["", "\n", "\r\n\r\n"])) + draw(tags(st.sampled_from(SAY), closing=False))
    return text + answer + draw(tags(st.sampled_from(SAY), closing=True)), thought.strip(UNSEEN), answer.strip(UNSEEN)


def runs_in_order(part: str, source: str) -> bool:
    position = 0
    for run in part.split():
        position = source.find(run, position)
        if position < 0:
            return False
        position += len(run)
    return True


@given(SOUP, st.none() | ANYTHING)
def test_nothing_raises_and_what_cannot_be_read_has_a_reason(text, native) -> None:
    found = split(Sample(text=text, stop=Stop.END, model="m", reasoning=native))
    assert found.readable == (not found.reason)
    assert found.visible or found.reason
    assert found.reasoning is None or found.reasoning.strip()


@given(SOUP)
def test_answer_and_reasoning_are_text_of_the_reply_in_its_order_and_none_is_in_both(text) -> None:
    found = split_text(text)
    reasoning = found.reasoning or ""
    assert runs_in_order(found.visible, text)
    assert runs_in_order(reasoning, text)
    assert not Counter("".join((found.visible + reasoning).split())) - Counter(text)


@given(SOUP)
def test_no_tag_is_left_in_the_answer_or_in_the_reasoning(text) -> None:
    found = split_text(text)
    for part in filter(None, (found.visible, found.reasoning)):
        # The full stop keeps the part from ending in what looks like a tag that was cut off.
        again = split_text(part + ".")
        assert (again.tagged, again.reasoning, again.visible) == (False, None, part + ".")


@given(SOUP)
def test_reading_twice_gives_the_same(text) -> None:
    assert split_text(text) == split_text("".join(list(text)))


@given(SOUP)
def test_the_kind_of_line_end_changes_nothing_else(text) -> None:
    text = text.replace("\r", "")
    unix, windows = split_text(text), split_text(text.replace("\n", "\r\n"))
    assert (unix.readable, unix.reason) == (windows.readable, windows.reason)
    assert unix.visible.split() == windows.visible.split()
    assert (unix.reasoning or "").split() == (windows.reasoning or "").split()


@given(PAYLOAD)
def test_text_without_tags_is_all_answer(text) -> None:
    found = split_text(text + ".")
    assert (found.visible, found.reasoning, found.readable) == ((text + ".").strip(UNSEEN), None, True)


@given(well_formed())
def test_a_well_formed_reply_gives_back_its_parts_in_whatever_spelling_of_the_tags(reply) -> None:
    text, thought, answer = reply
    found = split_text(text)
    assert (found.reasoning or "", found.visible, found.tagged) == (thought, answer, True)
    assert found.readable == bool(answer)


@given(well_formed(), PAYLOAD, PAYLOAD)
def test_text_around_a_well_formed_reply_changes_nothing(reply, before, after) -> None:
    text, thought, answer = reply
    assume(answer)
    found = split_text(f"{before}\n{text}\n{after}.")
    assert (found.reasoning or "", found.visible, found.readable) == (thought, answer, True)


@given(well_formed(), well_formed())
def test_of_two_well_formed_replies_the_second_answers_and_both_reason(one, two) -> None:
    assume(two[2])
    found = split_text(one[0] + "\n" + two[0])
    assert found.visible == two[2]
    assert (found.reasoning or "") == "\n".join(filter(None, (one[1], two[1])))


@given(tags(st.sampled_from(THINK), closing=False), PAYLOAD)
def test_a_reply_cut_anywhere_in_its_reasoning_has_no_answer(tag, thought) -> None:
    found = split_text(tag + thought)
    assert (found.visible, found.readable) == ("", False)
    assert "never closed" in found.reason


@given(well_formed(), PAYLOAD)
def test_the_providers_own_thinking_comes_first_and_leaves_the_answer_alone(reply, native) -> None:
    text, thought, answer = reply
    found = split(Sample(text=text, stop=Stop.END, model="m", reasoning=native))
    assert found.visible == answer
    assert (found.reasoning or "").endswith(thought)
    assert runs_in_order(found.reasoning or "", native + "\n" + text)


@given(NAMES, st.sampled_from(["``", '""', "''", "“”", "‘’", "«»"]), PAYLOAD)
def test_a_tag_in_quotation_marks_is_a_word(name, marks, text) -> None:
    said = f"{text} {marks[0]}<{name}>{marks[1]} and {marks[0]}</{name}>{marks[1]}."
    assert split_text(said).visible == said.strip(UNSEEN)


@pytest.mark.parametrize(
    "tag", ["<RESPONSE>", "</RESPONSE>", "<think>", "</think>", "<think><RESPONSE>", "<think></RESPONSE>"]
)
def test_a_hundred_thousand_tags_are_read(tag) -> None:
    assert not split_text(tag * 100_000).readable
    assert split_text(tag * 100_000 + "</think></RESPONSE><RESPONSE>A</RESPONSE>").visible == "A"


@pytest.mark.parametrize("filler", ["a ", "< ", "&lt;", "<\u200b", "\x00", "\ud800"])
def test_ten_megabytes_are_read(filler) -> None:
    text = filler * (10_000_000 // len(filler))
    assert split_text(f"<RESPONSE>A</RESPONSE>\n{text}").visible == "A"
