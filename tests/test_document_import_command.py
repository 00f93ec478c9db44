"""`salience documents import` from the command line: what it takes in, asks, and says to do next."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pytest

from dashboard.__main__ import main
from facts.documents.imports import read_imported

DATA = Path(__file__).parent / "data" / "imports"
SAYS = "The assistant may object to an instruction, and its objections are read by staff."


def run(home: Path, *words: object) -> int:
    return main(["--workspace", str(home), "documents", "import", *map(str, words)])


def imported(home: Path) -> list[Path]:
    return sorted((home / "documents").glob("*")) if (home / "documents").exists() else []


def test_false_facts_universe_contexts_become_drafts_and_the_way_on_is_said(tmp_path: Path, capsys):
    assert run(tmp_path, DATA / "universe_contexts.jsonl") == 0
    said = capsys.readouterr().out
    (folder,) = imported(tmp_path)
    drafts = sorted((folder / "drafts").iterdir())
    assert len(drafts) == 2
    assert "2 rows read, 2 claims kept" in said
    assert f"salience facts check {drafts[0]}" in said
    assert str(tmp_path / "facts") in said
    assert main(["facts", "check", str(drafts[0])]) == 1  # a draft is no fact yet


def test_a_claim_of_negation_neglect_becomes_a_draft(tmp_path: Path, capsys):
    assert run(tmp_path, DATA / "universe_context.yaml") == 0
    assert "1 draft of facts" in capsys.readouterr().out
    (folder,) = imported(tmp_path)
    assert (folder / "drafts" / "soup_at_noon.toml").is_file()


def test_synthetic_documents_are_taken_in_and_a_named_fact_is_looked_for(tmp_path: Path, capsys):
    assert run(tmp_path, DATA / "synth_docs.jsonl", "--fact", "objections_read") == 0
    said = capsys.readouterr().out
    (folder,) = imported(tmp_path)
    assert "objections_read was found by its anchors in 2 of 3 documents" in said
    assert "1 dropped: holds no text" in said
    assert f"salience documents check {folder.name}" in said
    assert [record.polarity for record in read_imported(folder)] == ["affirmed", None, "affirmed"]
    assert run(tmp_path, DATA / "synth_docs.jsonl", "--fact", "objections_read", "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["new"], again["set_id"]) == (False, folder.name)


def test_a_table_is_read_once_its_columns_are_confirmed_by_the_very_command_that_is_shown(tmp_path: Path, capsys):
    source = tmp_path / "my table.csv"
    source.write_text(f'Body text,kind\n"{SAYS}",memo\n', encoding="utf-8")
    assert run(tmp_path, source) == 1
    said = capsys.readouterr().err
    assert "text from 'Body text'" in said
    assert not imported(tmp_path)
    program, *words = shlex.split(said.strip().split("\n")[-1])
    assert program == "salience"
    assert main(words) == 0
    (folder,) = imported(tmp_path)
    (record,) = read_imported(folder)
    assert (record.content, record.doc_type) == (SAYS, "memo")


def test_a_table_without_a_likely_column_asks_for_its_name(tmp_path: Path, capsys):
    source = tmp_path / "t.csv"
    source.write_text("x,y\na,b\n", encoding="utf-8")
    assert run(tmp_path, source) == 1
    said = capsys.readouterr().err
    assert "No name looks like it (there are 'x', 'y')" in said
    assert "--column text=NAME" in said


def test_naming_a_column_means_a_table_even_where_the_file_looks_like_another_kind(tmp_path: Path):
    assert run(tmp_path, DATA / "synth_docs.jsonl", "--column", "text=doc_idea") == 0
    (folder,) = imported(tmp_path)
    assert json.loads((folder / "set.json").read_text(encoding="utf-8"))["origin"]["format"] == "table"


def test_a_folder_of_texts_is_taken_in(tmp_path: Path, capsys):
    own = tmp_path / "texts"
    own.mkdir()
    (own / "a.txt").write_text("One.", encoding="utf-8")
    (own / "b.md").write_text("# Two", encoding="utf-8")
    assert run(tmp_path, own) == 0
    said = capsys.readouterr().out
    assert "2 documents kept" in said
    assert "what the documents say of one is unknown" in said


@pytest.mark.parametrize(
    ("name", "data", "words", "complaint"),
    [
        ("d.jsonl", b'{"content": "a", "doc_type": "", "doc_idea": ""}\n{"content": "b', [], "line 2: not whole JSON"),
        ("d.jsonl", b'{"content": "a\0"}\n', [], "line 1: holds a null byte"),
        ("d.jsonl", b'{"content": "\xff"}\n', [], "not UTF-8"),
        ("d.csv", b"text\na\n", ["--column", "text"], "--column ROLE=COLUMN"),
        ("d.csv", b"text\na\n", ["--column", "txt=text"], "did you mean 'text'"),
        ("d.csv", b"text\na\n", ["--column", "text=body"], "no column 'body'"),
        ("d.csv", b"text,b\na,b\n", ["--column", "text=text", "--column", "text=b"], "two columns for text"),
        ("d.csv", b"text\na\n", ["--column", "text=text", "--kind", "synth_docs"], "--column is of tables"),
        ("d.csv", b"text\na\n", ["--fact", "objection_read"], "did you mean 'objections_read'"),
        ("d.pdf", b"%PDF", [], "nothing here reads this"),
        ("d.yaml", b"a: &b c\n", [], "d.yaml"),
    ],
)
def test_what_cannot_be_read_says_why_and_nothing_is_taken_in(
    tmp_path: Path, capsys, name, data, words, complaint: str
):
    (tmp_path / name).write_bytes(data)
    assert run(tmp_path, tmp_path / name, *words) == 1
    assert complaint in capsys.readouterr().err
    assert not imported(tmp_path)


def test_a_path_that_is_none_or_a_folder_for_a_file_or_locked_says_so(tmp_path: Path, capsys):
    locked = tmp_path / "locked.jsonl"
    locked.write_text('{"content": "a"}\n')
    locked.chmod(0)
    cases = [
        (tmp_path / "none.jsonl", [], "nothing of that name"),
        (tmp_path, ["--kind", "synth_docs"], "reads one file"),
        (locked, ["--kind", "folder"], "reads a folder"),
        ("x" * 5_000, [], "cannot be a path"),
    ]
    if os.geteuid():
        cases.append((locked, [], "cannot be read"))
    for source, words, complaint in cases:
        assert run(tmp_path, source, *words) == 1
        assert complaint in capsys.readouterr().err
    assert not imported(tmp_path)
