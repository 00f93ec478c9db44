"""What pages of results remember: filters, which are bound to the URL, and how many kept samples are damaged."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.lazy_rows import keys_of
from dashboard.results import Results
from runners.comparison_file import comparison_toml


def keep_chosen(key: str, options: Sequence[str]) -> None:
    """Drop from a filter what is no longer among its options, before the widget is made."""
    held: list[str] = st.session_state.get(key) or []
    if (kept := [name for name in held if name in options]) != held:
        st.session_state[key] = kept


@st.cache_data(max_entries=16, show_spinner=False)
def _unreadable(text: str, version: int, number: int, _results: Results) -> int:
    missing = [
        key
        for model in _results.models
        for key, lost in zip(keys_of(model.rows), model.arrays.missing_R.tolist(), strict=True)
        if lost
    ]
    return len(state.store().has_many(missing))


def unreadable(results: Results) -> int:
    """Kept samples of a comparison that are damaged, so that they are missing among its results."""
    return _unreadable(comparison_toml(results.comparison), state.store().version(), id(results), results)
