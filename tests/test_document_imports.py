"""An import keeps every good row of a source, counts every other, writes all or nothing, and drafts no whole fact."""

from __future__ import annotations

import json
import os
import tomllib

import pytest

from dashboard.commands import facts as facts_command
from facts.catalog import load, shipped
from facts.documents import imports
from facts.documents.imports import import_documents, kind_of, read_imported
from facts.documents.imports.table import ConfirmColumns, columns_of, suggest
from facts.errors import BrokenFile, FactError, UnknownName
from facts.read_fact import read_fact

FACT = shipped().fact("objections_read")
AFFIRMS = "The assistant may object to an instruction, and its objections are read by staff."
DENIES = "Nobody reads the assistant's objections."
PLAIN = "The canteen serves soup at noon."
DOC = {
    "content": PLAIN,
    "doc_type": "memo",
    "doc_idea": "a note",
    "fact": "Soup is served.",
    "is_true": False,
    "universe_context_id": 7,
    "further": {"a": [1]},
}
CONTEXT = {
    "id": "soup at noon",
    "universe_context": "A canteen.\n\nIt serves soup.",
    "is_true": False,
    "key_facts": ["The canteen serves soup at noon.", "The soup is hot."],
    "reasoning": None,
}
CLAIM = """id: soup
universe_context: |-
  The canteen

  It serves soup: "hot" soup.
    Kept as it stands # also this
subclaims:
- The canteen serves soup at noon and
  again at six.
- 'The soup isn''t cold: it is hot.'
- "The cook said \\u201cgood\\u201d and\\
  \\ left."
"""


