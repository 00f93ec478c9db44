"""Writes a document set as files to train on, in the background, and hands them over."""

from __future__ import annotations

import hashlib
from pathlib import Path

import streamlit as st

from dashboard import errands, state
from dashboard.app_pages._boxes import problem
from dashboard.document_sets import SetRow
from dashboard.escape import plain
from facts.catalog import Library
from facts.documents.exports import Wish, export, export_doses, find, names, next_step, sentences, warnings
from facts.errors import FactError


def set_export(row: SetRow, library: Library, *, busy: bool) -> None:
    """The target, the split and doses, and what has been written from this set so far."""
    # Those that still run come first, the one that needs no account before all.
    order = sorted(names(), key=lambda name: (bool(find(name).LEGACY), name != "trl", name))
    targets = {name: find(name) for name in order}
    st.caption("Files are written into the workspace's exports folder with a card that says what is in them; each is "
               "read back by the target's own rules.")  # fmt: skip
    with st.grid(4, min_column_width=170):
        target = st.selectbox("For", list(targets), format_func=lambda name: targets[name].TITLE, key="d_e_target")
        form = st.selectbox("Layout of a row", targets[target].FORMS, key="d_e_form")
        validation = st.number_input("Held out for validation", 0.0, 0.5, 0.1, 0.05, key="d_e_validation",
                                     help="Share of the scaffolds")  # fmt: skip
        doses = st.text_input("Doses", key="d_e_doses", placeholder="one export of all documents",
                              help="Numbers of fact documents, as in 0,250,1000: an export each, filled up with "
                              "placebo twins to one size. Template sets only")  # fmt: skip
    if targets[target].LEGACY:
        st.caption(plain(targets[target].LEGACY))
    try:
        numbers = _numbers(doses)
    except FactError as error:
        problem(error)
        return
    workspace = state.workspace()
    wish = Wish(target=target, form=form, validation=float(validation))
    mark = hashlib.sha256(f"{row.set_id}|{wish}|{numbers}".encode()).hexdigest()[:8]
    into = workspace.exports / f"{row.set_id}-{target}{'-doses' if numbers else ''}-{mark}"

    def work(tick: errands.Tick) -> tuple[str, ...]:
        tick("writing and reading back", row.documents)
        done = (
            [one for _, one in export_doses(row.folder, into, wish, numbers, library, workspace.documents)]
            if numbers else [export([row.folder], into, wish)]
        )  # fmt: skip
        return tuple(line for one in done for line in (
            f"{one.folder}{'' if one.new else ' (was there already, the same)'}", *sentences(one.card),
            *warnings(one.card), f"next: {next_step(one.card, one.folder)}"))  # fmt: skip

    if st.button("Write the files", type="primary", icon=":material/save:", key="d_e_write", disabled=busy):
        errands.start(str(workspace.root), f"Export of {row.set_id} for {target}", work)
        st.rerun()
    _written(row, workspace.exports)


def _numbers(line: str) -> tuple[int, ...]:
    words = [word.strip() for word in line.split(",") if word.strip()]
    if not all(word.isascii() and word.isdecimal() and len(word) < 9 for word in words):
        raise FactError(f"cannot read the doses {line[:100]!r}; write numbers of documents, as in 0,250,1000")
    return tuple(sorted({int(word) for word in words}))


def _written(row: SetRow, exports: Path) -> None:
    files = sorted(path for path in exports.glob(f"{row.set_id}-*/**/*") if path.is_file())
    if not files:
        return
    st.caption("Written before")
    for path in files[:40]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.download_button(f"{path.stat().st_size / 1024:,.0f} KB", path.read_bytes, path.name,
                               on_click="ignore", key=f"d_e_{path.relative_to(exports)}",
                               icon=":material/download:")  # fmt: skip
            st.text(str(path.relative_to(exports)))
