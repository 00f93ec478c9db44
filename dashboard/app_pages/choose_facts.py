"""Choose facts, how loudly and with which polarity each is said, see the prompt they make, and write your own."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard import state_facts as facts_state
from dashboard.app_pages._boxes import library as read_library
from dashboard.app_pages._fact_editor import fact_editor
from dashboard.app_pages._facts_list import facts_list
from dashboard.app_pages._prompt_preview import composed, prompt_documents, prompt_figures, prompt_view
from dashboard.app_pages._situation import situation
from dashboard.app_pages._switched_on import switched_on
from dashboard.app_pages._two_prompts import beside_another
from dashboard.app_pages._wordings import wordings
from dashboard.situation import comparison_of

head = st.container()
library = read_library()
view = st.segmented_control(
    "What to do", facts_state.VIEWS, key=facts_state.VIEW, bind="query-params", required=True,
    default=facts_state.view_default(), label_visibility="collapsed",
)  # fmt: skip
head.title(view or facts_state.CHOOSE, anchor=False)
facts_state.remember(view)
chosen = switched_on(library)
if view == facts_state.WORDINGS:
    wordings(library)
    st.stop()
if view == facts_state.WRITE:
    fact_editor(library)
    st.stop()

st.caption(
    "Switch facts on and set how loudly each is said: 0 absent, 1 mentioned, 2 stated, 3 elaborated, 4 repeated or "
    "5 emphasised. The prompt keeps its length: facts displace neutral filler."
)
doses = tuple(choice.dose for choice in chosen.values())

page = st.grid(2, min_column_width=420, gap="medium")
with page.cell():
    facts_list(library, chosen)
with page.cell():
    now = situation(library)
    prompt = composed(doses, now, library)
    if prompt:
        prompt_figures(prompt, library)
        prompt_documents(prompt, now, library)
    if st.button(
        "Use these facts in a comparison", type="primary", icon=":material/arrow_forward:", key="use_facts",
        disabled=not (doses and prompt), help=None if doses else "Switch at least one fact on",
    ):  # fmt: skip
        state.open_new(comparison_of(doses, now, state.draft(), library))
        st.switch_page("app_pages/run_comparison.py", query_params={state.PICKED: state.DRAFT})
    if prompt:
        prompt_view(prompt, doses, now, library)
if prompt:
    beside_another(prompt, doses, now, library)
