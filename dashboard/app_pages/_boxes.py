"""Boxes in which outside text is shown as text: nothing in it is read as Markdown."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import streamlit as st

from cache.errors import StoreError
from dashboard import state
from dashboard.escape import paragraph
from dashboard.plan_rows import Row
from facts.catalog import Library, shipped
from facts.errors import FactError


def problem(error: Exception | str) -> None:
    """What is wrong and what to do about it."""
    st.error(paragraph(str(error)), icon=":material/error:")


@contextmanager
def store_problems() -> Generator[None]:
    """Whatever is wrong with the store as a box in place of the rest of the page."""
    try:
        yield
    except StoreError as error:
        problem(error)


def warning(text: str) -> None:
    """What to know before going on."""
    st.warning(paragraph(text), icon=":material/warning:")


def simulated_banner() -> None:
    """Says that what is shown comes from no real model."""
    st.warning(
        "**SIMULATED.** These samples come from a simulated model with built-in effects, not from a language model.",
        icon=":material/science:",
    )


def library() -> Library:
    """The library; where a file of the user's own is broken, what is wrong with it and the shipped library."""
    try:
        return state.library()
    except FactError as error:
        problem(f"A fact of your own cannot be read, so only the shipped ones are listed.\n{error}")
        return shipped()


def table(rows: list[Row], alt: str) -> None:
    """Rows as a table whose cells are plain text."""
    st.dataframe(rows, hide_index=True, width="stretch", alt=alt)  # pyright: ignore[reportUnknownMemberType]