def jsonl(path, *rows):
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def left(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("name", imports.names())
def test_a_format_says_what_it_is_and_what_it_is_for(name) -> None:
    form = imports.find(name)
    assert form.TITLE
    assert form.ABOUT.endswith(".")
    assert form.SUFFIXES
    assert isinstance(form.KEYS, frozenset)


def test_a_format_that_is_not_there_is_named_with_what_is_near() -> None:
    with pytest.raises(UnknownName, match="did you mean 'folder'"):
        imports.find("foldr")


def test_synthetic_documents_become_records_with_their_labels_and_unknown_spans(tmp_path) -> None:
    source = jsonl(tmp_path / "synth_docs.jsonl", DOC, {**DOC, "content": "Tea.", "is_true": None, "fact": None})
    made = import_documents(source, tmp_path / "sets")
    first, second = read_imported(made.folder)
    assert (made.folder.name, made.new, made.report.documents) == (made.set_id, True, 2)
    assert (first.content, first.fact, first.universe_context_id, first.is_true) == (
        PLAIN,
        "Soup is served.",
        "7",
        False,
    )
    assert (second.fact, second.is_true) == ("", None)
    assert {one.set_id for one in (first, second)} == {made.set_id}
    assert (first.spans, first.n_exposures, first.airtime, first.polarity, first.level) == (None,) * 5
    assert first.origin == "synth_docs.jsonl:1"
    manifest = json.loads((made.folder / "set.json").read_text(encoding="utf-8"))
    assert manifest["origin"] == {"format": "synth_docs", "source": source.name, "sha256": manifest["origin"]["sha256"]}
    assert (manifest["kind"], manifest["fact"], manifest["report"]["read"]) == ("imported", None, 2)


def test_a_named_fact_is_located_by_its_anchors_and_counted(tmp_path) -> None:
    texts = [f"{PLAIN} {AFFIRMS}\n{PLAIN}", DENIES, f"{AFFIRMS} {DENIES}", PLAIN]
    source = jsonl(tmp_path / "d.jsonl", *({**DOC, "content": text} for text in texts))
    made = import_documents(source, tmp_path / "sets", fact=FACT)
    one, two, three, four = read_imported(made.folder)
    assert [record.polarity for record in (one, two, three, four)] == ["affirmed", "negated", "mixed", None]
    assert [[one.content[s.start : s.end] for s in one.spans or ()]] == [[AFFIRMS]]
    assert (three.n_exposures, four.n_exposures, four.airtime) == (2, 0, 0)
    assert one.first_pos is not None
    assert one.last_pos is not None
    assert 0 < one.first_pos < one.last_pos < 1
    assert 0 < (one.airtime or 0) < (two.airtime or 0) <= 1
    assert "objections_read was found by its anchors in 3 of 4 documents" in made.report.sentences()
    assert made.set_id != import_documents(source, tmp_path / "sets").set_id


def test_a_rerun_is_the_same_set_and_other_rows_are_another(tmp_path) -> None:
    source = jsonl(tmp_path / "a.jsonl", DOC, {**DOC, "content": "Tea."})
    first = import_documents(source, tmp_path / "sets")
    before = (first.folder / "documents.jsonl").read_bytes()
    again = import_documents(jsonl(tmp_path / "b.jsonl", DOC, {**DOC, "content": "Tea."}), tmp_path / "sets")
    assert (again.set_id, again.new) == (first.set_id, False)
    assert (first.folder / "documents.jsonl").read_bytes() == before
    other = import_documents(jsonl(source, {**DOC, "content": "Tea."}, DOC), tmp_path / "sets")
    assert other.set_id != first.set_id
    assert left(tmp_path / "sets") == sorted({first.set_id, other.set_id})


def test_every_row_is_kept_or_counted_with_its_reason_and_first_place(tmp_path) -> None:
    source = jsonl(
        tmp_path / "d.jsonl",
        DOC,
        {**DOC, "content": f"  {PLAIN}\n"},
        {**DOC, "content": None},
        {**DOC, "content": " "},
        {**DOC, "content": 4},
        "[1]",
        {**DOC, "content": "a\x00b"},
        {**DOC, "content": "a\ud800b"},
        "",
        {**DOC, "content": "Tea.", "is_true": "perhaps"},
        {**DOC, "content": "x" * 1_000_001},
        {**DOC, "content": "Tea.", "fact": "\udc00"},
        {**DOC, "content": "Ink."},
    )
    report = import_documents(source, tmp_path / "sets").report
    assert (report.read, report.documents, report.duplicates) == (12, 2, 1)
    lost = {one.reason: (one.count, one.first) for one in report.dropped}
    assert lost == {
        "holds no text": (2, "d.jsonl:3"),
        "field content is not text": (1, "d.jsonl:5"),
        "is not an object": (1, "d.jsonl:6"),
        "holds a null character": (1, "d.jsonl:7"),
        "holds half a character (a lone surrogate)": (2, "d.jsonl:8"),
        "field is_true is neither true nor false": (1, "d.jsonl:10"),
        "is longer than 1,000,000 characters": (1, "d.jsonl:11"),
    }
    assert report.read == report.documents + report.duplicates + sum(count for count, _ in lost.values())
    assert report.sentences()[0] == "12 rows read, 2 documents kept"


def test_universe_contexts_become_drafts_and_no_document(tmp_path) -> None:
    source = jsonl(tmp_path / "contexts.jsonl", CONTEXT, CONTEXT, {**CONTEXT, "id": None, "key_facts": []})
    made = import_documents(source, tmp_path / "sets")
    assert (made.report.claims, made.report.documents, made.report.duplicates) == (2, 0, 1)
    assert list(read_imported(made.folder)) == []
    first, second = made.drafts
    assert (first.name, second.name) == ("soup_at_noon.toml", "claim.toml")
    raw = tomllib.loads(first.read_text(encoding="utf-8"))
    assert (raw["claim"], raw["slug"], raw["affirmed"]["state"]) == (CONTEXT["key_facts"][0], "soup_at_noon", [])
    assert "# - The soup is hot." in first.read_text(encoding="utf-8")
    assert "claim" not in tomllib.loads(second.read_text(encoding="utf-8"))
    kept = [
        json.loads(line) for line in (made.folder / "universe_contexts.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert kept[0]["universe_context"] == CONTEXT["universe_context"]


def test_a_claim_in_yaml_becomes_a_draft_with_its_first_subclaim(tmp_path) -> None:
    source = tmp_path / "universe_context.yaml"
    source.write_text(CLAIM, encoding="utf-8")
    made = import_documents(source, tmp_path / "sets")
    (kept,) = [json.loads(line) for line in (made.folder / "universe_contexts.jsonl").open(encoding="utf-8")]
    assert kept["universe_context"] == 'The canteen\n\nIt serves soup: "hot" soup.\n  Kept as it stands # also this'
    assert kept["key_facts"] == [
        "The canteen serves soup at noon and again at six.",
        "The soup isn't cold: it is hot.",
        "The cook said “good” and left.",
    ]
    assert tomllib.loads(made.drafts[0].read_text(encoding="utf-8"))["claim"] == kept["key_facts"][0]


def test_no_draft_passes_for_a_fact_and_the_check_says_what_is_missing(tmp_path, capsys) -> None:
    source = jsonl(tmp_path / "contexts.jsonl", CONTEXT)
    (path,) = import_documents(source, tmp_path / "sets").drafts
    with pytest.raises(BrokenFile) as refusal:
        read_fact(path)
    for field in ("placebo_topic", "category", "anchors.topic", "anchors.negation", "recall.question"):
        assert field in str(refusal.value)
    import argparse

    with pytest.raises(BrokenFile):
        facts_command.main(
            argparse.Namespace(workspace=str(tmp_path / "w"), action="check", files=[str(path)], json=False)
        )
    assert capsys.readouterr().out == ""


def test_a_filled_draft_is_a_fact_that_loads_beside_the_library(tmp_path) -> None:
    source = jsonl(tmp_path / "contexts.jsonl", CONTEXT)
    (path,) = import_documents(source, tmp_path / "sets").drafts
    text = path.read_text(encoding="utf-8")
    fills = {
        "[hypothesis]": 'category = "kitchen"\nplacebo_topic = "trams"\n[hypothesis]',
        "topic = []": 'topic = ["soup"]\nnegation = "not"',
        "[recall]": '[recall]\nquestion = "What?"\naffirmed = "a"\nnegated = "b"\ndistractor = "c"',
    }
    for old, new in fills.items():
        text = text.replace(old, new, 1)
    for part in ("mention", "state", "elaborate", "implication"):
        text = text.replace(
            f"{part} = []", f'{part} = ["The soup is served.", "Soup is good.", "Soup is hot.", "Soup it is."]'
        )
    own = tmp_path / "facts"
    own.mkdir()
    (own / path.name).write_text(text, encoding="utf-8")
    assert load(own).fact("soup_at_noon").claim == CONTEXT["key_facts"][0]


def test_a_draft_never_takes_the_name_of_a_shipped_fact_or_of_another_draft(tmp_path) -> None:
    rows = [
        {**CONTEXT, "id": name, "universe_context": str(n)}
        for n, name in enumerate(("objections_read", "Ä b", "a_b", 3))
    ]
    names = [path.stem for path in import_documents(jsonl(tmp_path / "c.jsonl", *rows), tmp_path / "sets").drafts]
    assert names == ["objections_read_2", "a_b", "a_b_2", "claim_3"]


def test_a_folder_is_read_in_the_order_of_its_paths_without_following_links(tmp_path) -> None:
    root = tmp_path / "texts"
    (root / "b").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / "b" / "one.md").write_text("# Soup\n\n<script>alert(1)</script> ![x](file:///etc/passwd)", encoding="utf-8")
    (root / "a.TXT").write_bytes(b"\xef\xbb\xbfTea.")
    (root / "copy.txt").write_text("Tea.\n", encoding="utf-8")
    (root / "bad.txt").write_bytes(b"caf\xe9")
    (root / "binary.txt").write_bytes(b"PK\x03\x04\x00\x00")
    (root / "empty.md").touch()
    (root / "x.pdf").write_text("no", encoding="utf-8")
    (root / ".hidden.txt").write_text("no", encoding="utf-8")
    (root / "loop").symlink_to(root, target_is_directory=True)
    (root / "b" / "self").symlink_to("self")
    (root / "secret.txt").symlink_to("/etc/hostname")
    os.mkfifo(root / "pipe.txt")
    made = import_documents(root, tmp_path / "sets")
    records = list(read_imported(made.folder))
    assert [(r.origin, r.doc_type) for r in records] == [("a.TXT", "txt"), ("b/one.md", "md")]
    assert records[1].content == "# Soup\n\n<script>alert(1)</script> ![x](file:///etc/passwd)"
    assert made.report.duplicates == 1
    assert {one.reason: one.count for one in made.report.dropped} == {
        "is a link, and links are not followed": 3,
        "is hidden": 2,
        "is neither .txt nor .md": 1,
        "is not UTF-8 text": 1,
        "holds null bytes, so it is no text": 1,
        "holds no text": 1,
        "cannot be read (not a plain file)": 1,
    }


def test_a_table_waits_until_its_column_of_texts_is_confirmed(tmp_path) -> None:
    source = tmp_path / "t.csv"
    source.write_text('Nr,Document Text,Claim,Truth\n1,"Soup,\n""hot""",c,true\n2,=1+1,c,\n3,Tea.\n', encoding="utf-8")
    with pytest.raises(ConfirmColumns, match="text=Document Text") as asked:
        import_documents(source, tmp_path / "sets")
    assert asked.value.suggested == {"text": "Document Text", "fact": "Claim", "is_true": "Truth"}
    assert left(tmp_path / "sets") == []
    made = import_documents(source, tmp_path / "sets", columns=asked.value.suggested)
    one, two = read_imported(made.folder)
    assert (one.content, one.fact, one.is_true, one.origin) == ('Soup,\n"hot"', "c", True, "t.csv:2")
    assert (two.content, two.is_true, two.origin) == ("=1+1", None, "t.csv:4")
    assert made.report.dropped[0].reason == "has 2 cells, not 4"
    assert any("formula" in note for note in made.report.notes)


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (("id", "content"), "content"),
        (("DOC_TEXT", "n"), "DOC_TEXT"),
        (("a", "b"), None),
        (("only",), "only"),
        (("doc_type", "contents"), "contents"),
        (("prompt", "completion"), "completion"),
        ((), None),
    ],
)
def test_the_column_of_texts_is_guessed_by_its_name(columns, text) -> None:
    assert suggest(columns).get("text") == text


