"""What the pages of runs keep in the session and the URL, and what their buttons do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from cache.errors import StoreError
from dashboard import jobs, state, state_address
from facts.errors import FactError
from runners.comparison import Comparison

_QUERIES, _REPLICATES, _PROBLEM = "top_queries", "top_replicates", "launch_problem"


def table_key(names: Sequence[str]) -> str:
    """The key of the list's widget: a new order is a new widget, whose selection starts at the comparison chosen."""
    return f"runs_{abs(hash(tuple(names)))}"


def missing_run() -> str:
    """The comparison that the address names although there is none of that name, nothing else."""
    linked = state_address.linked(state.PICKED)
    return linked if linked and linked not in state.comparison_names() else ""


def picked_run(names: Sequence[str]) -> str:
    """The comparison in the URL or the session, else the first of the list; it is put into the URL."""
    if (linked := state_address.linked(state.PICKED)) in names:
        state.choose(str(linked))
    known = (state_address.remembered(state.PICKED), st.query_params.get(state.PICKED))
    name = next((str(one) for one in known if one in names), names[0] if names else "")
    state_address.say(state.PICKED, name)
    return name


def run_link(page: str, name: str, label: str, icon: str) -> None:
    """A link to another page that shows this comparison, whatever was picked there before."""
    st.page_link(f"app_pages/{page}.py", label=label, icon=icon, query_params={state.PICKED: name})


def row_picked(key: str, names: Sequence[str]) -> None:
    """Callback of the list: choose the comparison of the row that was clicked, on every page."""
    rows = st.session_state[key]["selection"]["rows"]
    if rows and int(rows[0]) < len(names):
        name = names[int(rows[0])]
        state.choose(name)


def hold(name: str, paused: bool) -> None:
    """Callback: hold a run, or let it go on."""
    jobs.pause(state.workspace(), name, paused=paused)


def at_once_key(name: str) -> str:
    """The key of the field that says how many calls a running comparison may have at once."""
    return f"at_once_{name}"


def at_once(name: str) -> None:
    """Callback: let each model of a running comparison have so many calls at once."""
    jobs.at_once(state.workspace(), name, int(st.session_state[at_once_key(name)]))


def cancel(name: str) -> None:
    """Callback: stop a run."""
    jobs.cancel(state.workspace(), name)


def launch(comparison: Comparison) -> None:
    """Callback: run or resume a comparison in the background; what stands in the way is kept to be shown."""
    st.session_state[_PROBLEM] = ""
    try:
        state.launch(comparison)
    except (FactError, StoreError, OSError) as error:
        st.session_state[_PROBLEM] = f"{comparison.name}\n{error}"


def launch_problem(name: str) -> str:
    """What stood in the way of the last launch of that comparison, if anything."""
    about, _, problem = str(st.session_state.get(_PROBLEM, "")).partition("\n")
    return problem if about == name else ""


def top_up_keys(name: str) -> tuple[str, str]:
    """The keys of the fields that say how large a comparison shall be, each comparison its own."""
    return f"{_QUERIES}_{name}", f"{_REPLICATES}_{name}"


def larger(comparison: Comparison) -> Comparison:
    """The comparison at the size that the fields hold, never smaller than it is."""
    queries, replicates = (st.session_state.get(key) for key in top_up_keys(comparison.name))
    return replace(
        comparison,
        queries=max(comparison.queries, int(queries or 0)),
        replicates=max(comparison.replicates, int(replicates or 0)),
    )
