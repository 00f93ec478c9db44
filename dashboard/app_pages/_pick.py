"""The picker of a comparison that all pages share: one choice, always in the URL, kept from page to page."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.app_pages._boxes import problem


def pick_comparison() -> str:
    """The name of the comparison picked; the URL carries it, so that a link reproduces the view.

    A URL that names none there is stops the page: nothing of another comparison is shown in its place.
    """
    missing = state.settle_choice()
    name = st.selectbox(
        "Comparison", state.comparison_names(), index=None if missing else 0, key=state.PICKED, on_change=state.picked,
        placeholder="Choose a comparison",
    )  # fmt: skip
    if name is None:
        problem(f"There is no comparison {missing[:200]!r} in this workspace. Choose one from the list.")
        st.stop()
    return name
