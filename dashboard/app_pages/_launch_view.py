"""The buttons that launch and save a comparison; where another one has its name, they offer a new name first."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import state, state_fields, state_runs
from dashboard.app_pages._boxes import problem, warning
from dashboard.comparisons import free_name, in_the_way, replaces
from dashboard.escape import plain
from runners.comparison import Comparison


def launch_buttons(comparison: Comparison, *, begun: bool, possible: bool) -> None:
    """Launch or resume; under a new name first where the name stands for something else that was run."""
    if trouble := state_runs.launch_problem(comparison.name):
        problem(trouble)
    what = in_the_way(state.workspace(), comparison)
    other = _renamed(comparison) if what else comparison
    if what:
        warning(
            f"{comparison.name} is {what}, and what is planned here differs from it. Under a new name both stay; "
            "samples that they share are kept once and cost nothing."
        )
    with st.container(horizontal=True):
        st.button(
            f"Launch as {plain(other.name)}" if what else "Resume" if begun else "Launch", type="primary",
            icon=":material/play_arrow:", key="launch", disabled=not possible, on_click=state_runs.launch,
            args=(other,),
        )  # fmt: skip
        if what:
            st.button(
                f"Replace {plain(comparison.name)} and launch", key="launch_replace", disabled=not possible,
                on_click=state_runs.launch, args=(comparison,),
            )  # fmt: skip


def save_buttons(comparison: Comparison | None) -> None:
    """Save into the workspace, under a new name first where the name stands for something else that was run."""
    what = in_the_way(state.workspace(), comparison) if comparison else ""
    other = _renamed(comparison) if comparison and what else comparison
    st.button(
        f"Save as {plain(other.name)}" if other and what else "Save", icon=":material/save:", key="save",
        disabled=comparison is None, on_click=_save, args=(other,), help="Into the workspace, under its name",
    )  # fmt: skip
    if comparison and what:
        st.button(f"Replace {plain(comparison.name)}", key="save_replace", on_click=_save, args=(comparison,))


def replaced_words(comparison: Comparison) -> str:
    """What saving or launching replaces without a question, which was never run; empty where nothing."""
    workspace = state.workspace()
    if in_the_way(workspace, comparison) or not replaces(workspace, comparison):
        return ""
    return f"Saving or launching replaces the saved comparison {plain(comparison.name)}, which was never run."


def _renamed(comparison: Comparison) -> Comparison:
    return replace(comparison, name=free_name(state.workspace(), comparison.name))


def _save(comparison: Comparison) -> None:
    state_fields.complain("")
    try:
        state.save(comparison)
    except OSError as error:
        state_fields.complain(f"{comparison.name} could not be saved ({error}); free space or mend the folder, then "
                              "save again. What is in the fields stays.")  # fmt: skip
        return
    state.choose(comparison.name)
    st.toast("Saved in the workspace.", icon=":material/save:")
