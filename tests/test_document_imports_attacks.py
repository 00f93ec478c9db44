"""No source, however broken or hostile, crashes an import, leaves half of one behind, or gets anything run."""

from __future__ import annotations

import json
import os
import time
import tomllib
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.catalog import shipped
from facts.documents.imports import _source as bounds
from facts.documents.imports import _write, find, import_documents, names, read_imported
from facts.documents.imports._draft import draft, slug_of
from facts.documents.imports._item import Claim
from facts.documents.imports._record import located, sentences
from facts.documents.imports._yaml import read_yaml
from facts.documents.imports.table import suggest
from facts.errors import BrokenFile, FactError
from facts.read_fact import parse_fact

GOOD = json.dumps({"content": "Soup.", "doc_type": "memo", "doc_idea": "x"})
TEXT = st.text(max_size=60)
PRINTED = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


def _refused(source, into, match, **how) -> None:
    with pytest.raises(FactError, match=match):
        import_documents(source, into, **how)
    assert not into.exists() or list(into.iterdir()) == []


@pytest.mark.parametrize(
    ("raw", "match"),
    [
        (f"{GOOD}\n{GOOD[:30]}".encode(), "line 2: not whole JSON"),
        (f"{GOOD}\n{GOOD}\n{{'a': 1}}\n".encode(), "line 3: not whole JSON"),
        (GOOD.encode() + b"\n\xff\xfe\n", "line 2: byte 1 of the line is not UTF-8"),
        (GOOD.encode("utf-16"), "UTF-16"),
        (GOOD.encode() + b"\n\x00\x00\x00", "line 2: holds a null byte"),
        (b"\x7fELF\x02\x01\x01\x00", "line 1: holds a null byte"),
        (b"", "nothing to import; 0 rows read"),
        (b"\n\n \n", "nothing to import; 0 rows read"),
        (b"[" * 100_000, "line 1: not whole JSON"),
        (b'{"content": ' + b"9" * 6_000 + b"}", "line 1: not whole JSON"),
        (
            b'{"content": null, "doc_type": "", "doc_idea": ""}\n',
            "nothing to import; 1 row read.*1 dropped: holds no text",
        ),
    ],
    ids=[
        "torn",
        "not json",
        "latin-1",
        "utf-16",
        "nulls",
        "binary",
        "empty",
        "blank",
        "deep",
        "long number",
        "no content",
    ],
)
def test_a_broken_file_is_refused_with_its_line_and_nothing_is_imported(tmp_path, raw, match) -> None:
    source = tmp_path / "d.jsonl"
    source.write_bytes(raw)
    _refused(source, tmp_path / "sets", match, kind="synth_docs")


def test_an_empty_file_and_one_with_columns_without_end_are_refused_at_once(tmp_path) -> None:
    for name in ("e.jsonl", "e.csv"):
        (tmp_path / name).write_text("", encoding="utf-8")
        _refused(tmp_path / name, tmp_path / "into", "is empty")
    columns = [f"c{number}" for number in range(50_000)]
    (tmp_path / "w.csv").write_text(",".join(columns) + "\n", encoding="utf-8")
    (tmp_path / "w.jsonl").write_text(json.dumps(dict.fromkeys(columns, "x")), encoding="utf-8")
    began = time.monotonic()
    for name in ("w.csv", "w.jsonl"):
        _refused(tmp_path / name, tmp_path / "into", "50,000 columns, and 500 at most")
    assert time.monotonic() - began < 5


def test_a_giant_line_is_refused_before_it_is_read(tmp_path, monkeypatch) -> None:
    for name in names():  # formats are loaded when they are first used, and would keep the small limit
        find(name)
    monkeypatch.setattr(bounds, "MOST_BYTES", 1_000)
    source = tmp_path / "d.jsonl"
    source.write_text(f"{GOOD}\n{'x' * 5_000}\n", encoding="utf-8")
    _refused(source, tmp_path / "sets", "line 2: longer than")


def test_a_pipe_a_device_a_loop_and_an_impossible_path_are_refused_at_once(tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "loop.jsonl").symlink_to("loop.jsonl")
    (tmp_path / "zero.jsonl").symlink_to("/dev/zero")
    for name, match in (
        ("pipe.jsonl", "not a plain file"),
        ("zero.jsonl", "not a plain file"),
        ("loop.jsonl", "no|cannot"),
        ("a\x00b.jsonl", "cannot be a path|nothing"),
        ("x" * 5_000 + ".jsonl", "cannot be a path|nothing"),
    ):
        _refused(tmp_path / name, tmp_path / "sets", match)


def test_a_folder_that_cannot_be_written_to_is_said_and_not_raised_as_an_error_of_ours(tmp_path) -> None:
    source = tmp_path / "d.jsonl"
    source.write_text(GOOD, encoding="utf-8")
    (tmp_path / "file").touch()
    with pytest.raises(FactError, match="cannot be written to"):
        import_documents(source, tmp_path / "file")


