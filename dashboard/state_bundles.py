"""What the page keeps of an exported comparison that was opened: the file, and what became of it."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

UPLOAD = "e_open"
_SAID, _WRONG = "e_open_said", "e_open_wrong"


def uploaded() -> UploadedFile | None:
    """The file that was given last."""
    given = st.session_state.get(UPLOAD)
    return given if isinstance(given, UploadedFile) else None


def say(text: str, *, wrong: bool) -> None:
    """Remember what became of it."""
    st.session_state[_SAID], st.session_state[_WRONG] = text, wrong


def outcome() -> tuple[str, bool]:
    """What became of the last file (nothing: none was given), and whether that was an error."""
    return str(st.session_state.get(_SAID, "")), bool(st.session_state.get(_WRONG))
