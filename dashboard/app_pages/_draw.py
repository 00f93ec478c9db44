"""Draws a figure as it will be exported, light or dark as the page is; what was clicked comes back as an event."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.figures import Figure


def draw(figure: Figure, key: str) -> object:
    """The chart, and what was chosen in it; call it only where the figure has a chart."""
    spec = figure.drawn(dark=state.dark())
    return st.vega_lite_chart(  # pyright: ignore[reportUnknownMemberType]
        spec=spec, theme=None, width="content", on_select="rerun" if "params" in spec else "ignore", key=key,
        alt=figure.about,
    )  # fmt: skip
