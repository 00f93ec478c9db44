"""Shows long work on document sets while it goes on, and what came of it."""

from __future__ import annotations

import streamlit as st

from dashboard import errands, state
from dashboard.app_pages._boxes import problem
from dashboard.escape import plain

_EVERY_S = 1.0


def errand_view() -> bool:
    """The errand under way or the last one; True while it is at work. The page runs again when it ends."""
    errand = errands.last(str(state.workspace().root))
    if errand is None:
        return False
    live = errand.live
    watch = st.fragment(_watch, run_every=_EVERY_S if live else None, key="errand")
    watch(live)
    return live


def _watch(was_live: bool) -> None:
    errand = errands.last(str(state.workspace().root))
    if errand is None:
        return
    if was_live and not errand.live:
        st.rerun(scope="app")
    with st.container(border=True):
        if errand.live:
            st.text(f"{errand.title}: {errand.doing}, {errand.done:,} documents, {errand.seconds:.0f} s")
            st.button("Stop", icon=":material/stop_circle:", key="errand_stop", on_click=errand.stop)
            return
        if errand.error:
            problem(f"{errand.title}: {errand.error}")
            return
        st.caption(f":material/check_circle: {plain(errand.title)} took {errand.seconds:.0f} s.")
        if errand.says:
            st.text("\n".join(errand.says))
