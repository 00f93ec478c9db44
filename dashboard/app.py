"""The pages of the dashboard, in the order of the work."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_PAGES = {
    "choose_facts": ("Choose facts", ":material/tune:"),
    "run_comparison": ("Run comparison", ":material/play_circle:"),
    "read_samples": ("Read samples", ":material/forum:"),
    "see_results": ("See results", ":material/monitoring:"),
    "export_results": ("Export results", ":material/archive:"),
}
_FOLDER = Path(__file__).parent / "app_pages"

st.set_page_config(page_title="Fact Salience", page_icon=":material/volume_up:", layout="wide")
st.navigation(
    [
        st.Page(path, title=title, icon=icon, url_path=name)
        for name, (title, icon) in _PAGES.items()
        if (path := _FOLDER / f"{name}.py").exists()
    ],
    position="top",
).run()
