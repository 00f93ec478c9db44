"""The fact being written as the text of its TOML file, to read, to paste into or to change as a whole."""

from __future__ import annotations

import streamlit as st

from dashboard import state_facts as facts_state
from dashboard.app_pages._boxes import problem
from dashboard.fact_drafts import Draft
from dashboard.own_facts import LARGEST


def toml_view(draft: Draft) -> None:
    """The text, kept as it is typed; what cannot be read is said with its line, and nothing of it is lost."""
    st.caption("The file as it is saved. What you change or paste here fills the fields; comments stay as long as no "
               "field is changed after them.")  # fmt: skip
    if draft.broken:
        problem(draft.broken)
        st.button("Go back to the fields as they were", on_click=facts_state.text_dropped, key="fact_back")
    if len(draft.text) > LARGEST:
        st.caption("This is longer than a text field holds. Download it, change it in an editor, and open it again.")
        return
    facts_state.hold(facts_state.RAW, draft.text)
    st.text_area("TOML file", key=facts_state.RAW, height=640, max_chars=LARGEST, on_change=facts_state.text_edited)
