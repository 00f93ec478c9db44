"""Writes a fact of one's own: from nothing, from a copy of a shipped fact or from a file, checked as it is typed."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard import state_facts as facts_state
from dashboard.app_pages._boxes import problem
from dashboard.app_pages._fact_boxes import PARTS, section
from dashboard.app_pages._fact_standing import standing
from dashboard.app_pages._fact_toml import toml_view
from dashboard.own_facts import own_files
from dashboard.shown_text import label
from facts.catalog import Library

_TOML = "TOML file"


def fact_editor(library: Library) -> None:
    """What is being written, how far it may be saved, and its fields part by part."""
    st.caption(
        "Write a fact of your own: a claim, and what says it, denies it and says something irrelevant of equal length. "
        "It is kept as a draft while you write, and saved as a TOML file in your workspace."
    )
    if facts_state.news():
        st.success(label(facts_state.news(), 600), icon=":material/check:")
    if facts_state.saved() in library.facts:
        st.button("Switch it on", icon=":material/toggle_on:", key="fact_on", type="primary",
                  on_click=facts_state.switch_on, args=(facts_state.saved(),))  # fmt: skip
    if facts_state.problem():
        problem(facts_state.problem())
    names = facts_state.names()
    if not names:
        _start(library)
        _own(library)
        return
    first, second = st.columns([3, 1], vertical_alignment="bottom")
    with first:
        state.keep_valid(facts_state.DRAFT, names)
        st.selectbox("Draft", names, key=facts_state.DRAFT, bind="query-params")
    with second, st.popover("Start another", icon=":material/add:", width="stretch", key="fact_start"):
        _start(library)
    draft = facts_state.draft()
    if draft is None:
        problem("This draft cannot be read; choose another one, or start a new one.")
        return
    found = standing(draft, library)
    part = st.segmented_control("Part of the fact", [*PARTS, _TOML], key="fact_part", bind="query-params",
                                required=True, default=next(iter(PARTS)), label_visibility="collapsed")  # fmt: skip
    if part == _TOML:
        toml_view(draft)
    elif draft.broken:
        problem(f"The TOML text cannot be read, so there are no fields to fill. Mend it under {_TOML}, or go back.\n"
                f"{draft.broken}")  # fmt: skip
        st.button("Go back to the fields as they were", on_click=facts_state.text_dropped, key="fact_back")
    else:
        section(part or next(iter(PARTS)), draft, found)
    _own(library)


def _start(library: Library) -> None:
    own = list(own_files(state.workspace().facts))
    sources = ["", *own, *(slug for slug in library.facts if slug not in own)]
    state.keep_valid(facts_state.SOURCE, sources)
    st.selectbox("Start from", sources, key=facts_state.SOURCE, persist_state="session",
                 format_func=lambda slug: _source(slug, own))  # fmt: skip
    st.button("Start", on_click=facts_state.write_chosen, type="primary", icon=":material/edit:", key="fact_go")
    st.file_uploader("Or open a fact's TOML file", type="toml", key=facts_state.UPLOAD, on_change=facts_state.opened)


def _source(slug: str, own: list[str]) -> str:
    if not slug:
        return "an empty fact"
    return f"your fact {slug}, to change it" if slug in own else f"a copy of {slug}"


def _own(library: Library) -> None:
    """Own facts, to be opened or deleted."""
    own = own_files(state.workspace().facts)
    if not own:
        return
    with st.expander(f"Your facts ({len(own)})", type="compact", key="fact_own"):
        for name in own:
            fact = library.facts.get(name)
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{label(name, 60)}** {label(fact.title) if fact else 'cannot be read as it is'}")
                st.button("Edit", key=f"fact_edit_{name}", on_click=facts_state.write, args=(name,), type="tertiary",
                          icon=":material/edit:")  # fmt: skip
                with st.popover("Delete", icon=":material/delete:", type="tertiary", key=f"fact_delete_{name}"):
                    st.caption("Its file is moved aside, not destroyed. Kept samples remain. Comparisons that name it "
                               "cannot be planned until it is back.")  # fmt: skip
                    st.button(f"Delete {label(name, 60)}", key=f"fact_deleted_{name}", on_click=facts_state.delete,
                              args=(name,))  # fmt: skip
