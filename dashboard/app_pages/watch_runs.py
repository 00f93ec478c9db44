"""See how far every run is, pause, resume or cancel it, mend what went wrong, and buy more of the same."""

from __future__ import annotations

import streamlit as st

from dashboard import state_runs
from dashboard.app_pages._boxes import problem
from dashboard.app_pages._run_details import run_details
from dashboard.app_pages._run_list import run_list

st.title("Runs", anchor=False)
st.caption(
    "A run asks models for the samples that a comparison plans, and judges about them. Every reply is kept the moment "
    "it arrives, so a run can be paused, cancelled or cut off and loses nothing: resumed, it buys only what is missing."
)
if missing := state_runs.missing_run():
    problem(f"There is no comparison {missing[:200]!r} in this workspace.")
    state_runs.run_link("watch_runs", "", "All runs", ":material/play_circle:")
    st.stop()
chosen = run_list()
if chosen is None:
    st.info("There is no comparison yet. Plan one under Compare.", icon=":material/info:")
    st.stop()
run_details(chosen)
