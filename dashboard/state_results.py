"""What the page of results remembers of its filters, which are bound to the URL."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st


def keep_chosen(key: str, options: Sequence[str]) -> None:
    """Drop from a filter what is no longer among its options, before the widget is made."""
    held = st.session_state.get(key)
    if isinstance(held, list) and (kept := [name for name in held if name in options]) != held:
        st.session_state[key] = kept
