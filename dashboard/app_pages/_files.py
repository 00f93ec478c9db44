"""Saves a comparison, and opens one from a file."""

from __future__ import annotations

import streamlit as st

from dashboard import state_fields
from dashboard.app_pages._boxes import problem
from dashboard.app_pages._launch_view import replaced_words, save_buttons
from runners.comparison import Comparison
from runners.comparison_file import comparison_toml


def files(comparison: Comparison | None) -> None:
    """Save, download and open, in one row."""
    with st.container(horizontal=True, vertical_alignment="center"):
        save_buttons(comparison)
        st.download_button(
            "Download TOML", comparison_toml(comparison) if comparison else "", mime="application/toml",
            file_name=f"{comparison.name}.toml" if comparison else "comparison.toml", icon=":material/download:",
            disabled=comparison is None, on_click="ignore", key="download",
        )  # fmt: skip
        with st.popover("Open TOML", icon=":material/folder_open:"):
            st.file_uploader(
                "A comparison file",
                type="toml",
                key=state_fields.UPLOAD,
                on_change=state_fields.open_upload,
                max_upload_size=1,
            )
    if complaint := state_fields.open_problem():
        problem(complaint)
    if comparison and (words := replaced_words(comparison)):
        st.caption(words)
