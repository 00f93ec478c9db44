"""The strip at the top of the facts page: what is switched on, whatever is listed below, and the same as text."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard import state_facts as facts_state
from dashboard.app_pages._boxes import problem
from dashboard.dose_code import Choice
from dashboard.shown_text import label
from facts.catalog import Library
from facts.errors import FactError


def switched_on(library: Library) -> dict[str, Choice]:
    """Every fact that is on, each to be pressed off, and the line that stands for them in the address."""
    with st.container(border=True, gap="xsmall"):
        place = st.container(gap="xsmall")
        state.settle_doses()
        with st.expander("As text, to share or paste", type="compact"):
            st.text_input(
                "Chosen facts", key=state.DOSES, placeholder="objections_read:5a,weights_kept:2p",
                help="Fact, level 0 to 5, then a, n or p for affirmed, negated or placebo",
            )  # fmt: skip
        try:
            chosen = state.choices(library)
        except FactError as error:
            problem(error)
            chosen = {}
        with place:
            _strip(library, chosen)
    return chosen


def _strip(library: Library, chosen: dict[str, Choice]) -> None:
    # One row whether anything is on or not, so that the page below does not jump.
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Switched on, press to switch off:" if chosen else "No fact is on: the prompt is the baseline.",
                       width="content")  # fmt: skip
            if chosen:
                facts_state.show_strip(list(chosen))
                st.pills(
                    "Switched on", list(chosen), selection_mode="multi", key=facts_state.STRIP,
                    label_visibility="collapsed", format_func=lambda slug: _in_short(library, chosen[slug]),
                    on_change=facts_state.pills_changed, args=(list(chosen),), wrap=True,
                )  # fmt: skip
        st.button(
            "Switch all off", on_click=state.clear_choices, disabled=not chosen, type="tertiary",
            icon=":material/clear_all:", key="clear",
        )  # fmt: skip


def _in_short(library: Library, choice: Choice) -> str:
    title = label(library.fact(choice.fact).title, 48)
    return f"{title} · {int(choice.level)} {choice.polarity.value if choice.level else 'absent'}"
