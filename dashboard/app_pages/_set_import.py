"""Takes documents and claims in from a file of another pipeline; columns of a table are confirmed first."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from dashboard import state, state_documents
from dashboard.app_pages._boxes import problem
from dashboard.escape import plain
from facts.catalog import Library
from facts.documents.imports import import_documents, kind_of
from facts.documents.imports.table import ROLES, ConfirmColumns
from facts.errors import FactError

_KINDS = ("jsonl", "csv", "tsv", "yaml", "yml")
_NOBODY = ""


def set_import(library: Library, *, busy: bool) -> None:
    """The file, the fact that is looked for in it, its columns, and what became of every row."""
    st.caption("JSON lines of synthetic documents, tables, or claims in YAML. All of a file is taken in, or nothing; "
               "a folder of texts is read by `salience documents import FOLDER`.")  # fmt: skip
    given = st.file_uploader("A file of documents or claims", type=list(_KINDS), key="d_i_file", max_upload_size=200)
    titles = {_NOBODY: "No fact is looked for", **{slug: fact.title for slug, fact in library.facts.items()}}
    slug = st.selectbox("Fact to look for, by its anchors", list(titles), format_func=titles.__getitem__,
                        key="d_i_fact")  # fmt: skip
    if given is None:
        return
    asked: ConfirmColumns | None = None
    columns: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / (Path(given.name).name or "upload.jsonl")
        path.write_bytes(given.getbuffer())
        try:
            done = None
            if kind_of(path) == "table":
                columns, asked = _columns(path, scratch)
            if st.button("Import", type="primary", key="d_i_import", disabled=busy or bool(asked and not columns)):
                done = import_documents(path, state.workspace().documents, columns=columns or None,
                                        kind="table" if columns else "",
                                        fact=library.fact(slug) if slug else None)  # fmt: skip
        except ConfirmColumns as error:
            problem(f"{error}")
            return
        except FactError as error:
            problem(error)
            return
    if done:
        for line in done.report.sentences():
            st.text(line)
        st.caption(f"Set {plain(done.set_id)}{'' if done.new else ' was there already, the same'}.")
        if done.drafts:
            st.text("Drafts of facts, none of them a fact yet:\n" + "\n".join(map(str, done.drafts[:20])))
        if done.report.documents:
            st.button("Show it", key="d_i_show", on_click=state_documents.choose_set, args=(done.set_id,))


def _columns(path: Path, scratch: str) -> tuple[dict[str, str], ConfirmColumns | None]:
    """What each role is read from, as the user confirms; asked of the importer, which guesses and reads nothing."""
    try:
        import_documents(path, Path(scratch) / "nowhere", kind="table")
    except ConfirmColumns as asked:
        found: dict[str, str] = {}
        with st.grid(3, min_column_width=160):
            for role in ROLES:
                options = ["(none)", *asked.columns]
                guess = asked.suggested.get(role)
                column = st.selectbox(f"Column of {role.replace('_', ' ')}", options, key=f"d_i_column_{role}",
                                      index=options.index(guess) if guess in options else 0)  # fmt: skip
                if column != options[0]:
                    found[role] = column
        return (found if "text" in found else {}), asked
    return {}, None
