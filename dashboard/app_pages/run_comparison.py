"""Plan a comparison, see what it costs, launch it, and watch, cancel or resume its run."""

from __future__ import annotations

import streamlit as st

from dashboard import jobs, state
from dashboard.app_pages._boxes import library as read_library
from dashboard.app_pages._boxes import problem
from dashboard.app_pages._edit_comparison import edit_comparison
from dashboard.app_pages._files import files
from dashboard.app_pages._pick import pick_comparison
from dashboard.app_pages._plan_view import launchable, plan_tables, plan_view
from dashboard.app_pages._run_view import run_view
from facts.errors import FactError
from runners.progress import State

st.title("Run comparison", anchor=False)
library = read_library()
page = st.grid(2, min_column_width=420, gap="medium")
left, right = page.cell(), page.cell()
with left:
    name = pick_comparison()
    source = state.saved(name)
if isinstance(source, FactError):
    with left:
        problem(source)
    st.stop()

with right:
    comparison = edit_comparison(name, source, library)
    files(comparison)
if comparison is None:
    st.stop()
with left:
    plan_box, run_box, tables_box = st.container(), st.container(), st.container()
last, live = jobs.progress(state.workspace(), comparison.name)
with run_box:  # first, because a large plan takes seconds and what happened to the run should not wait for it
    run_view(comparison.name)
if live:
    st.stop()
with plan_box:
    plan = plan_view(comparison)
    begun = last is not None and last.state is not State.FINISHED and plan is not None and plan.kept > 0
    st.button(
        "Resume" if begun else "Launch", type="primary", icon=":material/play_arrow:", key="launch",
        disabled=not launchable(plan), on_click=state.launch, args=(comparison,),
    )  # fmt: skip
    if plan and not plan.new:
        st.caption("Every sample is kept: launching would call nothing.")
    if plan and plan.kept:
        with st.container(horizontal=True):
            state.page_link("see_results", "See results", ":material/monitoring:")
            state.page_link("read_samples", "Read samples", ":material/forum:")
if plan:
    with tables_box:
        plan_tables(plan)