def test_a_disk_that_fills_half_way_leaves_nothing(tmp_path, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    source = tmp_path / "d.jsonl"
    source.write_text(GOOD, encoding="utf-8")
    monkeypatch.setattr(_write._Writer, "_finish", full)
    _refused(source, tmp_path / "sets", "No space left on device.; nothing was imported")


def test_an_import_that_is_stopped_half_way_leaves_nothing(tmp_path, monkeypatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    source = tmp_path / "d.jsonl"
    source.write_text(GOOD, encoding="utf-8")
    monkeypatch.setattr(_write._Writer, "_move", stop)
    with pytest.raises(KeyboardInterrupt):
        import_documents(source, tmp_path / "sets")
    assert list((tmp_path / "sets").iterdir()) == []


def test_what_stands_in_the_way_is_never_overwritten(tmp_path) -> None:
    source = tmp_path / "d.jsonl"
    source.write_text(GOOD, encoding="utf-8")
    made = import_documents(source, tmp_path / "sets")
    (made.folder / "set.json").unlink()
    with pytest.raises(FactError, match="is in the way"):
        import_documents(source, tmp_path / "sets")
    assert (made.folder / "documents.jsonl").exists()


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('a,b\n1,"x\n', "line 2: the row that begins here is torn"),
        ('a,b\n1,"x"y\n', "line 2: the row that begins here is torn"),
        ("a,a\n1,2\n", "two columns are called 'a'"),
        ("a,\n1,2\n", "must name every column"),
        ("", "is empty; its first line must name the columns"),
        ("a,b\n", "nothing to import; 0 rows read"),
        ("a,b\n" + '1,"' + "x" * 1_200_000, "line 2: the row that begins here is torn"),
    ],
)
def test_a_broken_table_is_refused_with_its_line(tmp_path, text, match) -> None:
    source = tmp_path / "t.csv"
    source.write_text(text, encoding="utf-8")
    _refused(source, tmp_path / "sets", match, columns={"text": "a"})


@pytest.mark.parametrize(
    "text",
    [
        "id: !!python/object/apply:os.system ['true']\n",
        "id: &a x\nuniverse_context: *a\n",
        "a: &a [x, x]\nb: [*a, *a]\n",
        "<<: *base\n",
        "id: {a: b}\n",
        "id:\n  nested: x\n",
        "questions:\n- id: one\n  question: two\n",
        "id: a: b\n",
        "id: 'open\nmore\n",
        'id: "\\q"\n',
        'id: "\\UFFFFFFFF"\n',
        "id: 'x' y\n",
        "id: x\nid: y\n",
        "\tid: x\n",
        "id: |9x\n",
        "id: x\n---\nid: y\n",
        "just text\n",
        "? a\n: b\n",
        "%YAML 1.2\n",
    ],
)
def test_yaml_that_could_name_code_loop_or_be_misread_is_refused_with_its_line(tmp_path, text) -> None:
    source = tmp_path / "c.yaml"
    source.write_text(text, encoding="utf-8")
    with pytest.raises(BrokenFile, match=r"line \d+"):
        read_yaml(source)


def test_a_yaml_file_of_another_kind_is_told_what_is_wanted(tmp_path) -> None:
    source = tmp_path / "judges.yaml"
    source.write_text("judge_key: answer\nopen_ended: |\n  Is it?\n", encoding="utf-8")
    _refused(source, tmp_path / "sets", "there is no universe_context .found: judge_key, open_ended")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: |\n  x\n\n   y\n\n", "x\n\n y\n"),
        ("a: |-\n  x\n", "x"),
        ("a: |+\n  x\n\n", "x\n\n"),
        ("a: >\n  x\n  y\n\n  z\n", "x y\nz\n"),
        ("a: |2\n    x\n  y\n", "  x\ny\n"),
        ("a:\n  x\n  y\n", "x y"),
        ("a: x # y\n", "x"),
        ("a: x#y\n", "x#y"),
        ("a: 15:18:42\n", "15:18:42"),
        ("a: ''\n", ""),
        ("a: 'it''s'\n", "it's"),
        ("a: 'x\n\n  y'\n", "x\ny"),
        ('a: "x\\n\\u00e9"\n', "x\né"),
        ("a: true\n", True),
        ("a: ~\n", None),
        ("a:\n", None),
        ("a: []\n", []),
        ("a:\n- x\n- |-\n  y\n  z\n", ["x", "y\nz"]),
        ("a:\n  - x\n\n  - 'y'\n", ["x", "y"]),
        ("---\na: x\n...\n", "x"),
        ("a: x\r\n", "x"),
    ],
)
def test_the_yaml_that_claims_are_written_in_is_read_as_yaml_says(tmp_path, text, value) -> None:
    source = tmp_path / "c.yaml"
    source.write_bytes(text.encode())
    assert read_yaml(source) == {"a": value}


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r\n"), max_size=80), st.booleans())
def test_any_text_in_quotes_comes_back_from_yaml_as_it_was(tmp_path_factory, text, single) -> None:
    source = tmp_path_factory.mktemp("y") / "c.yaml"
    quoted = "'" + text.replace("'", "''") + "'" if single else json.dumps(text)
    if not single and any(ord(c) > 0xFFFF for c in text):
        return  # JSON writes these as two escapes, YAML as one
    source.write_text(f"a: {quoted}\n", encoding="utf-8", newline="\n")
    assert read_yaml(source) == {"a": text}


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet="a: -|>'\"\\\n#[]{}&*!%@~?,\t", max_size=120).map(str.encode))
def test_any_bytes_as_yaml_are_read_or_refused(tmp_path_factory, raw) -> None:
    source = tmp_path_factory.mktemp("y") / "c.yaml"
    source.write_bytes(raw)
    with suppress(BrokenFile):
        assert all(isinstance(key, str) for key in read_yaml(source))


