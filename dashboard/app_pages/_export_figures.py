"""One figure as it will be exported, with a button for each format, and the points behind it as tables."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard import state
from dashboard.app_pages._draw import draw
from dashboard.downloads import figure_bytes
from dashboard.export_points import points_csv
from dashboard.figures import QUANTITIES, View, figures
from dashboard.points import EffectPoint, Point
from dashboard.results import Results
from dashboard.tables import Tables

_FORMS = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf", "vl.json": "application/json",
          "html": "text/html"}  # fmt: skip
_GROUNDS = ("Light", "Dark")


def export_figures(tables: Tables, results: Results, stem: str) -> None:
    """What effects are of, which figure, on which ground; the figure, and its files."""
    with st.grid(3, min_column_width=200):
        quantities = list(tables.quantities) or ["monitored"]
        state.keep_valid("e_of", quantities)
        quantity = st.selectbox("Effects and ladders of", quantities, format_func=QUANTITIES.__getitem__, key="e_of",
                                bind="query-params")  # fmt: skip
        drawn = {figure.name: figure for figure in figures(tables, results, View(quantity=quantity)) if figure.chart}
        if not drawn:
            st.info("No figure of this measure has anything to draw yet.", icon=":material/info:")
            return
        state.keep_valid("e_figure", list(drawn))
        name = st.selectbox("Figure", list(drawn), key="e_figure", bind="query-params",
                            format_func=lambda key: key.replace("_", " ").capitalize())  # fmt: skip
        ground = st.segmented_control("Ground", _GROUNDS, default="Light", required=True, key="e_ground",
                                      bind="query-params", help="The zip has light figures")  # fmt: skip
    figure, dark = drawn[name], ground == "Dark"
    draw(figure, f"export_{name}", dark=dark)
    with st.container(horizontal=True):
        for form, kind in _FORMS.items():
            st.download_button(form, partial(figure_bytes, figure, form, dark=dark), f"{stem}-{name}.{form}", kind,
                               on_click="ignore", key=f"e_{name}_{form}", icon=":material/image:")  # fmt: skip
        for label, points, kind in (
            ("Points", (*tables.rates, *tables.gaps), Point),
            ("Effects", tables.every, EffectPoint),
        ):
            st.download_button(f"{label} as CSV", partial(points_csv, points, kind), f"{stem}-{label.lower()}.csv",
                               "text/csv", on_click="ignore", icon=":material/table:")  # fmt: skip
