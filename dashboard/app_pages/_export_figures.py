"""One figure as it will be exported, with a button for each format, and the points behind it as tables."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard import state
from dashboard.app_pages._draw import draw
from dashboard.downloads import figure_bytes
from dashboard.escape import plain
from dashboard.export_points import own_points, points_csv
from dashboard.figure import QUANTITIES, View
from dashboard.findings import Findings
from dashboard.gallery import GALLERY, figure_named
from dashboard.points import EffectPoint, Point

_FORMS = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf", "vl.json": "application/json",
          "html": "text/html"}  # fmt: skip
_GROUNDS = ("Light", "Dark")


def export_figures(findings: Findings, measure: str, stem: str) -> None:
    """What effects are of, which figure, on which ground; the figure, and its files."""
    tables = findings.tables(measure)
    with st.grid(3, min_column_width=200):
        quantities = list(tables.quantities) or ["monitored"]
        state.keep_valid("e_of", quantities)
        quantity = st.selectbox("Effects and ladders of", quantities, format_func=QUANTITIES.__getitem__, key="e_of",
                                bind="query-params")  # fmt: skip
        name = st.selectbox("Figure", list(GALLERY), key="e_figure", bind="query-params",
                            format_func=lambda key: GALLERY[key].label)  # fmt: skip
        ground = st.segmented_control("Ground", _GROUNDS, default="Light", required=True, key="e_ground",
                                      bind="query-params", help="The zip has light figures")  # fmt: skip
    figure, dark = figure_named(name, findings, measure, View(quantity=quantity)), ground == "Dark"
    if figure.chart is None:
        st.info(f"There is nothing to draw: {plain(figure.lacking)}.", icon=":material/info:")
    else:
        draw(figure, f"export_{name}", dark=dark)
    with st.container(horizontal=True):
        for form, kind in _FORMS.items() if figure.chart else ():
            st.download_button(form, partial(figure_bytes, figure, form, dark=dark), f"{stem}-{name}.{form}", kind,
                               on_click="ignore", key=f"e_{name}_{form}", icon=":material/image:")  # fmt: skip
        for label, points in (
            ("Points", partial(points_csv, (*tables.rates, *tables.gaps), Point)),
            ("Effects", partial(points_csv, tables.every, EffectPoint)),
            *((label, partial(points_csv, points, kind)) for label, points, kind in own_points(figure.points, name)),
        ):
            st.download_button(f"{label} as CSV", points, f"{stem}-{label.lower()}.csv", "text/csv",
                               on_click="ignore", icon=":material/table:")  # fmt: skip
