"""A reply is split into reasoning and answer however badly its tags are kept, and never raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.sample import Sample, Stop
from runners.transcript import split, split_text

PIECES = st.sampled_from([
    "<SCRATCHPAD_REASONING>", "</SCRATCHPAD_REASONING>", "<scratchpad_reasoning>", "<RESPONSE>", "</RESPONSE>",
    "</Response >", "<think>", "</think>", "< /RESPONSE>",
    "<", ">", "</", "A", " because ", "\n", "<RESPONSE", "🙂", "\x00",
])  # fmt: skip
WORDS = st.text(alphabet=st.characters(exclude_characters="<>＜＞﹤﹥〈〉&", exclude_categories=("Cc", "Cf", "Cs")))


@pytest.mark.parametrize(
    ("text", "reasoning", "visible"),
    [
        ("<SCRATCHPAD_REASONING>hm</SCRATCHPAD_REASONING><RESPONSE>A</RESPONSE>", "hm", "A"),
        ("<scratchpad_reasoning>hm</Scratchpad_Reasoning>\n<response>A</response>", "hm", "A"),
        ("<SCRATCHPAD_REASONING>hm</SCRATCHPAD_REASONING>\nA it is", "hm", "A it is"),
        ("<SCRATCHPAD_REASONING>hm<RESPONSE>A</RESPONSE>", "hm", "A"),
        ("<SCRATCHPAD_REASONING>hm</SCRATCHPAD_REASONING><RESPONSE>A\nso", "hm", "A\nso"),
        ("<SCRATCHPAD_REASONING>hm", "hm", ""),
        ("hm</think>A", "hm", "A"),
        ("<think>hm</think>A", "hm", "A"),
        ("<thinking>hm<OUTPUT>A</OUTPUT>", "hm", "A"),
        ("<thinking>hm<OUTPUT>A</thinking>", "hm", "A"),
        ("no tags at all", None, "no tags at all"),
        ("", None, ""),
        ("<RESPONSE>A</RESPONSE><RESPONSE>B</RESPONSE><RESPONSE> </RESPONSE>", None, "B"),
        ("<SCRATCHPAD_REASONING>x<RESPONSE>A</RESPONSE>y</SCRATCHPAD_REASONING><RESPONSE>B</RESPONSE>", "x\nA\ny", "B"),
        ("<SCRATCHPAD_REASONING>x<SCRATCHPAD_REASONING>y</SCRATCHPAD_REASONING><RESPONSE>B</RESPONSE>", "x\ny", "B"),
        ("<RESPONSE><SCRATCHPAD_REASONING>x</SCRATCHPAD_REASONING>B</RESPONSE>", "x", "B"),
        ("before <RESPONSE>B</RESPONSE> after", None, "B"),
        ("<responsible> 3 < 4", None, "<responsible> 3 < 4"),
        ("<SCRATCHPAD_REASONING>hm</SCRATCHPAD_REASONING><RESPONSE>A</OUTPUT>", "hm", "A"),
        ("<SCRATCHPAD_REASONING>hm<\\SCRATCHPAD_REASONING><RESPONSE>A<RESPONSE/>", "hm", "A"),
        ('<think kind="long">hm</think><RESPONSE lang="en" id=3>A</RESPONSE>', "hm", "A"),
        ("&lt;think&gt;hm&lt;/think&gt;&lt;RESPONSE&gt;A&lt;/RESPONSE&gt;", "hm", "A"),
        ("＜think＞hm＜／think＞〈ＲＥＳＰＯＮＳＥ〉A</RESPONSE>", "hm", "A"),
        ("<think>a &lt;think &lt;/think&gt;A", "a &lt;think", "A"),
        ("< think >hm< / think ><\u200bRES\u200bPONSE\ufeff>A</RESPONSE>", "hm", "A"),
        ("<think>hm</think>\r\n<RESPONSE>\r\nA\r\n</RESPONSE>\r\n", "hm", "A"),
        ("```\n<think>hm</think>\n<RESPONSE>A</RESPONSE>\n```", "hm", "A"),
        ("<think>I will write <RESPONSE> now</think><RESPONSE>A</RESPONSE>", "I will write\nnow", "A"),
        ("<think>I will write `<RESPONSE>` now", "I will write `<RESPONSE>` now", ""),
        ("I was told to think in “<think>” tags.", None, "I was told to think in “<think>” tags."),
        ("<RESPONSE>I was told to think in <think> tags.</RESPONSE>", None, "I was told to think in\ntags."),
        ("<RESPONSE>See: <response>x</response> so.</RESPONSE>", None, "See:\nx\nso."),
        ("<RESPONSE>A<RESPONSE>B</RESPONSE> after", None, "B"),
        ("<think>hm</think><RESPONSE>A</RESP", "hm", "A"),
        ("<think>hm</think><RESPO", "hm", ""),
        ("<SCRATCHPAD_REA", None, ""),
        ("so 2 <a", None, "so 2 <a"),
        ("<RESPONSE>A</RESPONSE><RESPONSE>\u200b\x00</RESPONSE>", None, "A"),
    ],
)
def test_each_way_of_keeping_tags_badly_is_read_the_documented_way(text, reasoning, visible) -> None:
    found = split_text(text)
    assert (found.reasoning, found.visible) == (reasoning, visible)


def test_a_reply_cut_inside_its_reasoning_is_not_readable_and_says_why() -> None:
    found = split_text("<SCRATCHPAD_REASONING>so I would")
    assert not found.readable
    assert "never closed" in found.reason


def test_an_answer_that_stands_only_inside_closed_reasoning_is_given_but_marked() -> None:
    found = split_text("<SCRATCHPAD_REASONING>x<RESPONSE>A</RESPONSE></SCRATCHPAD_REASONING>")
    assert found.visible == "A"
    assert not found.readable


@pytest.mark.parametrize(
    ("text", "native", "reason"),
    [
        ("", None, "the reply is empty"),
        (" \u200b\x00\ufeff\r\n", None, "the reply is empty"),
        ("<RESPONSE></RESPONSE>", None, "the reply holds tags but no text in them"),
        ("<think>hm</think><RESPONSE></RESPONSE>", None, "there is reasoning but no answer"),
        ("<RESPONSE><think>hm", None, "the reasoning was never closed and no answer follows"),
        ("<think>hm<RESPONSE>A</RESPONSE></think>", None, "the only answer stands inside the reasoning"),
        ("", "hm", "the provider returned the model's own reasoning but no answer"),
    ],
)
def test_what_cannot_be_read_says_why(text, native, reason) -> None:
    found = split(Sample(text=text, stop=Stop.END, model="m", reasoning=native))
    assert (found.readable, found.reason) == (False, reason)


def test_native_thinking_is_reasoning_and_comes_before_tagged_reasoning() -> None:
    text = "<SCRATCHPAD_REASONING>two</SCRATCHPAD_REASONING><RESPONSE>A</RESPONSE>"
    assert split(Sample(text=text, stop=Stop.END, model="m", reasoning="one")).reasoning == "one\n\ntwo"
    assert split(Sample(text="A", stop=Stop.END, model="m", reasoning=" ")).reasoning is None


@given(st.lists(PIECES, max_size=30).map("".join), st.none() | st.text(max_size=10))
def test_any_soup_of_tags_is_split_without_raising_or_inventing_text(text, native) -> None:
    found = split(Sample(text=text, stop=Stop.END, model="m", reasoning=native))
    assert found.readable == (not found.reason)
    assert found.readable <= bool(found.visible)
    for line in found.visible.splitlines() + (found.reasoning or "").splitlines():
        assert line in text or line in (native or "")


@given(WORDS)
def test_text_without_tags_is_all_visible(text) -> None:
    found = split_text(text)
    assert (found.visible, found.reasoning, found.tagged) == (text.strip(), None, False)


@given(WORDS, WORDS)
def test_well_kept_tags_give_back_what_was_put_in(thought, answer) -> None:
    found = split_text(f"<SCRATCHPAD_REASONING>{thought}</SCRATCHPAD_REASONING>\n<RESPONSE>{answer}</RESPONSE>")
    assert ((found.reasoning or ""), found.visible) == (thought.strip(), answer.strip())
