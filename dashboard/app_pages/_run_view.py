"""Shows how far a comparison's run is, whoever started it, and pauses or cancels it: the disk is what is shown."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import jobs, state, state_runs
from dashboard.app_pages._boxes import problem, simulated_banner
from dashboard.app_pages._trouble_view import trouble_view
from dashboard.escape import plain
from dashboard.plan_rows import progress_rows
from dashboard.plan_text import batch_words, held_words, left_words, made_of, progress_line, span, usd, wait_words
from dashboard.run_list import Standing, run_row, when
from runners.comparison import MOST_AT_ONCE
from runners.progress import Progress, State

_EVERY_S = 1.0
_WORDS = {
    State.STARTING: "Starting: planning and looking up what is kept",
    State.RUNNING: "Running",
    State.PAUSED: "Paused: no new calls until it is resumed",
    State.CANCELLED: "Cancelled",
    State.FINISHED: "Finished",
    State.STOPPED: "Stopped",
    State.BROKEN: "Broken off",
}


def run_view(name: str, standing: Standing | None = None) -> None:
    """The last or current run of the comparison, refreshed by itself while it runs.

    ``standing`` is what the page around it says of the run, which is drawn again with it when that changes.
    """
    stood = standing or run_row(state.workspace(), name).standing
    watch: Callable[[str, str], None] = st.fragment(_watch, run_every=_EVERY_S if stood.live else None, key="run")
    watch(name, stood.value)


def _watch(name: str, stood: str) -> None:
    row = run_row(state.workspace(), name)
    if row.standing.value != stood:
        st.rerun(scope="app")  # the heading, the plan and the buttons change with it
    live = row.standing.live
    judging, judges_now = jobs.judging(state.workspace(), name, row.progress, live=live)
    progress = judging if judges_now else row.progress
    if progress is None:
        if live:
            st.caption("Starting.")
        return
    if judges_now:
        progress = jobs.asked(state.workspace(), name, progress)
    st.header("Judging what is kept" if judges_now else "Run" if live else "Last run", anchor=False)
    _bar(progress, live=live)
    if live:
        _buttons(name, progress)
    if any(model.simulated for model in progress.models) and live:
        simulated_banner()
    _numbers(progress, live=live)
    _words(progress, live=live)
    if progress.models:
        _models(progress, live=live)
    trouble_view(progress)
    if judges_now and row.progress:
        st.caption(
            f"The run itself stays as it is: {row.progress.finished:,} of {row.progress.planned:,} replies kept."
        )
    elif judging:
        mark = "SIMULATED · " if any(model.simulated for model in judging.models) else ""
        _note(f"{mark}Kept samples were judged again, apart from the run: {progress_line(judging)} · "
              f"{when(judging.updated_at)}")  # fmt: skip


def _bar(progress: Progress, *, live: bool) -> None:
    word = (
        "Interrupted: the process that ran it ended"
        if progress.live and not live
        else _WORDS.get(progress.state, "Cancelling")
    )
    if progress.state is State.CANCELLING:
        flying = f"{progress.in_flight:,} in flight will be kept" if progress.in_flight else "nothing is in flight"
        word = f"Cancelling: no new calls; {flying}" if live else word
    share = progress.finished / progress.planned if progress.planned else 0.0
    verb = "are" if live else "were"  # what is kept for the comparison as it is now, the plan says
    count = f" {progress.finished:,} of {progress.planned:,} replies {verb} kept." if progress.planned else ""
    st.progress(min(1.0, share), text=f"{word}.{count}")


def _buttons(name: str, progress: Progress) -> None:
    ending, paused = progress.state is State.CANCELLING, progress.state is State.PAUSED
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if paused:
            st.button("Resume", key="unpause", icon=":material/play_arrow:", type="primary",
                      on_click=state_runs.hold, args=(name, False))  # fmt: skip
        else:
            st.button("Pause", key="pause", icon=":material/pause:", disabled=ending or not progress.models,
                      on_click=state_runs.hold, args=(name, True),
                      help="No new calls until it is resumed; what is in flight is kept")  # fmt: skip
        st.button("Cancel", key="cancel", icon=":material/stop_circle:", disabled=ending,
                  on_click=state_runs.cancel, args=(name,),
                  help="Ends the run; what has arrived is kept, and it can be resumed")  # fmt: skip
        _at_once(name, progress)


def _at_once(name: str, progress: Progress) -> None:
    # A field, not a slider: whoever has 4,000 calls at once means a number.
    now = max((model.most_at_once for model in progress.models), default=0)
    if now:
        st.number_input(
            "Calls at once, each model", min_value=1, max_value=MOST_AT_ONCE, value=now, step=1, width=220,
            key=state_runs.at_once_key(name), on_change=state_runs.at_once, args=(name,),
            help="Holds from now on and for this run. A provider that answers 429 is called less by itself.",
        )  # fmt: skip


def _numbers(progress: Progress, *, live: bool) -> None:
    with st.grid(6, min_column_width=150):
        st.metric("New", f"{progress.new:,}", help="Replies bought by this run: samples, and what judges said of them")
        st.metric(
            "Failed", f"{progress.failed:,}",
            help="Requests that were tried and have no reply; running again asks them again",
        )  # fmt: skip
        st.metric(
            "Refusal stops", f"{sum(m.refused for m in progress.models):,}",
            help="Replies that the model or its provider ended as a refusal; they are kept. Refusals in words, "
            "which a rule or judge finds, are on Results",
        )  # fmt: skip
        st.metric("Per second", f"{progress.rate:.1f}", help="New replies, over the run so far without its pauses")
        left = left_words(progress, progress.eta_s) if live else span(progress.elapsed_s)
        st.metric("Time left" if live else "Took", left)
        st.metric("Spent", usd(progress.spent_usd) if progress.cost_known else "unknown", help="By this run")


def _words(progress: Progress, *, live: bool) -> None:
    if made := made_of(progress):
        _note(f"{made}.")
    if progress.maybe_usd:
        _note(f"Up to {usd(progress.maybe_usd)} more for calls that broke off.")
    if progress.earlier_usd:
        _note(f"Earlier runs of this comparison spent {usd(progress.earlier_usd)}.")
    if progress.message:
        (problem if progress.state is State.BROKEN else _note)(progress.message)
    for model in progress.models if live else ():
        if words := ". ".join(filter(None, (wait_words(model), held_words(model)))):
            st.text(model.label)  # in the box, an address in it would become a link
            st.info(f"{plain(words)}.", icon=":material/hourglass_top:")
        if words := batch_words(model):
            st.text(model.label)
            st.info(f"{plain(words)}.", icon=":material/inventory_2:")


def _models(progress: Progress, *, live: bool) -> None:
    rows = progress_rows(progress, live=live)
    share = st.column_config.ProgressColumn("Done", min_value=0, max_value=100, format="%d %%", width="small")
    st.dataframe(  # pyright: ignore[reportUnknownMemberType]
        rows, hide_index=True, width="stretch", column_config={"Done": share},
        alt="Each model: done, kept before, new, failed, refusal stops, cut short, rate, time left and spending",
    )  # fmt: skip


def _note(text: str) -> None:
    st.caption(plain(text))
