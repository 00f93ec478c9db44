"""Reads a document set one document at a time, with what says the fact marked in it."""

from __future__ import annotations

from typing import cast

import streamlit as st

from dashboard import state_documents as state
from dashboard.app_pages._boxes import problem
from dashboard.document_sets import SetRow, document_at
from dashboard.marked import Mark, marked_html
from facts.errors import FactError

_ALL, _CARRY, _REST = "All", "Says the fact", "Says nothing of it"
_MOST = 200_000  # characters shown of one document


def document_reader(row: SetRow) -> None:
    """Filters, the number of the document, and the document."""
    try:
        every = state.document_places(row.folder)
    except FactError as error:
        problem(error)
        return
    genres = sorted({place.genre for place in every})
    with st.grid(3, min_column_width=180):
        state.keep_among(state.GENRE, genres)
        wanted = st.multiselect("Genre", genres, key=state.GENRE, bind="query-params", placeholder="All")
        carry = st.selectbox("Documents", [_ALL, _CARRY, _REST], key=state.CARRIES, bind="query-params")
        shown = [place for place in every if (not wanted or place.genre in wanted)
                 and (carry == _ALL or place.carries == (carry == _CARRY))]  # fmt: skip
        if not shown:
            st.info("No document is like that. Take a filter out.", icon=":material/search_off:")
            return
        state.keep_within(len(shown))
        number = st.number_input(f"Document, of {len(shown):,}", min_value=1, max_value=len(shown),
                                 key=state.NUMBER, bind="query-params")  # fmt: skip
    with st.container(horizontal=True):
        st.button("Previous", icon=":material/chevron_left:", key="d_previous", shortcut="left", disabled=number <= 1,
                  on_click=state.turn, args=(-1,))  # fmt: skip
        st.button("Next", icon=":material/chevron_right:", key="d_next", shortcut="right",
                  disabled=number >= len(shown), on_click=state.turn, args=(1,))  # fmt: skip
    try:
        _document(document_at(row.folder, shown[number - 1]))
    except FactError as error:
        problem(error)


def _document(found: dict[str, object]) -> None:
    content = str(found.get("content", ""))
    spans = cast("list[dict[str, object]]", found.get("spans") or [])
    facts = list(dict.fromkeys(str(span.get("fact", "")) for span in spans))
    about = {
        "document": found.get("doc_id"), "genre": found.get("genre") or found.get("doc_type"),
        "author": found.get("author"), "date": found.get("date"), "tokens": found.get("n_tokens"),
        "airtime": f"{airtime:.1%}" if isinstance(airtime := found.get("airtime"), float) else None,
        "exposures": found.get("n_exposures"),
    }  # fmt: skip
    st.text(" · ".join(f"{name} {value}" for name, value in about.items() if value not in {None, ""}))
    marks = [
        Mark(start=int(str(span["start"])), end=int(str(span["end"])), group=facts.index(str(span["fact"])),
             title=f"{span['fact']}: {span['kind']}")
        for span in spans
    ]  # fmt: skip
    st.html(marked_html(content[:_MOST], marks))
    if len(content) > _MOST:
        st.caption(f"The first {_MOST:,} of {len(content):,} characters.")
