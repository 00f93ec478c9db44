"""The samples found, a page at a time; clicking a row shows its sample."""

from __future__ import annotations

import math

import streamlit as st

from cache.query import Query
from dashboard import state
from dashboard import state_samples as kept
from dashboard.results import Results
from dashboard.sample_columns import Columns, Ints
from dashboard.sample_table import table_rows


def samples_table(results: Results, columns: Columns, found: Ints, query: Query | None) -> None:
    """The table of one page of the samples found, and the choice of the page."""
    if not len(found):
        st.info("No sample matches. Take a filter out, or search for other words.", icon=":material/search_off:")
        return
    pages = math.ceil(len(found) / kept.PER_PAGE)
    kept.keep_page(pages)
    table = st.container()
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        st.caption(f"Page, of {pages:,}", width="content")
        page = st.number_input("Page", min_value=1, max_value=pages, key=kept.PAGE, bind="query-params", width=140,
                               label_visibility="collapsed")  # fmt: skip
    first = kept.PER_PAGE * (int(page) - 1)
    listed = [int(place) for place in found[first : first + kept.PER_PAGE]]
    place, key = kept.shown_place(columns), kept.table_key(int(page))
    table.dataframe(  # pyright: ignore[reportUnknownMemberType]
        table_rows(results, columns, listed, state.store(), query), hide_index=True, width="stretch", key=key,
        height=320 if len(listed) > 8 else "auto", selection_mode="single-row",
        on_select=lambda: kept.choose_place(columns, key, listed),
        selection_default={"selection": {"rows": [listed.index(place)]}} if place in listed else None,
        column_config={"reply": st.column_config.TextColumn(width="large")},
        alt="Kept samples that match the filters, one row each",
    )  # fmt: skip


def steps(results: Results, columns: Columns, found: Ints, place: int) -> None:
    """Where the sample stands among those found, and buttons to the one before and after it."""
    numbers = (found == place).nonzero()[0]
    number = int(numbers[0]) if len(numbers) else None
    for label, step, key in (("Previous", -1, "B"), ("Next", 1, "N")):
        to = None if number is None else number + step
        can = to is not None and 0 <= to < len(found)
        st.button(
            label, icon=f":material/arrow_{'back' if step < 0 else 'forward'}:", shortcut=key, disabled=not can,
            on_click=kept.show_place, args=(columns, int(found[to]), to) if can and to is not None else None,
        )  # fmt: skip
    where = "not among those found" if number is None else f"{number + 1:,} of {len(found):,} found"
    st.caption(where, width="content")
