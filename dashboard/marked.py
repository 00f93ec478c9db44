"""Turns text with fact spans into HTML in which nothing of the text is live: every character of it is escaped."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

# Okabe–Ito tints, light enough for dark text; a fact keeps its colour on a page. Underlines differ as well.
_TINTS = ("#CDE7F5", "#FBE3B3", "#C9EBDD", "#F6D3E3", "#F9D5BF", "#D5D9F0")
_LINES = ("solid", "dashed", "dotted", "double", "wavy", "solid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """``text[start:end]`` is to be marked; ``group`` chooses the colour, ``title`` is shown on hover."""

    start: int
    end: int
    title: str
    group: int = 0


def marked_text(text: str, marks: Sequence[Mark]) -> str:
    """The text with its marks; overlapping marks are cut at the earlier one's end.

    Shown text is untrusted: it is escaped whole, quotes included, and only our own ``mark`` tags are live.
    """
    out: list[str] = []
    at = 0
    for mark in sorted(marks, key=lambda m: (m.start, m.end)):
        start, end = max(mark.start, at), min(mark.end, len(text))
        if start >= end:
            continue
        out.append(html.escape(text[at:start]))
        group = mark.group % len(_TINTS)
        out.append(
            f'<mark title="{html.escape(mark.title)}" style="background:{_TINTS[group]};color:#111;border-radius:3px;'
            f'text-decoration:underline {_LINES[group]} 1px">{html.escape(text[start:end])}</mark>'
        )
        at = end
    out.append(html.escape(text[at:]))
    return "".join(out)


def marked_html(text: str, marks: Sequence[Mark]) -> str:
    """The text as one preformatted block with its marks, escaped as in ``marked_text``."""
    style = (
        "white-space:pre-wrap;overflow-wrap:anywhere;font-family:ui-monospace,monospace;font-size:0.85rem;"
        "line-height:1.6;margin:0;padding:0.75rem;border:1px solid rgba(128,128,128,0.35);border-radius:8px"
    )
    return f'<pre style="{style}">{marked_text(text, marks)}</pre>'
