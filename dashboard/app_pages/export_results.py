"""Take results away: one zip, the report, single figures, points, samples and the methods paragraphs."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard import state
from dashboard.app_pages._shown import shown_results, shown_tables
from dashboard.downloads import figure_bytes, report_bytes, samples_bytes, zip_bytes
from dashboard.escape import plain
from dashboard.export_points import points_csv
from dashboard.figures import QUANTITIES, View, figures
from dashboard.measured import measures
from dashboard.methods import methods_paragraphs
from dashboard.points import EffectPoint, Point
from runners.comparison_file import comparison_toml

_FORMS = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf", "vl.json": "application/json",
          "html": "text/html"}  # fmt: skip

st.title("Export results", anchor=False)
results, library = shown_results()
name, store, workspace = results.comparison.name, state.store(), state.workspace()
stem = f"{name}-SIMULATED" if results.simulated else name

st.header("Everything", anchor=False)
st.caption("Files are made when you click; a zip of many samples takes some seconds.")
with st.container(horizontal=True):
    st.download_button("Everything as one zip", partial(zip_bytes, results, library, store), f"{stem}.zip",
                       "application/zip", on_click="ignore", type="primary", icon=":material/archive:")  # fmt: skip
    st.download_button("Report as HTML", partial(report_bytes, results, library, store, workspace),
                       f"{stem}-report.html", "text/html", on_click="ignore", icon=":material/article:")  # fmt: skip
    st.download_button("Samples as JSON lines", partial(samples_bytes, results, store), f"{stem}-samples.jsonl",
                       "application/x-ndjson", on_click="ignore", icon=":material/forum:")  # fmt: skip
    st.download_button("Comparison as TOML", comparison_toml(results.comparison), f"{name}.toml",
                       on_click="ignore", icon=":material/description:")  # fmt: skip

st.header("Figures and points of one measure", anchor=False)
known = measures(results)
state.keep_valid("e_measure", list(known))
with st.grid(3, min_column_width=200):
    measure = st.selectbox("Measure", list(known), format_func=known.__getitem__, key="e_measure", bind="query-params")
    tables = shown_tables(results, measure, library)
    quantities = list(tables.quantities) or ["monitored"]
    state.keep_valid("e_of", quantities)
    quantity = st.selectbox("Effects and ladders of", quantities, format_func=QUANTITIES.__getitem__, key="e_of",
                            bind="query-params")  # fmt: skip
    form = st.segmented_control("Format", list(_FORMS), default="svg", required=True, key="e_form", bind="query-params")
with st.container(horizontal=True):
    for figure in figures(tables, results, View(quantity=quantity)):
        st.download_button(f"{figure.name.capitalize()}.{form}", partial(figure_bytes, figure, form),
                           f"{stem}-{measure}-{figure.name}.{form}", _FORMS[form], on_click="ignore",
                           disabled=figure.chart is None, key=f"e_{figure.name}", icon=":material/image:")  # fmt: skip
    for label, points, kind in (
        ("Points", (*tables.rates, *tables.gaps), Point),
        ("Effects", tables.every, EffectPoint),
    ):
        st.download_button(f"{label} as CSV", partial(points_csv, points, kind),
                           f"{stem}-{measure}-{label.lower()}.csv", "text/csv", on_click="ignore",
                           icon=":material/table:")  # fmt: skip

st.header("Methods, for a paper", anchor=False)
st.caption(f"About {plain(tables.title)}; the zip holds the paragraphs of every measure.")
st.code("\n\n".join(methods_paragraphs(results, [tables], library)), language=None, wrap_lines=True)
