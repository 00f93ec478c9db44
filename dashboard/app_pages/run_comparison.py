"""Plan a comparison, see what it costs and could detect, launch it, and watch its run."""

from __future__ import annotations

import streamlit as st

from dashboard import jobs, state, state_runs
from dashboard.app_pages._boxes import library as read_library
from dashboard.app_pages._boxes import problem
from dashboard.app_pages._edit_comparison import budget_fields, edit_comparison, way_field
from dashboard.app_pages._files import files
from dashboard.app_pages._launch_view import launch_buttons
from dashboard.app_pages._pick import pick_comparison
from dashboard.app_pages._plan_view import launchable, plan_tables, plan_view
from dashboard.app_pages._run_view import run_view
from facts.errors import FactError
from runners.progress import State

st.title("Plan a comparison", anchor=False)
st.caption("Which facts are said how loudly, to which models, how often: priced before anything is called.")
library = read_library()
page = st.grid(2, min_column_width=420, gap="medium")
left, right = page.cell(), page.cell()
with left:
    name = pick_comparison()
    source = state.saved(name)
    if isinstance(source, FactError):
        problem(source)
        st.stop()
    comparison = edit_comparison(name, source, library)
    files(comparison)
with right:
    plan_box, launch_box, budget_box, run_box = (st.container() for _ in range(4))
    with budget_box:
        way_field()
        budget_fields()
if comparison is None:
    st.stop()
last, live = jobs.progress(state.workspace(), comparison.name)
with run_box:  # first, because a large plan takes seconds and what happened to the run should not wait for it
    run_view(comparison.name)
    if last is not None or live:
        state_runs.run_link(
            "watch_runs", comparison.name, "All runs, top up, and the terminal", ":material/play_circle:"
        )
if live:
    st.stop()
with plan_box:
    plan = plan_view(comparison)
with launch_box:
    begun = last is not None and last.state is not State.FINISHED and plan is not None and plan.kept > 0
    launch_buttons(comparison, begun=begun, possible=launchable(plan))
    if plan and not plan.new:
        st.caption("Every sample is kept: launching would call nothing.")
    if plan and plan.kept:
        with st.container(horizontal=True):
            state.page_link("see_results", "See results", ":material/monitoring:")
            state.page_link("read_samples", "Read samples", ":material/forum:")
plan_tables(comparison, plan, library)