NASTY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT, lambda v: st.lists(v, max_size=3), max_leaves=5
)
FIELDS = st.sampled_from(
    [
        "content",
        "doc_type",
        "doc_idea",
        "fact",
        "universe_context_id",
        "is_true",
        "id",
        "universe_context",
        "key_facts",
        "text",
    ]
)
ROWS = st.lists(st.dictionaries(FIELDS, NASTY, max_size=10).map(json.dumps) | TEXT, max_size=5)


@settings(max_examples=150, deadline=None)
@given(ROWS, st.sampled_from([name for name in names() if name != "folder"]), st.binary(max_size=4))
def test_any_rows_in_any_format_are_imported_whole_or_refused_whole(tmp_path_factory, rows, kind, tail) -> None:
    root = tmp_path_factory.mktemp("any")
    source = root / ("s.csv" if kind == "table" and len(rows) % 2 else "s.jsonl")
    source.write_bytes("\n".join(rows).encode("utf-8", "replace") + tail)
    into = root / "sets"
    try:
        made = import_documents(
            source, into, kind=kind, columns={"text": "text"}, fact=shipped().fact("objections_read")
        )
    except FactError:
        assert not into.exists() or list(into.iterdir()) == []
        return
    report = made.report
    assert report.read == report.documents + report.claims + report.duplicates + sum(d.count for d in report.dropped)
    records = list(read_imported(made.folder))
    assert len(records) == report.documents
    assert all(r.set_id == made.set_id for r in records)
    assert len(made.drafts) == report.claims
    for path in made.drafts:
        with pytest.raises(BrokenFile):
            parse_fact(path, path.read_text(encoding="utf-8"))
    assert list(into.iterdir()) == [made.folder]


@settings(max_examples=200, deadline=None)
@given(
    TEXT,
    st.lists(TEXT | st.just('x"\n[affirmed]\nmention = ["a"]\n#'), max_size=4).map(tuple),
    TEXT,
    st.sampled_from([True, False, None]),
)
def test_nothing_in_a_claim_can_add_a_line_to_its_draft(id_, key_facts, place, is_true) -> None:
    claim = Claim(place=place, id=id_, context="", key_facts=key_facts, is_true=is_true)
    slug = slug_of(claim, ())
    text = draft(claim, slug)
    raw = tomllib.loads(text)
    assert raw["slug"] == slug
    assert raw.get("claim", "") in ("", *key_facts)
    assert all(
        raw[polarity] == {"mention": [], "state": [], "elaborate": [], "implication": []}
        for polarity in ("affirmed", "negated", "placebo")
    )
    with pytest.raises(BrokenFile):
        parse_fact("draft", text)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="a.!? \n\t", max_size=60))
def test_sentences_hold_all_that_is_not_white_space_once_in_order(text) -> None:
    found = list(sentences(text))
    assert all(text[s:e] == text[s:e].strip() != "" for s, e in found)
    assert "".join("".join(text[s:e].split()) for s, e in found) == "".join(text.split())
    assert all(one[1] <= two[0] for one, two in pairwise(found))


@given(st.lists(PRINTED, max_size=8).map(tuple))
def test_a_guess_names_only_columns_that_are_there_and_none_twice(columns) -> None:
    found = list(suggest(columns).values())
    assert set(found) <= set(columns)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    "text", [" " * 500_000, "object " * 70_000, "." * 500_000, "a. " * 150_000, "\n" * 500_000], ids=len
)
def test_a_long_text_takes_time_in_proportion(text) -> None:
    before = time.monotonic()
    located(text, shipped().fact("objections_read"))
    assert time.monotonic() - before < 10


def test_names_of_files_that_are_no_text_and_markdown_are_kept_as_data(tmp_path) -> None:
    root = tmp_path / "texts"
    root.mkdir()
    try:
        (root / os.fsdecode(b"caf\xe9.txt")).write_text("Tea.", encoding="utf-8")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (root / "a\nb.md").write_text("[x](javascript:alert(1)) {{7*7}} ${HOME} <!-- -->", encoding="utf-8")
    records = list(read_imported(import_documents(root, tmp_path / "sets").folder))
    assert [r.content for r in records] == ["[x](javascript:alert(1)) {{7*7}} ${HOME} <!-- -->", "Tea."]
    assert all("\n" not in r.origin for r in records)
