"""Shows how far a comparison's run is, whoever started it: what is on disk is what is shown."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import jobs, state
from dashboard.app_pages._boxes import problem, simulated_banner, table
from dashboard.escape import plain
from dashboard.plan_rows import failed, progress_rows, trouble_words
from dashboard.plan_text import span, usd
from runners.progress import Progress, State

_EVERY_S = 1.0
_WORDS = {
    State.STARTING: "Starting: planning and looking up what is kept",
    State.RUNNING: "Running",
    State.PAUSED: "Paused: no new calls, what is in flight is kept",
    State.CANCELLING: "Cancelling: no new calls, what is in flight is kept",
    State.CANCELLED: "Cancelled",
    State.FINISHED: "Finished",
    State.STOPPED: "Stopped",
    State.BROKEN: "Broken off",
}


def run_view(name: str) -> None:
    """The last or current run of the comparison, refreshed by itself while it runs."""
    live = jobs.progress(state.workspace(), name)[1]
    watch: Callable[[str, bool], None] = st.fragment(_watch, run_every=_EVERY_S if live else None, key="run")
    watch(name, live)


def _watch(name: str, was_live: bool) -> None:
    progress, live = jobs.progress(state.workspace(), name)
    if was_live and not live:
        st.rerun(scope="app")  # the plan and the buttons change with the end of the run
    if progress is None:
        if live:
            st.caption("Starting.")
        return
    _show(progress, live=live)
    if live:
        st.button(
            "Cancel", key="cancel", icon=":material/stop_circle:", on_click=_cancel,
            args=(name,), disabled=progress.state is State.CANCELLING,
        )  # fmt: skip


def _cancel(name: str) -> None:
    jobs.cancel(state.workspace(), name)
    st.toast("Cancelling: no new calls, what is in flight is kept.", icon=":material/stop_circle:")


def _show(progress: Progress, *, live: bool) -> None:
    halted = progress.live and not live
    word = "Interrupted: the process that ran it ended" if halted else _WORDS[progress.state]
    share = progress.finished / progress.planned if progress.planned else 0.0
    st.header("Last run" if not live else "Run", anchor=False)
    verb = "are" if live else "were"  # what is kept for the comparison as it is now, the plan says
    count = f" {progress.finished:,} of {progress.planned:,} samples {verb} kept." if progress.planned else ""
    st.progress(min(1.0, share), text=f"{word}.{count}")
    if any(model.simulated for model in progress.models) and live:
        simulated_banner()
    with st.grid(3, min_column_width=110):
        st.metric("New", f"{progress.new:,}", help="Samples bought by this run")
        st.metric(
            "Failed",
            f"{sum(map(failed, progress.models)):,}",
            help="Requests without a sample; running again asks them again",
        )
        st.metric("Refused", f"{sum(m.refused for m in progress.models):,}", help="A refusal is a sample and is kept")
        st.metric("Per second", f"{progress.rate:.1f}")
        st.metric("Time left" if live else "Took", span(progress.eta_s if live else progress.elapsed_s))
        st.metric("Spent", usd(progress.spent_usd) if progress.cost_known else "unknown")
    if progress.maybe_usd:
        st.caption(f"Up to {plain(usd(progress.maybe_usd))} more for calls that broke off.")
    if progress.message:
        (problem if progress.state is State.BROKEN else _note)(progress.message)
    for line in trouble_words(progress):
        problem(line)
    if progress.models:
        table(
            progress_rows(progress, live=live),
            "Planned, kept, new, refused, cut short and failed samples of each model",
        )
    for model in progress.models:
        if model.resolved:
            _note(f"{model.label} answered as {', '.join(model.resolved)}.")


def _note(text: str) -> None:
    st.caption(plain(text))
