"""The picker of a comparison that all pages share: one choice, in the URL, kept from page to page."""

from __future__ import annotations

import streamlit as st

from dashboard import state


def pick_comparison() -> str:
    """The name of the comparison picked; the URL carries it, so that a link reproduces the view."""
    names = state.comparison_names()
    state.keep_valid(state.PICKED, names)
    return st.selectbox("Comparison", names, key=state.PICKED, bind="query-params")
