"""Draws a figure as it will be exported, light or dark as the page is; what was clicked comes back as an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import streamlit as st

from dashboard import state
from dashboard.charts.dark import in_dark
from dashboard.charts.theme import Chart
from dashboard.figures import Figure


def draw(figure: Figure, key: str, *, dark: bool | None = None) -> object:
    """The chart, and what was chosen in it; call it only where the figure has a chart. ``dark`` overrides the page."""
    return _shown(figure.drawn(dark=state.dark() if dark is None else dark), key, figure.about)


def draw_chart(chart: Chart, key: str, alt: str) -> None:
    """A chart that is no figure of a comparison, such as one of a plan or of a document set."""
    spec = cast("dict[str, object]", chart.to_dict(validate=False))
    _shown(in_dark(spec) if state.dark() else spec, key, alt)


def _shown(spec: Mapping[str, object], key: str, alt: str) -> object:
    return st.vega_lite_chart(  # pyright: ignore[reportUnknownMemberType]
        spec=dict(spec), theme=None, width="content", on_select="rerun" if "params" in spec else "ignore", key=key,
        alt=alt,
    )  # fmt: skip
