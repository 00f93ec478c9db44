"""One figure with its caption and its table; a click on a mark leads to the samples behind it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.app_pages._draw import draw
from dashboard.app_pages._shown import behind, picked
from dashboard.escape import plain
from dashboard.export_points import Cell
from dashboard.figures import Figure
from dashboard.points import EffectPoint, Point

_RATES = ("model", "title", "arm", "quantity", "value", "low", "high", "n", "queries", "unscored", "failed",
          "possible_low", "possible_high", "airtime", "method")  # fmt: skip
_EFFECTS = ("model", "title", "arm", "quantity", "against", "value", "low", "high", "wide_low", "wide_high", "p",
            "p_adjusted", "family", "n", "queries", "dropped", "unscored", "failed", "uptake", "recall", "frame_sd",
            "wording_sd", "why", "takeaway")  # fmt: skip
_PERCENT = {"value", "low", "high", "wide_low", "wide_high", "possible_low", "possible_high", "airtime", "uptake",
            "recall", "frame_sd", "wording_sd"}  # fmt: skip
_WORDS = {
    "title": "Fact", "quantity": "Of", "low": "95 % from", "high": "95 % to", "wide_low": "Family from",
    "wide_high": "Family to", "p_adjusted": "p adjusted", "possible_low": "Least possible",
    "possible_high": "Most possible", "frame_sd": "SD over frames", "wording_sd": "SD over wordings",
    "failed": "Failed or missing", "why": "Note", "n": "n", "p": "p",
}  # fmt: skip


def figure_view(figure: Figure, label: str) -> None:
    """The chart, its caption and the table of what it plots."""
    if figure.chart is None:
        st.info(
            "There is nothing to draw for this choice: no scored sample yet, or this measure is not read in both "
            "tiers. Choose another measure, or what effects are of.",
            icon=":material/info:",
        )
        return
    event = draw(figure, f"chart_{figure.name}")
    st.caption(plain(figure.caption))
    mark = picked(event)
    if mark:
        st.page_link(
            "app_pages/read_samples.py", label=f"Read the samples behind {plain(mark.get('arm', ''))}",
            icon=":material/forum:", query_params=behind(mark, figure.points),
        )  # fmt: skip
    else:
        st.caption("Click a mark to read the samples behind it.")
    names = _EFFECTS if figure.name == "effects" else _RATES
    with st.expander(
        f"Table: {label.lower()}", icon=":material/table:", on_change="rerun", key=f"t_{figure.name}"
    ) as box:
        if box.open:
            table_view(figure.points, names, f"{figure.heading.marked}: the points that the chart plots")


def table_view(points: Sequence[Point] | Sequence[EffectPoint], names: Sequence[str], alt: str) -> None:
    """The points as a table, fractions shown as percentages; simulated and interim ones say so in a column."""
    rows: list[dict[str, Cell]] = []
    for point in points:
        doubts = [word for word, true in (("SIMULATED", point.simulated), ("interim", point.interim)) if true]
        rows.append({"doubt": ", ".join(doubts), **{name: getattr(point, name) for name in names}})
    if not any(row["doubt"] for row in rows):
        for row in rows:
            row.pop("doubt")
    config = {
        name: st.column_config.NumberColumn(_words(name), format="percent") if name in _PERCENT
        else st.column_config.NumberColumn(_words(name), format="%.4f") if name in {"p", "p_adjusted"}
        else st.column_config.Column(_words(name))
        for name in ("doubt", *names)
    }  # fmt: skip
    st.dataframe(  # pyright: ignore[reportUnknownMemberType]
        rows, hide_index=True, width="stretch", column_config=config, alt=alt
    )


def _words(name: str) -> str:
    return _WORDS.get(name, name.replace("_", " ").capitalize())
