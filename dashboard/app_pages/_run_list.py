"""The list of all comparisons with where each run stands; a click on a row chooses it on every page."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import state, state_runs
from dashboard.run_list import RunRow, list_rows, run_rows

_LIVE_S, _IDLE_S = 2.0, 5.0  # a run that the command line starts should appear without a click
_HEIGHT = 35  # pixels a row
_MOST = 9  # rows before the list scrolls


def run_list() -> RunRow | None:
    """Shows the list, refreshed by itself; gives the row that is chosen, None where there is no comparison at all."""
    rows = run_rows(state.workspace())
    if not rows:
        return None
    names = [row.name for row in rows]
    chosen = rows[names.index(state_runs.picked_run(names))]
    live = any(row.standing.live for row in rows)
    watch: Callable[[str, str, bool], None] = st.fragment(
        _watch, run_every=_LIVE_S if live else _IDLE_S, key="run_list"
    )
    watch(chosen.name, chosen.standing.value, live)
    return chosen


def _watch(shown: str, stood: str, any_live: bool) -> None:
    rows = run_rows(state.workspace())
    names = [row.name for row in rows]
    chosen = rows[names.index(state_runs.picked_run(names))]
    if (chosen.name, chosen.standing.value) != (shown, stood) or any(r.standing.live for r in rows) != any_live:
        st.rerun(scope="app")  # what is below the list is about another run, or about one that stands elsewhere now
    key = state_runs.table_key(names)
    st.dataframe(  # pyright: ignore[reportUnknownMemberType]
        list_rows(rows), hide_index=True, width="stretch", key=key, on_select=_picked(key, names),
        selection_mode="single-row-required", selection_default={"selection": {"rows": [names.index(chosen.name)]}},
        height=_HEIGHT * (min(_MOST, len(rows)) + 1) + 2,
        column_config={
            "Comparison": st.column_config.TextColumn(width="medium"),
            "Done": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%d %%", width="small"),
        },
        alt="All comparisons: state, replies kept of those planned, failed requests, money spent and last change",
    )  # fmt: skip


def _picked(key: str, names: list[str]) -> Callable[[], None]:
    return lambda: state_runs.row_picked(key, names)
