"""Splits a reply into its reasoning and what the user would see, however badly the tags are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

from runners.sample import Sample

# SCRATCHPAD_REASONING and RESPONSE are what the settings ask for; the others are what models write of their own accord.
_TAG = re.compile(
    r"<[ \t]*(?P<close>/?)[ \t]*"
    r"(?:(?P<think>scratchpad[_ -]?reasoning|scratchpad|reasoning|thinking|think)"
    r"|(?P<say>response|output|final[_ -]?answer|answer))"
    r"(?:[ \t][^<>\n]{0,60})?>",
    re.IGNORECASE,
)
_THINK, _SAY = "think", "say"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """``reasoning`` is None where there is none; ``visible`` is what the user sees, "" where there is no answer.

    ``readable`` says that an answer was found and that its tags, if any, left no doubt what it was; otherwise
    ``reason`` says what is wrong. ``tagged`` says that the text itself held tags.
    """

    reasoning: str | None
    visible: str
    readable: bool
    tagged: bool
    reason: str = ""


@dataclass(slots=True)
class _Block:
    """Text of one RESPONSE block, and whether it stands inside reasoning."""

    text: str
    inside: bool


def split(sample: Sample) -> Transcript:
    """The sample's transcript; the provider's own thinking comes before reasoning in tags. Never raises.

    Tags are read in any case. The last RESPONSE (or OUTPUT, ANSWER) block that is not empty is the answer; blocks
    inside reasoning are drafts and count only where there is no other (as when the reasoning was never closed).
    Without such a block, the answer is what stands outside the reasoning. An open block ends where the text ends, and
    reasoning that is closed but was never opened begins where the text begins.
    """
    native = (sample.reasoning or "").strip()
    found = split_text(sample.text)
    thoughts = [part for part in (native, found.reasoning or "") if part]
    return Transcript(reasoning="\n\n".join(thoughts) or None, visible=found.visible, readable=found.readable,
                      tagged=found.tagged, reason=found.reason)  # fmt: skip


def split_text(text: str) -> Transcript:
    """The transcript of a text alone; see :func:`split`."""
    tags = list(_TAG.finditer(text))
    stack: list[str] = []
    blocks: list[_Block] = []
    thoughts: list[str] = []
    outside: list[str] = []
    position = 0
    for tag in tags:
        _put(text[position : tag.start()], stack, blocks, thoughts, outside)
        position = tag.end()
        kind = _THINK if tag["think"] else _SAY
        if not tag["close"]:
            if kind == _SAY:
                blocks.append(_Block(text="", inside=_THINK in stack))
            stack.append(kind)
        elif kind in stack:
            while stack.pop() != kind:
                pass
        elif kind == _THINK and not thoughts and not blocks:
            # Some chat templates open the thinking themselves, so that only its end is in the reply.
            thoughts, outside = outside, []
    _put(text[position:], stack, blocks, thoughts, outside)

    visible, drafted = _answer(blocks, outside)
    reasoning = "\n".join(part for part in map(str.strip, thoughts) if part) or None
    reason = ""
    if not visible:
        reason = "the reply is empty" if not tags else "there is reasoning but no answer"
        if _THINK in stack:
            reason = "the reasoning was never closed and no answer follows"
    elif drafted and _THINK not in stack:
        reason = "the only answer stands inside the reasoning"
    return Transcript(reasoning=reasoning, visible=visible, readable=not reason, tagged=bool(tags), reason=reason)


def _put(text: str, stack: list[str], blocks: list[_Block], thoughts: list[str], outside: list[str]) -> None:
    if not stack:
        outside.append(text)
    elif stack[-1] == _SAY:
        blocks[-1].text += text
    else:
        thoughts.append(text)


def _answer(blocks: list[_Block], outside: list[str]) -> tuple[str, bool]:
    # The answer, and whether it was only found inside reasoning.
    for inside in (False, True):
        said = [block.text.strip() for block in blocks if block.inside is inside and block.text.strip()]
        if said:
            return said[-1], inside
    return "\n".join(part for part in map(str.strip, outside) if part), False
