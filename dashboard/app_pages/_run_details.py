"""What is known about one comparison's run and what can be done next: go on, top up, read, watch elsewhere."""

from __future__ import annotations

import shlex

import streamlit as st

from dashboard import state, state_runs
from dashboard.app_pages._boxes import problem, simulated_banner, warning
from dashboard.app_pages._run_view import run_view
from dashboard.app_pages._top_up import top_up
from dashboard.comparisons import comparison_files
from dashboard.escape import plain
from dashboard.lying import lying_words
from dashboard.plan_text import usd
from dashboard.run_list import RunRow, Standing, when
from facts.errors import FactError
from runners.comparison import Comparison


def run_details(row: RunRow) -> None:
    """Where it stands, what can be done, the run itself, and what more could be bought."""
    st.header(plain(row.name), anchor=False)
    as_of = "" if row.standing.live or not row.changed else f" Numbers are as of {when(row.changed)}, its last word."
    st.markdown(f"**{row.standing.value.capitalize()}.** {plain(row.about)}{as_of}")
    if row.simulated and not row.standing.live:
        simulated_banner()
    comparison = state.saved(row.name)
    if isinstance(comparison, FactError):
        problem(comparison)
    elif not row.standing.live:
        _next(row, comparison)
    _links(row)
    if row.progress is None and not isinstance(comparison, FactError):
        _planned(comparison)
    run_view(row.name, row.standing)
    if not isinstance(comparison, FactError) and row.standing is not Standing.NOT_STARTED and not row.standing.live:
        top_up(comparison)
    _terminal(row)


def _planned(comparison: Comparison) -> None:
    queries = len(comparison.query_ids) or comparison.queries
    try:
        conditions = len(comparison.conditions())
    except FactError as error:
        problem(error)
        return
    st.text(
        f"{conditions:,} conditions × {queries:,} queries × {comparison.replicates:,} replicates on "
        f"{', '.join(comparison.models)}.\nSetting {comparison.setting}, facts {', '.join(comparison.facts)}."
    )


def _next(row: RunRow, comparison: Comparison) -> None:
    if lying := lying_words(state.workspace(), row.name):
        st.info(plain(lying), icon=":material/schedule_send:")
    if row.edited:
        warning("The comparison was changed after this run. See under Compare what it plans now before going on.")
    elif row.standing not in {Standing.NOT_STARTED, Standing.FINISHED}:
        lost = row.progress.failed if row.progress else 0
        again = row.standing is not Standing.CANCELLED and lost
        budget = [f"{comparison.max_calls:,} calls"] if comparison.max_calls else []
        budget += [usd(comparison.max_usd)] if comparison.max_usd else []
        limit = f" It stops at its budget of {' and '.join(budget)} a run." if budget else ""
        st.caption(plain(f"Going on asks only for what has no reply; what is kept costs nothing.{limit}"))
        st.button(
            f"Try the failed {lost:,} again" if again else "Resume", key="again", type="primary",
            icon=":material/replay:" if again else ":material/play_arrow:", on_click=state_runs.launch,
            args=(comparison,),
        )  # fmt: skip
    if complaint := state_runs.launch_problem(row.name):
        problem(complaint)


def _links(row: RunRow) -> None:
    first = row.standing is Standing.NOT_STARTED
    with st.container(horizontal=True):
        words = "See what it would call and cost, and launch it" if first else "Compare"
        state_runs.run_link("run_comparison", row.name, words, ":material/balance:")
        if not first:
            state_runs.run_link("see_results", row.name, "Results", ":material/monitoring:")
            state_runs.run_link("read_samples", row.name, "Samples", ":material/forum:")


def _terminal(row: RunRow) -> None:
    workspace, live = state.workspace(), row.standing.live
    words = ("watch", "resume" if row.standing is Standing.PAUSED else "pause", "cancel") if live else ("run",)
    name = row.name
    own = (workspace.comparisons / f"{name}.toml").exists()
    if not live and not own:  # a shipped example is run by its file
        name = str(comparison_files(workspace).get(name, name))
    start = f"salience --workspace {shlex.quote(str(workspace.root))}"
    st.caption("The same from a terminal:")
    st.code("\n".join(f"{start} {word} {shlex.quote(name)}" for word in words), language=None)