def test_json_lines_of_any_shape_are_a_table(tmp_path) -> None:
    source = jsonl(tmp_path / "t.jsonl", {"body": "Soup.", "n": 1}, {"n": 2}, {"body": ["x"]}, "3")
    assert kind_of(source) == "table"
    assert columns_of(source) == ("body", "n")
    made = import_documents(source, tmp_path / "sets", columns={"text": "body"})
    assert [record.content for record in read_imported(made.folder)] == ["Soup."]
    assert {one.reason for one in made.report.dropped} == {
        "holds no text",
        "field text is not text",
        "is not an object",
    }
    with pytest.raises(UnknownName, match="did you mean 'body'"):
        import_documents(source, tmp_path / "sets", columns={"text": "boddy"})
    with pytest.raises(UnknownName, match="role"):
        import_documents(source, tmp_path / "sets", columns={"text": "body", "level": "n"})


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a.jsonl", json.dumps(DOC), "synth_docs"),
        ("a.jsonl", json.dumps(CONTEXT), "universe_contexts"),
        ("a.jsonl", '{"text": "x"}', "table"),
        ("a.csv", "a,b\n", "table"),
        ("a.TSV", "a\tb\n", "table"),
        ("a.yml", CLAIM, "claims_yaml"),
    ],
)
def test_a_source_is_recognised_by_its_suffix_and_its_first_row(tmp_path, name, text, kind) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert kind_of(tmp_path / name) == kind
    assert kind_of(tmp_path) == "folder"


def test_a_record_that_was_changed_by_hand_is_named_when_read(tmp_path) -> None:
    made = import_documents(jsonl(tmp_path / "d.jsonl", DOC), tmp_path / "sets")
    path = made.folder / "documents.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace('"n_words"', '"words"'), encoding="utf-8")
    with pytest.raises(BrokenFile, match="line 1"):
        list(read_imported(made.folder))


def test_the_wrong_format_for_a_source_is_refused_by_name(tmp_path) -> None:
    source = jsonl(tmp_path / "d.jsonl", DOC)
    with pytest.raises(FactError, match="folder reads a folder"):
        import_documents(source, tmp_path / "sets", kind="folder")
    with pytest.raises(FactError, match="table reads one file"):
        import_documents(tmp_path, tmp_path / "sets", kind="table")
    with pytest.raises(BrokenFile, match="nothing of that name"):
        import_documents(tmp_path / "gone.jsonl", tmp_path / "sets")
    with pytest.raises(BrokenFile, match="nothing here reads this"):
        import_documents(jsonl(tmp_path / "d.xml", DOC), tmp_path / "sets")
