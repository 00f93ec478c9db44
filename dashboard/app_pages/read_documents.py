"""Document sets: what each says, what its gates found, its documents one by one, and files to train on."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.app_pages._boxes import library as read_library
from dashboard.app_pages._boxes import problem
from dashboard.app_pages._document_reader import document_reader
from dashboard.app_pages._errand import errand_view
from dashboard.app_pages._set_builder import set_builder
from dashboard.app_pages._set_export import set_export
from dashboard.app_pages._set_import import set_import
from dashboard.app_pages._set_list import pick_set
from dashboard.app_pages._set_quality import set_quality, standing_view
from dashboard.document_sets import set_rows

_TABS = ("Quality", "Documents", "Export")

st.title("Read document sets", anchor=False)
st.caption(
    "A document set says a fact in many documents, to be shown in context or trained on. Gates check that its arms "
    "differ in nothing but the fact; only sets that pass, or are used against a gate for a reason given, can be run."
)
library = read_library()
workspace = state.workspace()
rows = set_rows(workspace.documents)
working = errand_view()
with st.expander("Build a set", icon=":material/add:", expanded=not rows and not working, on_change="rerun",
                 key="d_build") as builder:  # fmt: skip
    if builder.open:
        set_builder(library, busy=working)
with st.expander("Import documents", icon=":material/upload:", on_change="rerun", key="d_import") as importer:
    if importer.open:
        set_import(library, busy=working)
if not rows:
    st.info("There is no set yet. Build one above: a hundred documents an arm take some seconds.",
            icon=":material/info:")  # fmt: skip
    st.stop()
chosen = pick_set(rows)
if chosen.broken:
    problem(f"{chosen.broken}. Build it again: the same plan gives the same name.")
    st.stop()
standing_view(chosen, library, busy=working)
for tab, label in zip(st.tabs(list(_TABS), key="d_tab", on_change="rerun", bind="query-params"), _TABS, strict=True):
    if tab.open:
        with tab:
            match label:
                case "Quality":
                    set_quality(chosen)
                case "Documents":
                    document_reader(chosen)
                case _:
                    set_export(chosen, library, busy=working)
