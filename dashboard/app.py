"""The pages of the dashboard, in the order of the work."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.app_pages._boxes import store_problems
from dashboard.state_address import clean

_PAGES = {
    "choose_facts": ("Facts", ":material/tune:"),
    "run_comparison": ("Compare", ":material/balance:"),
    "watch_runs": ("Runs", ":material/play_circle:"),
    "see_results": ("Results", ":material/monitoring:"),
    "read_samples": ("Samples", ":material/forum:"),
    "label_samples": ("Label", ":material/label:"),
    "read_documents": ("Documents", ":material/article:"),
    "export_results": ("Export", ":material/archive:"),
}
_HERE = Path(__file__).parent
_FOLDER = _HERE / "app_pages"
# A Material icon would be fetched from the network by the browser; this one is sent with the page.
_ICON = (_HERE / "icon.svg").read_text(encoding="utf-8")

st.set_page_config(page_title="Fact Salience", page_icon=_ICON, layout="wide")
page = st.navigation(
    [
        st.Page(path, title=title, icon=icon, url_path=name)
        for name, (title, icon) in _PAGES.items()
        if (path := _FOLDER / f"{name}.py").exists()
    ],
    position="top",
)
clean()  # once it is known which page runs, so that it is this one that begins again
with store_problems():  # the store is asked by every page, and anything may have become of its folder
    page.run()
