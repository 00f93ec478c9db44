"""Splits a reply into its reasoning and what the user would see, however badly the tags are kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from runners.sample import Sample

# Characters that fill no place on a page: white space, controls, zero-width and direction marks.
UNSEEN = "".join(
    map(chr, [*range(0x21), *range(0x7F, 0xA1), 0xAD, 0x1680, 0x180E, *range(0x2000, 0x2010),
              *range(0x2028, 0x2030), *range(0x205F, 0x2070), 0x3000, 0xFEFF]))  # fmt: skip
# Full-width letters and brackets, one for one, so that places in the text stay what they are.
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | str.maketrans("﹤﹥〈〉", "<><>")
_QUOTES = {"`": "`", '"': '"', "'": "'", "“": "”", "‘": "’", "«": "»"}

# SCRATCHPAD_REASONING and RESPONSE are what the settings ask for; the others are what models write of their own accord.
_THINK_WORDS = ("scratchpad reasoning", "scratchpad", "reasoning", "thinking", "think")
_SAY_WORDS = ("response", "output", "final answer", "answer")
_THIN = "[\u00ad\u200b-\u200f\u2060\ufeff]"


def _any_of(words: Iterable[str]) -> str:
    return "|".join(f"{_THIN}{{0,2}}".join("[_ -]?" if c == " " else c for c in word) for word in words)


# Every repeat has an upper bound: a tag costs the same to read (or to give up on) wherever it stands.
_GAP = rf"(?:[ \t]|{_THIN}){{0,3}}"
_TAG = re.compile(
    rf"(?:<|&lt;){_GAP}(?P<close>[/\\]?){_GAP}(?:(?P<think>{_any_of(_THINK_WORDS)})|(?:{_any_of(_SAY_WORDS)}))"
    rf"(?:[ \t](?:(?!&lt;)[^<>\n]){{0,60}}?)?{_GAP}(?P<end>/?){_GAP}(?:>|&gt;)",
    re.IGNORECASE,
)
# A tag in which the reply was cut off; of an opening one at least three letters, since "<a" may be a comparison.
_HEADS = {word.replace(" ", "_")[:size] for word in (*_THINK_WORDS, *_SAY_WORDS) for size in range(len(word) + 1)}
_BROKEN = re.compile(
    rf"(?:<|&lt;)(?:[/\\](?:{'|'.join(_HEADS)})|(?:{'|'.join(head for head in _HEADS if len(head) > 2)}))\Z",
    re.IGNORECASE,
)
_LONGEST = 40
_THINK, _SAY, _OUTSIDE = "think", "say", "outside"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tag:
    start: int
    end: int
    kind: str
    opens: bool
    slashed_first: bool


@dataclass(slots=True, eq=False, kw_only=True)
class _Block:
    """A stretch of the reply; ``inside`` says that it is reasoning or stands in reasoning."""

    kind: str
    inside: bool
    closed: bool = False


def split(sample: Sample) -> Transcript:
    """The sample's transcript; the provider's own thinking comes before reasoning in tags. Never raises.

    **A tag** is read in any case, with attributes, spaces, zero-width characters, full-width or HTML-escaped
    brackets (``&lt;RESPONSE&gt;``), and whichever word of its kind closes it (``</OUTPUT>`` closes ``<RESPONSE>``).
    Between backticks or quotation marks it is a word that the model speaks of, not a tag.

    **The answer** is the last RESPONSE (or OUTPUT, ANSWER) block that is not empty, because a model that answers twice
    corrects itself. Blocks inside reasoning are drafts: they count only where there is no other, and belong to the
    reasoning otherwise. Without any block, the answer is what stands outside the reasoning. Pairs of answer tags
    within an answer are part of it; an answer tag repeated without being closed begins the answer anew.

    **What is not closed** ends where the text ends; reasoning that is closed but was never opened begins where the text
    begins; reasoning opened inside an answer and not closed there is part of the answer. A tag in which the reply was
    cut off is dropped. Text around the blocks is in neither part.
    """
    return _split(sample.reasoning, sample.text)


@lru_cache(maxsize=4)  # metric after metric asks about one sample; texts may be large, so that few are held
def _split(thought: str | None, text: str) -> Transcript:
    native = (thought or "").strip(UNSEEN)
    found = split_text(text)
    if not native:
        return found
    reason = found.reason
    if not found.visible and found.reasoning is None:
        reason = "the provider returned the model's own reasoning but no answer"
    return replace(found, reasoning="\n\n".join(filter(None, (native, found.reasoning))), reason=reason)


def split_text(text: str) -> Transcript:
    """The transcript of a text alone; see :func:`split`."""
    broken = _BROKEN.search(text, max(0, len(text) - _LONGEST))
    text = text[: broken.start()] if broken else text
    tags = list(_tags(text))
    pairs, words = _pairs(tags)
    openers = set(pairs.values())
    stack = [_Block(kind=_OUTSIDE, inside=False)]
    depths: dict[int, int] = {}
    pieces: list[tuple[_Block, str]] = []
    position = 0
    for number, tag in enumerate(tags):
        _put(pieces, stack[-1], text[position : tag.start])
        position = tag.end
        if number in words:
            continue
        if tag.opens:
            if tag.kind == _SAY == stack[-1].kind and not stack[-1].closed:
                stack.pop()
            depths[number] = len(stack)
            stack.append(_opened(tag.kind, stack[-1], closed=number in openers))
        elif number in pairs:
            del stack[depths[pairs[number]] :]
        elif tag.kind == _THINK and tag.slashed_first and all(block is stack[0] for block, _ in pieces):
            # Some chat templates open the thinking themselves, so that only its end is in the reply.
            pieces = [(_Block(kind=_THINK, inside=True), piece) for _, piece in pieces]
    _put(pieces, stack[-1], text[position:])
    return _read(pieces, cut=stack[-1].inside, tagged=bool(tags or broken))


def _tags(text: str) -> Iterator[_Tag]:
    narrow = text if text.isascii() else text.translate(_NARROW)
    for found in _TAG.finditer(narrow):
        start, end = found.span()
        if start and _QUOTES.get(narrow[start - 1]) == narrow[end : end + 1]:
            continue
        kind = _THINK if found["think"] else _SAY
        opens, first = not (found["close"] or found["end"]), bool(found["close"])
        yield _Tag(start=start, end=end, kind=kind, opens=opens, slashed_first=first)


def _pairs(tags: list[_Tag]) -> tuple[dict[int, int], set[int]]:
    # Which opening tag each closing tag closes; and which reasoning tags an answer closed over, so that they are words.
    pairs: dict[int, int] = {}
    words: set[int] = set()
    unclosed: list[int] = []
    left: Counter[str] = Counter()
    for number, tag in enumerate(tags):
        if tag.opens:
            unclosed.append(number)
            left[tag.kind] += 1
            continue
        while left[tag.kind] and number not in pairs:
            opener = unclosed.pop()
            left[tags[opener].kind] -= 1
            if tags[opener].kind == tag.kind:
                pairs[number] = opener
            elif tag.kind == _SAY:
                words.add(opener)
    return pairs, words


def _opened(kind: str, parent: _Block, *, closed: bool) -> _Block:
    if kind == _SAY == parent.kind:
        return parent
    return _Block(kind=kind, inside=parent.inside or kind == _THINK, closed=closed)


def _put(pieces: list[tuple[_Block, str]], block: _Block, text: str) -> None:
    if seen := text.strip(UNSEEN):
        pieces.append((block, seen))


def _read(pieces: list[tuple[_Block, str]], *, cut: bool, tagged: bool) -> Transcript:
    said = [block for block, _ in pieces if block.kind == _SAY]
    answer = next((block for block in reversed(said) if not block.inside), said[-1] if said else None)
    visible = "\n".join(piece for block, piece in pieces if (block is answer if answer else block.kind == _OUTSIDE))
    reasoning = "\n".join(piece for block, piece in pieces if block.inside and block is not answer) or None
    reason = ""
    if not visible:
        reason = "there is reasoning but no answer" if reasoning else "the reply is empty"
        if cut:
            reason = "the reasoning was never closed and no answer follows"
        elif tagged and not reasoning:
            reason = "the reply holds tags but no text in them"
    elif answer and answer.inside and not cut:
        reason = "the only answer stands inside the reasoning"
    return Transcript(reasoning=reasoning, visible=visible, readable=not reason, tagged=tagged, reason=reason)
