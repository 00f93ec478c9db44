"""One figure with its takeaway, caption and table; a click on a mark leads to the samples behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import streamlit as st

from dashboard.app_pages._draw import draw
from dashboard.app_pages._shown import behind, picked
from dashboard.escape import plain
from dashboard.export_points import Cell
from dashboard.figure import Figure, said_words
from dashboard.figure_columns import PERCENT, SMALL, column_words, columns_of_points
from dashboard.points import OfArm


def figure_view(figure: Figure, label: str) -> None:
    """What the figure says, the chart, its caption and the table of what it plots."""
    if figure.chart is None:
        st.info(f"There is nothing to draw: {plain(figure.lacking)}.", icon=":material/info:")
        return
    if figure.takeaway:
        st.text(said_words(figure))
    event = draw(figure, f"chart_{figure.name}")
    st.caption(plain(figure.caption))
    mark = picked(event)
    if mark:
        what = " · ".join(part for part in (mark.get("arm", ""), mark.get("query", "")) if part)
        st.page_link(
            "app_pages/read_samples.py", label=f"Read the samples behind {plain(what)}",
            icon=":material/forum:", query_params=behind(mark, figure.points),
        )  # fmt: skip
    else:
        st.caption("Click a mark to read the samples behind it.")
    with st.expander(
        f"Table: {label.lower()}", icon=":material/table:", on_change="rerun", key=f"t_{figure.name}"
    ) as box:
        if box.open:
            for kind in dict.fromkeys(type(point) for point in figure.points):
                points = [point for point in figure.points if type(point) is kind]
                table_view(points, columns_of_points(points[0], figure.name),
                           f"{figure.heading.marked}: the points that the chart plots")  # fmt: skip


def table_view(points: Sequence[OfArm], names: Sequence[str], alt: str) -> None:
    """The points as a table, fractions shown as percentages; simulated and interim ones say so in a column."""
    rows: list[dict[str, Cell]] = []
    for point in points:
        doubts = [word for word, true in (("SIMULATED", point.simulated), ("interim", point.interim)) if true]
        rows.append({"doubt": ", ".join(doubts), **{name: cast("Cell", getattr(point, name)) for name in names}})
    if not any(row["doubt"] for row in rows):
        for row in rows:
            row.pop("doubt")
    config = {
        name: st.column_config.NumberColumn(column_words(name), format="percent") if name in PERCENT
        else st.column_config.NumberColumn(column_words(name), format="%.4f") if name in SMALL
        else st.column_config.Column(column_words(name))
        for name in ("doubt", *names)
    }  # fmt: skip
    st.dataframe(  # pyright: ignore[reportUnknownMemberType]
        rows, hide_index=True, width="stretch", column_config=config, alt=alt
    )
