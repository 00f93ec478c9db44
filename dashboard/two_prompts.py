"""Two prompts side by side, aligned sentence by sentence, with facts marked and differing words underlined."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from dashboard.marked import Mark, marked_text
from facts.prompt import Prompt

_SENTENCE = re.compile(r"[^\n]+?(?:(?<=[.!?])[ \t]+|\n+|$)|\n+")
_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_MOST = 6_000  # words that are told apart one by one; longer pieces are underlined whole
_CELL = (
    "border:1px solid rgba(128,128,128,0.35);padding:0.4rem 0.6rem;vertical-align:top;white-space:pre-wrap;"
    "overflow-wrap:anywhere;font-family:ui-monospace,monospace"
)
_DIFFERS = "font-weight:700;text-decoration:underline 2px"

Slice = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A piece of either message, from and to which character; ``left_words`` and ``right_words`` are what differs."""

    left: Slice
    right: Slice
    same: bool
    left_words: tuple[Slice, ...] = ()
    right_words: tuple[Slice, ...] = ()


def pieces(text: str) -> list[Slice]:
    """The sentences and lines of a text, which together are all of it."""
    return [match.span() for match in _SENTENCE.finditer(text)]


def pairs(left: str, right: str) -> tuple[Pair, ...]:
    """Both texts cut into aligned pieces: those that are the same, and those that differ."""
    mine, theirs = pieces(left), pieces(right)
    matcher = SequenceMatcher(
        a=[left[a:b].strip() for a, b in mine], b=[right[a:b].strip() for a, b in theirs], autojunk=False
    )
    found: list[Pair] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        one, other = _whole(mine[a:b], left), _whole(theirs[c:d], right)
        words = ((), ()) if tag == "equal" else differing(left[slice(*one)], right[slice(*other)])
        found.append(
            Pair(left=one, right=other, same=tag == "equal",
                 left_words=tuple((one[0] + x, one[0] + y) for x, y in words[0]),
                 right_words=tuple((other[0] + x, other[0] + y) for x, y in words[1]))
        )  # fmt: skip
    return tuple(found)


def _whole(spans: Sequence[Slice], text: str) -> Slice:
    return (spans[0][0], spans[-1][1]) if spans else (len(text), len(text))


def differing(left: str, right: str) -> tuple[tuple[Slice, ...], tuple[Slice, ...]]:
    """Where the words of either text are that the other does not have at that place."""
    mine, theirs = ([match.span() for match in _WORD.finditer(text)] for text in (left, right))
    if not mine or not theirs or len(mine) + len(theirs) > _MOST:
        return (tuple(mine[:1] and [(0, len(left))]), tuple(theirs[:1] and [(0, len(right))]))
    matcher = SequenceMatcher(a=[left[a:b] for a, b in mine], b=[right[a:b] for a, b in theirs], autojunk=False)
    ours: list[Slice] = []
    others: list[Slice] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            ours += [(mine[a][0], mine[b - 1][1])] if b > a else []
            others += [(theirs[c][0], theirs[d - 1][1])] if d > c else []
    return tuple(ours), tuple(others)


def changed_words(found: Sequence[Pair], left: str, right: str) -> tuple[int, int]:
    """How many words of the left text the right one does not have at their place, and the other way round."""
    return (
        sum(len(left[a:b].split()) for pair in found for a, b in pair.left_words),
        sum(len(right[a:b].split()) for pair in found for a, b in pair.right_words),
    )


def _cell(text: str, span: Slice, marks: Sequence[Mark], words: Sequence[Slice]) -> str:
    # The piece is cut where a difference begins or ends; each cut keeps the marks that lie in it.
    start, end = span
    edges = sorted({start, end, *(edge for word in words for edge in word)})
    out: list[str] = []
    for a, b in pairwise(edges):
        inside = [
            Mark(start=max(m.start, a) - a, end=min(m.end, b) - a, title=m.title, group=m.group)
            for m in marks
            if m.start < b and m.end > a
        ]
        body = marked_text(text[a:b], inside)
        out.append(f'<span style="{_DIFFERS}">{body}</span>' if any(x <= a and b <= y for x, y in words) else body)
    return f'<td style="{_CELL}">{"".join(out)}</td>'


def _rows(left: str, right: str, marks: tuple[Sequence[Mark], Sequence[Mark]]) -> Iterator[str]:
    for pair in pairs(left, right):
        one = _cell(left, pair.left, marks[0], pair.left_words)
        other = _cell(right, pair.right, marks[1], pair.right_words)
        yield f"<tr>{one}{other}</tr>"


def two_html(
    left: tuple[str, Sequence[Mark]], right: tuple[str, Sequence[Mark]], heads: tuple[str, str], alt: str
) -> str:
    """One message of either prompt with its marks, as a table of two columns; all text in it is escaped."""
    style = "border-collapse:collapse;width:100%;table-layout:fixed;font-size:0.8rem;line-height:1.6"
    head = "".join(
        f'<th scope="col" style="text-align:left;padding:0.4rem 0.6rem">{html.escape(h)}</th>' for h in heads
    )
    rows = "".join(_rows(left[0], right[0], (left[1], right[1])))
    return (
        f'<table style="{style}" aria-label="{html.escape(alt)}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _words(count: int) -> str:
    return f"{count:,} word{'' if count == 1 else 's'}"


def summary(left: Prompt, right: Prompt) -> str:
    """How far two prompts differ, in words."""
    counts = [
        changed_words(pairs(one.text, other.text), one.text, other.text)
        for one, other in zip(left.messages, right.messages, strict=True)
    ]
    gone, came = (sum(count[side] for count in counts) for side in (0, 1))
    if not gone and not came:
        return "Both prompts are the same, word for word."
    return (
        f"{_words(gone)} only on the left and {_words(came)} only on the right; {left.tokens:,} tokens against "
        f"{right.tokens:,}."
    )
