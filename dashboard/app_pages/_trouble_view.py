"""Shows what went wrong in a run, grouped by model and trouble: how often, what to do, and the last message."""

from __future__ import annotations

import streamlit as st

from dashboard.app_pages._boxes import problem
from dashboard.trouble_advice import trouble_groups
from runners.progress import Progress

_MOST = 12  # a run over many models could otherwise fill the page with one outage


def trouble_view(progress: Progress) -> None:
    """One box a group; the message is what the provider or the disk said, shown as it is."""
    groups = trouble_groups(progress)
    if not groups:
        return
    boxes = st.grid(2 if len(groups) > 1 else 1, min_column_width=360)
    for group in groups[:_MOST]:
        with boxes.cell():
            st.text(group.model)  # in a message box, an address in it would become a link
            problem(f"{group.heading}\n{group.advice}")
            if group.message:
                st.code(group.message, language=None, wrap_lines=True)
    if len(groups) > _MOST:
        st.caption(f"{len(groups) - _MOST} smaller groups are not shown.")
