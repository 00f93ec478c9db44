"""What pages of results remember: filters, which are bound to the URL, and how many kept samples are damaged."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.lazy_rows import keys_of
from dashboard.results import Results
from runners.comparison_file import comparison_toml


def keep_wish(key: str, options: Sequence[str]) -> None:
    """Give a choice what was last chosen in it where that is among its options, else the first; call it before it.

    A figure that lacks the chosen option, or the whole choice, changes nothing that the reader wished.
    """
    wish, held = st.session_state.get(f"{key}_wish"), st.session_state.get(key)
    if held is not None and wish is None:
        wish = st.session_state[f"{key}_wish"] = held
    if wish in options:
        if held != wish:
            st.session_state[key] = wish
    elif held is not None and held not in options:
        st.session_state[key] = options[0]


def wished(key: str) -> None:
    """Remember what was chosen: the callback of a choice that ``keep_wish`` keeps."""
    st.session_state[f"{key}_wish"] = st.session_state[key]


def kept(key: str, options: Sequence[str]) -> str:
    """What a choice that is not shown now stands at."""
    held = st.session_state.get(f"{key}_wish") or st.session_state.get(key)
    return held if isinstance(held, str) and held in options else options[0]


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
