"""What the address says of the page shown, and what the session remembers where it says nothing.

Going to another page by the navigation clears the address, and going back may lead to one that is bare: the session
then says what was chosen last, and the address says it again.
"""

from __future__ import annotations

import math
from contextlib import suppress

import streamlit as st
from streamlit.errors import StreamlitAPIException

_LONGEST = 2000  # characters of a value; a link of doses may be longer
_LONG = {"doses", "o_doses"}
_LARGEST = 1e9
_NUMBERS = {
    "p_replicate", "p_tokens", "p_documents", "p_carriers", "l_per", "r_page", "r_seed", "d_doc", "power_effect",
}  # fmt: skip


def linked(key: str) -> str | None:
    """What the address says otherwise than when the session last wrote it: by a link, or by going back."""
    given = st.query_params.get(key)
    return given if given != st.session_state.get(f"said_{key}") else None


def remembered(key: str) -> str:
    """What was chosen last in this session, nothing before the first time."""
    return str(st.session_state.get(f"kept_{key}", ""))


def say(key: str, value: str) -> None:
    """Write it into the address; nothing is left out."""
    if value and st.query_params.get(key) != value:
        st.query_params[key] = value
    elif not value and key in st.query_params:
        del st.query_params[key]
    st.session_state[f"said_{key}"] = value or None


def remember(key: str, value: str) -> None:
    """Choose it for whatever page is next to settle it; until then the address stays as it is, and is no link."""
    st.session_state[f"kept_{key}"], st.session_state[f"said_{key}"] = value, st.query_params.get(key)


def keep(key: str, value: str) -> None:
    """Write it into the address, and remember it for addresses that do not say it."""
    st.session_state[f"kept_{key}"] = value
    say(key, value)


def clean() -> None:
    """Drop from the address what no field can hold, before widgets are made of it, and begin again without."""
    given = {key: st.query_params.get_all(key) for key in st.query_params}
    whole = {key: [value for value in values if _usable(key, value)] for key, values in given.items()}
    if whole != given:
        with suppress(StreamlitAPIException):  # a field holds it, so it is no trouble
            st.query_params.from_dict({key: values for key, values in whole.items() if values})
            st.rerun()


def _usable(key: str, value: str) -> bool:
    if key in _NUMBERS and value:
        try:
            number = float(value) if len(value) < 40 else math.inf
        except ValueError:
            return False
        return abs(number) <= _LARGEST  # false for what is no number as well
    return len(value) <= _LONGEST or key in _LONG
