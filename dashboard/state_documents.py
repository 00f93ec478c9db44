"""What the page of document sets keeps in the URL, and what it has read from disk."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.document_sets import Place, Standing, places, standing

SET, NUMBER, GENRE, CARRIES, GATE = "d_set", "d_doc", "d_genre", "d_carries", "d_gate"


def chosen_set(names: list[str]) -> str:
    """The set in the URL, if it is there; else the first."""
    given = st.query_params.get(SET, "")
    return given if given in names else next(iter(names), "")


def choose_set(name: str) -> None:
    """Put a set into the URL; its first document is shown."""
    if st.query_params.get(SET) != name:
        st.query_params[SET] = name
        st.session_state[NUMBER] = 1


def turn(by: int) -> None:
    """Callback: that many documents further."""
    st.session_state[NUMBER] = max(1, int(st.session_state.get(NUMBER) or 1) + by)


def keep_within(most: int) -> None:
    """Go back to the first document where fewer are left than the one shown, before its field is made."""
    number = st.session_state.get(NUMBER)
    if not isinstance(number, int) or not 1 <= number <= most:
        st.session_state[NUMBER] = 1


def keep_among(key: str, options: list[str]) -> None:
    """Drop what a field of several names holds and its options do not, before the field is made."""
    held: list[str] = st.session_state.get(key, [])
    if any(name not in options for name in held):
        st.session_state[key] = [name for name in held if name in options]


def forget_other(key: str, options: list[str]) -> None:
    """Drop what a field of one name holds and its options do not, before the field is made."""
    if st.session_state.get(key) not in {None, *options}:
        del st.session_state[key]


def complain(text: str) -> None:
    """From a callback: what went wrong, to be said once."""
    st.session_state["d_problem"] = text


def complaint() -> str:
    """What went wrong in the last callback, if anything; forgotten once it was asked for."""
    return str(st.session_state.pop("d_problem", ""))


def _stamp(folder: Path) -> tuple[int, ...]:
    return tuple(path.stat().st_mtime_ns for path in sorted(folder.iterdir()))


@st.cache_resource(max_entries=4, show_spinner="Reading documents")
def _places(folder: str, stamp: tuple[int, ...]) -> tuple[Place, ...]:
    return places(Path(folder))


def document_places(folder: Path) -> tuple[Place, ...]:
    """Where each document lies, read again when the folder changes; raises ``BrokenFile``."""
    return _places(str(folder), _stamp(folder))


@st.cache_data(max_entries=16, show_spinner="Reading every document back")
def _standing(folder: str, stamp: tuple[int, ...]) -> Standing:
    return standing(Path(folder))


def set_standing(folder: Path) -> Standing:
    """Whether the set may be used as it lies there now."""
    return _standing(str(folder), _stamp(folder))
