"""One field of a comparison, each as the widget that suits it; all tell the state when they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard import state_fields


def _options(field: str, known: Sequence[str]) -> list[str]:
    """The known names and whatever the field holds now: an unknown name is explained by the plan, never lost."""
    return [*known, *(name for name in state_fields.held_words(field) if name not in known)]


def text(label: str, field: str, about: str, placeholder: str = "") -> None:
    """A line of text."""
    st.text_input(
        label, key=state_fields.field_key(field), on_change=state_fields.edited, persist_state="session", help=about,
        placeholder=placeholder,
    )  # fmt: skip


def one(label: str, field: str, known: Sequence[str], about: str | None = None) -> None:
    """One of some names."""
    st.selectbox(
        label, _options(field, known), key=state_fields.field_key(field), on_change=state_fields.edited,
        persist_state="session", help=about,
    )  # fmt: skip


def several(
    label: str, field: str, known: Sequence[str], about: str | None = None, titles: Mapping[str, str] | None = None,
    placeholder: str | None = None, *, new: bool = False,
) -> None:  # fmt: skip
    """Several of many names; ``new`` allows names that are not in the list."""
    shown = titles or {}
    st.multiselect(
        label, _options(field, known), key=state_fields.field_key(field), on_change=state_fields.edited,
        format_func=lambda name: shown.get(str(name), str(name)), accept_new_options=new, help=about,
        persist_state="session", placeholder=placeholder,
    )  # fmt: skip


def few(label: str, field: str, known: Sequence[str], about: str | None = None) -> None:
    """Several of a few names."""
    st.pills(
        label, list(known), selection_mode="multi", key=state_fields.field_key(field), on_change=state_fields.edited,
        persist_state="session", help=about,
    )  # fmt: skip


def whole(label: str, field: str, least: int, about: str, placeholder: str = "", most: int = 10_000_000) -> None:
    """A whole number; may be empty where the placeholder says what that means."""
    st.number_input(
        label, min_value=least, max_value=most, value=None, step=1, key=state_fields.field_key(field),
        on_change=state_fields.edited, persist_state="session", help=about, placeholder=placeholder,
    )  # fmt: skip


def number(label: str, field: str, about: str, step: float, placeholder: str = "", most: float = 1e9) -> None:
    """A number; may be empty where the placeholder says what that means."""
    st.number_input(
        label, min_value=0.0, max_value=most, value=None, step=step, key=state_fields.field_key(field),
        on_change=state_fields.edited, persist_state="session", help=about, placeholder=placeholder,
    )  # fmt: skip
