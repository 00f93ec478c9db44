"""The fields that edit a comparison: what they hold, and what becomes of an edit."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard import state
from dashboard.comparison_fields import NAMES, Field, adapted, comparison_from, fields_of
from facts.catalog import Library
from facts.errors import FactError
from runners.comparison import Comparison
from runners.comparison_file import comparison_toml, parse_comparison

UPLOAD = "opened_file"
_EDIT = "edit_"


def field_key(name: str) -> str:
    """The key of the widget that edits this field."""
    return f"{_EDIT}{name}"


def fill_fields(name: str, comparison: Comparison) -> None:
    """Fill the fields from a comparison when another one was picked; what is being edited stays."""
    token = name if name == state.DRAFT else f"{name}\n{comparison_toml(comparison)}"
    if st.session_state.get("editing") != token or held("name") is None:
        st.session_state["editing"] = token
        _set_fields(fields_of(comparison))


def _set_fields(values: Mapping[str, Field]) -> None:
    for field, value in values.items():
        st.session_state[field_key(field)] = value


def held(name: str) -> Field:
    """What a field holds now, finished or not."""
    value: Field = st.session_state.get(field_key(name))
    return value


def held_words(name: str) -> list[str]:
    """What a field holds now, as words."""
    value = held(name)
    return [str(item) for item in value] if isinstance(value, list) else [] if value is None else [str(value)]


def fields() -> dict[str, Field]:
    """The fields as they stand now, finished or not."""
    return {name: held(name) for name in NAMES}


def open_upload() -> None:
    """Callback of the file uploader: make the comparison in the file the draft, or keep what is wrong with it."""
    st.session_state["open_problem"] = ""
    if (given := st.session_state.get(UPLOAD)) is None:
        return
    try:
        state.open_draft(parse_comparison(given.name, given.getvalue().decode("utf-8")))
    except UnicodeDecodeError:
        st.session_state["open_problem"] = f"{given.name} is not text in UTF-8; save it as a UTF-8 text file"
    except FactError as error:
        st.session_state["open_problem"] = str(error)


def complain(text: str) -> None:
    """Callback: say what went wrong with a file until the next one is opened or saved."""
    st.session_state["open_problem"] = text


def open_problem() -> str:
    """What was wrong with the last file opened or saved, if anything."""
    return str(st.session_state.get("open_problem", ""))


def edited() -> None:
    """Callback of every field: what is valid becomes the draft; what is not stays in the fields."""
    try:
        comparison = comparison_from(fields())
    except FactError:
        return
    state.keep_draft(comparison)
    st.session_state["editing"] = state.DRAFT
    state.choose(state.DRAFT)


def setting_edited(found: Library) -> None:
    """Callback of the setting's field: labels, variant, reasoning and metrics follow it."""
    _set_fields(adapted(fields(), found.setting(str(held("setting")))))
    edited()
