"""Take results away: one zip that opens elsewhere, the report, figures, points, samples and the methods paragraphs."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard import state
from dashboard.app_pages._export_figures import export_figures
from dashboard.app_pages._open_zip import open_zip
from dashboard.app_pages._shown import shown_findings, shown_results
from dashboard.downloads import report_bytes, report_time, samples_bytes, zip_bytes, zip_time
from dashboard.escape import plain
from dashboard.measured import measures
from dashboard.methods import methods_paragraphs
from runners.comparison_file import comparison_toml

st.title("Export results", anchor=False)
open_zip()
results, library = shown_results()
name, store, workspace = results.comparison.name, state.store(), state.workspace()
stem = f"{name}-SIMULATED" if results.simulated else name

st.header("Everything", anchor=False)
st.caption(
    "The zip holds every figure in one page that moves and as Vega-Lite, pictures of those that are read first, the "
    "points behind them, all samples, methods, versions and checksums. Anyone can open it on this page, or with "
    "`salience open`, and draw every figure "
    f"anew without a call. Files are made when you click: drawing takes most of it, with "
    f"{len(measures(results))} measures about {zip_time(results)} for the zip, {report_time(results)} for the report."
)
with st.container(horizontal=True):
    st.download_button("Everything as one zip", partial(zip_bytes, results, library, store, workspace), f"{stem}.zip",
                       "application/zip", on_click="ignore", type="primary", icon=":material/archive:")  # fmt: skip
    st.download_button("Report as HTML", partial(report_bytes, results, library, store, workspace),
                       f"{stem}-report.html", "text/html", on_click="ignore", icon=":material/article:",
                       help="One file with charts, tables, methods and transcripts; it needs no network")  # fmt: skip
    st.download_button("Samples as JSON lines", partial(samples_bytes, results, store), f"{stem}-samples.jsonl",
                       "application/x-ndjson", on_click="ignore", icon=":material/forum:")  # fmt: skip
    st.download_button("Comparison as TOML", comparison_toml(results.comparison), f"{name}.toml",
                       on_click="ignore", icon=":material/description:")  # fmt: skip

st.header("Figures and points of one measure", anchor=False)
known = measures(results)
state.keep_valid("e_measure", list(known))
measure = st.selectbox("Measure", list(known), format_func=known.__getitem__, key="e_measure", bind="query-params")
findings = shown_findings(results, library)
tables = findings.tables(measure)
export_figures(findings, measure, f"{stem}-{measure}")

st.header("Methods, for a paper", anchor=False)
st.caption(f"About {plain(tables.title)}; the zip holds the paragraphs of every measure.")
st.code("\n\n".join(methods_paragraphs(results, [tables], library)), language=None, wrap_lines=True)
