"""Text that a model read or wrote, shown as text: quotes and facts marked, very long ones cut until asked for."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cache.query import Query
from dashboard.long_text import AT_MOST, beginning, evidence, unseen, visible
from dashboard.marked import Mark, marked_html
from dashboard.quote_places import phrase_places
from dashboard.quotes import REASONING, VISIBLE, Quote, legend, marks_in
from dashboard.reading import Reading

_SEARCHED = 5  # the group of marks that no metric has first


def text_view(text: str, marks: Sequence[Mark], key: str) -> None:
    """One text with its marks; the beginning of a very long one, with a switch for the rest."""
    shown, more = beginning(text), beginning(text, AT_MOST)
    if len(shown) < len(text):
        what = f"all {len(text):,}" if len(more) == len(text) else f"the first {len(more):,} of {len(text):,}"
        if st.toggle(f"Show {what} characters, not {len(shown):,}; the download holds all", key=f"all_{key}"):
            shown = more
    st.html(marked_html(visible(shown), marks))
    if further := sum(mark.start >= len(shown) for mark in marks):
        st.caption(f"{further} marked passages lie further down.")
    if hidden := unseen(shown):
        st.caption(f"Shown as �: {hidden:,} characters that cannot be seen, such as marks of direction.")


def section(reading: Reading, part: str, quotes: Sequence[Quote], query: Query | None) -> None:
    """The reasoning, or what the user sees, with the words that scores rest on and those searched for marked."""
    parts = {REASONING: ("Reasoning, hidden from the user", reading.transcript.reasoning),
             VISIBLE: ("What the user sees", reading.transcript.visible)}  # fmt: skip
    caption, text = parts[part]
    st.caption(caption)
    if not text:
        st.text("(none)" if part == REASONING else "(nothing)")
        return
    marks = [*marks_in(part, quotes)]
    if query:
        marks += [Mark(start=a, end=b, title="searched for", group=_SEARCHED) for a, b in phrase_places(query, text)]
    text_view(text, marks, f"{reading.trial.key}_{part}")


def quotes_view(quotes: Sequence[Quote]) -> None:
    """Which metrics' quotes are marked, and which quotes stand nowhere in the transcript."""
    line, marks = legend(quotes)
    if line:
        st.caption("Marked: the words that these scores rest on; hover over one for its metric.")
        st.html(marked_html(line, marks))
    for quote in quotes:
        if not quote.found:
            st.text(f"Not found in the transcript ({quote.title}): {evidence(quote.text)}")
