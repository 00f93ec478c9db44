"""The list of document sets; a row that is chosen is the set in the URL."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import state_documents as state
from dashboard.document_sets import SetRow


def pick_set(rows: Sequence[SetRow]) -> SetRow:
    """The table, and the set that is chosen in it or named by the URL."""
    shown = [
        {"Says": row.says or "?", "Documents": row.documents, "Tokens": row.tokens, "Gates": row.standing,
         "Written by": f"{row.written_by} (SIMULATED)" if row.simulated else row.written_by, "Id": row.set_id}
        for row in rows
    ]  # fmt: skip
    number = st.column_config.NumberColumn(format="localized")
    event = st.dataframe(  # pyright: ignore[reportUnknownMemberType]
        shown, hide_index=True, width="stretch", height=min(35 * (len(rows) + 1) + 3, 260), on_select="rerun",
        selection_mode="single-row", key="d_sets", column_config={"Documents": number, "Tokens": number},
        alt="Document sets of the workspace, one row each",
    )  # fmt: skip
    picked = event["selection"]["rows"]
    if picked and picked[0] < len(rows):
        state.choose_set(rows[picked[0]].set_id)
    name = state.chosen_set([row.set_id for row in rows])
    return next(row for row in rows if row.set_id == name)
