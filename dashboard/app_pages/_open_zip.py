"""Opens a comparison that somebody exported: its samples, facts and labels are taken in, and its figures drawn anew."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from cache.errors import StoreError
from dashboard import state, state_bundles
from dashboard.app_pages._boxes import problem
from dashboard.bundle_open import open_bundle
from dashboard.escape import paragraph
from dashboard.opened_files import TRUST
from facts.errors import FactError


def open_zip() -> None:
    """The field for a file, and what became of the last one."""
    with st.expander("Open a comparison that was exported elsewhere", icon=":material/folder_open:",
                     on_change="rerun", key="e_opening") as box:  # fmt: skip
        if box.open:
            st.file_uploader(
                "A zip that the dashboard or `salience export` wrote", type="zip", key=state_bundles.UPLOAD,
                on_change=_opened, max_upload_size=2_000,
            )  # fmt: skip
            st.caption("Everything in it is read and checked before it is taken in; nothing is called. What was asked "
                       f"can be checked; {TRUST}. Larger files: `salience open FILE.zip`.")  # fmt: skip
    said, wrong = state_bundles.outcome()
    if wrong:
        problem(said)
    elif said:
        st.success(paragraph(said), icon=":material/check_circle:")


def _opened() -> None:
    given = state_bundles.uploaded()
    if given is None:
        return
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "opened.zip"
        path.write_bytes(given.getbuffer())
        try:
            done = open_bundle(path, state.workspace(), state.store(), called=given.name)
        except (FactError, StoreError) as error:
            state_bundles.say(str(error), wrong=True)
            return
    more = "".join(f"\n{line[0].upper()}{line[1:]}." for line in done.says)
    counts = f"{done.records:,} samples and replies, {done.new:,} of them new here"
    state_bundles.say(f"{done.name} is open: {counts}.{more}", wrong=False)
    state.choose(done.name)
