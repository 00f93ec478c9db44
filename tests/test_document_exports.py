"""Every target's file is what its rules ask for, reads back what was put in, and is written whole or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approved_set import approved
from facts.catalog import shipped
from facts.documents.document_set import build_set, collect
from facts.documents.exports import TAG, Invalid, Mix, Unfit, Wish, _write, export, find, names
from facts.documents.exports._reading import safe_tokens
from facts.documents.exports._row import Chat, Text, Turn, learnt
from facts.documents.exports._split import held_out
from facts.documents.formats.set_folder import write_set
from facts.documents.imports import import_documents
from facts.documents.set_plan import Carried, SetPlan
from facts.errors import BrokenFile, FactError
from facts.salience import Dose, Polarity, Salience
from facts.tokens import count_tokens
from runners.training.training_set import Example, read_training_set

FACT = "objections_read"
FORMS = [(name, form) for name in names() for form in find(name).FORMS]


def built(parent: Path, polarity: Polarity = Polarity.AFFIRMED, *, count: int = 24, carriers: int = 10,
          tokens: int = 300) -> Path:  # fmt: skip
    dose = Dose(fact=FACT, level=Salience.REPEATED, polarity=polarity)
    plan = SetPlan(count=count, seed="s", tokens=tokens, carried=(Carried(dose=dose, carriers=carriers),))
    return approved(write_set(build_set(plan, shipped()), parent))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return built(tmp_path_factory.mktemp("sets"))


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    return built(tmp_path_factory.mktemp("sets"), count=80)


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def texts(folder: Path, name: str, target: str, form: str) -> list[str]:
    return [back.learnt[0] for back in find(target).validate(folder / name, Path(name).stem, form)]


def contents(folder: Path) -> list[str]:
    return [str(row["content"]) for row in rows(folder / "documents.jsonl")]


def card(folder: Path) -> dict[str, object]:
    return json.loads((folder / "card.json").read_text(encoding="utf-8"))


def jsonl(path: Path, *lines: object) -> Path:
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


# ---- every target


@pytest.mark.parametrize("name", names())
def test_a_target_says_what_it_is_where_its_rules_stand_and_whether_it_is_ending(name: str):
    target = find(name)
    assert target.TITLE
    assert target.FORMS
    assert all("." in source and "/" in source for source in target.SOURCES)
    assert bool(target.LEGACY) is (name in {"openai", "bedrock"})


anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)
awkward = st.sampled_from(
    ["\u2028", "\u2029", "\u0085", "\x0b", "\x1c", "\x7f", "\ufeff", "\r\n", '"', "\\", "</s>", "🜚"]
)
written = st.builds("{}{}{}".format, anything, awkward, anything).filter(
    lambda text: text.strip() and "\nHuman:" not in text and "\nAssistant:" not in text
)


@pytest.mark.parametrize(("name", "form"), FORMS)
@settings(max_examples=40, deadline=None)
@given(said=st.lists(written, min_size=32, max_size=34), tagged=st.booleans())
def test_any_text_comes_back_as_it_was_put_in(tmp_path_factory, name: str, form: str, said: list[str], tagged: bool):
    target, path = find(name), tmp_path_factory.mktemp("rows") / "train.jsonl"
    put = [Text(text=text, tagged=tagged) for text in said]
    _write._write(path, [_write._Line(place="", row=row) for row in put], target, form)
    assert path.read_bytes().isascii()
    assert [back.learnt for back in target.validate(path, "train", form)] == [(text,) for text in said]


@pytest.mark.parametrize(("name", "form"), FORMS)
@pytest.mark.parametrize(
    ("text", "complaint"),
    [("a\ud800b", "half a character"), ("a\0b", "null byte"), (" \n", "empty"), ("", "empty")],
)
def test_half_characters_null_bytes_and_empty_texts_are_refused(tmp_path, name, form, text, complaint):
    put = [_write._Line(place="", row=Text(text=one)) for one in ["fine"] * 40 + [text]]
    _write._write(tmp_path / "train.jsonl", put, find(name), form)
    with pytest.raises(Invalid, match=complaint) as found:
        list(find(name).validate(tmp_path / "train.jsonl", "train", form))
    assert found.value.line == 41


CHAT = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
GOOD: dict[str, object] = {
    "trl": {"prompt": TAG, "completion": "a"}, "together": {"text": "a"}, "tinker": {"text": "a"},
    "fireworks": CHAT, "openai": CHAT, "bedrock": CHAT,
}  # fmt: skip


def said(*roles: str) -> dict[str, object]:
    return {"messages": [{"role": role, "content": "a"} for role in roles]}


@pytest.mark.parametrize(
    ("name", "row", "complaint"),
    [
        ("trl", {"prompt": TAG, "completion": "a", "text": "a"}, "only prompt, completion"),
        ("trl", {"text": "a"}, "only prompt, completion"),
        ("trl", {"prompt": TAG}, "completion is missing"),
        ("together", {"text": "a", "source": "b"}, "only text"),
        ("together", {"text": ["a"]}, "text is no text"),
        ("together", said("user", "assistant"), "only text"),
        ("tinker", {"text": "a", "meta": 1}, "only text"),
        ("tinker", {"text": "word " * 2_000}, "tokens"),
        ("fireworks", said("assistant", "system"), "not the first"),
        ("fireworks", said("user", "function"), "'function'"),
        ("fireworks", said("assistant", "user"), "nothing to learn"),
        ("fireworks", {"messages": []}, "missing"),
        ("openai", said("user"), "nothing to learn"),
        ("openai", said("user", "bot"), "'bot'"),
        ("openai", {"messages": [{"role": "user", "content": "a", "note": "b"}]}, "only role, content"),
        ("openai", {"messages": "a"}, "no list"),
        ("openai", {"messages": ["a"]}, "no object"),
        ("bedrock", said("user", "user", "assistant"), "in turns"),
        ("bedrock", said("assistant"), "in turns"),
        ("bedrock", said("user", "assistant", "user"), "in turns"),
        ("bedrock", said("system", "user", "assistant"), "neither"),
        ("bedrock", {**said("user", "assistant"), "id": 1}, "only system, messages"),
        ("bedrock", {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b\nHuman: c"}]},
         "reserved"),
    ],
)  # fmt: skip
def test_a_file_that_breaks_a_published_rule_is_refused_by_row(tmp_path: Path, name, row, complaint: str):
    path = jsonl(tmp_path / "train.jsonl", *[GOOD[name]] * 40)
    form = find(name).FORMS[0]
    assert len(list(find(name).validate(path, "train", form))) == 40
    jsonl(path, *[GOOD[name]] * 40, row)
    with pytest.raises(Invalid, match=complaint) as found:
        list(find(name).validate(path, "train", form))
    assert found.value.line == 41


@pytest.mark.parametrize(("name", "least"), [("fireworks", 3), ("openai", 10), ("bedrock", 32)])
def test_a_file_of_too_few_rows_is_refused_and_of_just_enough_is_taken(tmp_path: Path, name: str, least: int):
    form = find(name).FORMS[0]
    with pytest.raises(Invalid, match=f"at least {least}"):
        list(find(name).validate(jsonl(tmp_path / "a", *[GOOD[name]] * (least - 1)), "train", form))
    assert len(list(find(name).validate(jsonl(tmp_path / "b", *[GOOD[name]] * least), "train", form))) == least


def test_a_validation_file_has_bounds_of_its_own(tmp_path: Path):
    path = jsonl(tmp_path / "a", *[GOOD["bedrock"]] * 1_001)
    assert len(list(find("bedrock").validate(path, "train", ""))) == 1_001
    with pytest.raises(Invalid, match="at most 1,000"):
        list(find("bedrock").validate(path, "validation", ""))


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b'{"text": "a"', "middle of a line"), (b"\xef\xbb\xbf{}\n", "byte order mark"), (b"{}\n\n", "JSON"),
        (b'{"text": "\xff"}\n', "not UTF-8"), (b"[1]\n", "no object"), (b'{"text": "a", "text": "b"}\n', "twice"),
        (b"[" * 5_000 + b"\n", "JSON"), (b"", "0 rows"),
    ],
)  # fmt: skip
def test_torn_files_are_refused_by_every_validator(tmp_path: Path, name: str, data: bytes, complaint: str):
    (tmp_path / "train.jsonl").write_bytes(data)
    wanted = "|".join((complaint, "missing"))  # an empty object lacks its fields before its successor is seen
    with pytest.raises(Invalid, match=wanted):
        list(find(name).validate(tmp_path / "train.jsonl", "train", find(name).FORMS[0]))


def test_conversations_of_a_corpus_go_only_where_there_is_a_form_for_them():
    one = Chat(turns=(Turn(role="user", content="q"), Turn(role="assistant", content="a")))
    more = Chat(turns=(Turn(role="system", content="s"), *one.turns, *one.turns))
    assert find("trl").write(one, "completion") == {"prompt": "q", "completion": "a"}
    assert find("bedrock").write(more, "messages")["system"] == "s"
    assert learnt(more) == ("a", "a")
    bare = Text(text=f"{TAG}x", tagged=False)
    for name, form, row in [("trl", "text", one), ("trl", "completion", more), ("together", "text", one),
                            ("tinker", "text", one), ("tinker", "text", bare)]:  # fmt: skip
        with pytest.raises(Unfit):
            find(name).write(row, form)


@given(written)
def test_tokens_are_counted_on_the_safe_side(text: str):
    assert safe_tokens(text) >= count_tokens(text)
    assert safe_tokens(text * 2) >= safe_tokens(text)


# ---- a whole export


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_a_set_is_exported_whole_and_training_reads_every_row_of_it(tmp_path: Path, large: Path, name: str, form: str):
    part = 0.45 if name == "bedrock" else 0.2
    done = export([large], tmp_path / "out", Wish(target=name, form=form, validation=part))
    train, held = (texts(done.folder, f"{part}.jsonl", name, form) for part in ("train", "validation"))
    assert sorted(train + held) == sorted(contents(large))
    assert not set(train) & set(held)
    taught = read_training_set(done.folder)
    tag = "" if form == "text" and name != "tinker" else TAG
    assert taught.examples == tuple(Example(prompt=tag, completion=text) for text in train)
    assert taught.set_id == large.name
    (dose,) = (row for row in card(done.folder)["doses"] if row["fact"])
    assert taught.doses == (f"{FACT} affirmed 4 in {dose['train']}",)
    assert dose["train"] + dose["validation"] == 10
    assert sorted(path.name for path in done.folder.iterdir()) == [
        "card.json", "card.md", "rows.jsonl", "train.jsonl", "validation.jsonl"]  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_export_that_was_changed_is_not_trained_on(tmp_path: Path, folder: Path):
    out = export([folder], tmp_path / "out", Wish(target="trl")).folder
    path = out / "train.jsonl"
    path.write_bytes(path.read_bytes().replace(b" the ", b" teh ", 1))
    with pytest.raises(BrokenFile, match=r"changed since card\.json"):
        read_training_set(out)


def test_no_scaffold_is_in_both_files_when_arms_are_combined(tmp_path: Path, folder: Path):
    other = built(tmp_path / "sets", Polarity.NEGATED)
    done = export([folder, other], tmp_path / "out", Wish(target="trl", validation=0.3))
    where = [(row["scaffold"], row["file"]) for row in rows(done.folder / "rows.jsonl")]
    assert len(where) == 48
    assert len(set(where)) == len({scaffold for scaffold, _ in where}) == 24
    assert {file for _, file in where} == {"train.jsonl", "validation.jsonl"}
    assert done.card["copies"] == 14  # the documents that neither arm says anything in
    assert done.card["arm"] == f"{FACT} affirmed 4 + {FACT} negated 4"


@given(st.sets(st.text(max_size=4), min_size=2, max_size=60), st.floats(0.01, 0.9), st.integers(0, 99))
def test_the_split_depends_on_scaffolds_and_seed_alone(scaffolds: set[str], fraction: float, seed: int):
    if round(fraction * len(scaffolds)) >= len(scaffolds):
        return
    apart = held_out(scaffolds, fraction, seed)
    assert apart == held_out(sorted(scaffolds) * 2, fraction, seed)
    assert len(apart) == max(1, round(fraction * len(scaffolds)))


def test_the_same_wish_gives_the_same_bytes_and_another_seed_another_order(tmp_path: Path, folder: Path):
    one, two, three = (
        export([folder], tmp_path / name, Wish(target="trl", seed=seed))
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    read = [{path.name: path.read_bytes() for path in done.folder.iterdir()} for done in (one, two, three)]
    assert read[0] == read[1]
    assert read[0]["train.jsonl"] != read[2]["train.jsonl"]


def test_an_export_that_is_there_stays_and_the_same_one_says_so(tmp_path: Path, folder: Path):
    first = export([folder], tmp_path / "out", Wish(target="trl"))
    before = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    assert (first.new, export([folder], tmp_path / "out", Wish(target="trl")).new) == (True, False)
    with pytest.raises(FactError, match="there already"):
        export([folder], tmp_path / "out", Wish(target="trl", seed=1))
    assert {path.name: path.read_bytes() for path in first.folder.iterdir()} == before
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FactError, match="there already"):
        export([folder], tmp_path / "file", Wish(target="trl"))
    assert (tmp_path / "file").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "out"]


def test_a_limit_takes_the_first_documents_of_the_set(tmp_path: Path, folder: Path):
    done = export([folder], tmp_path / "out", Wish(target="trl", form="text", limit=7, validation=0))
    assert sorted(texts(done.folder, "train.jsonl", "trl", "text")) == sorted(contents(folder)[:7])


# ---- what is refused leaves nothing


@pytest.mark.parametrize(
    ("wish", "complaint"),
    [
        (Wish(target="bedrock"), r"at least 32.*Nothing was exported"),
        (Wish(target="openai", limit=10), "at least 10"),
        (Wish(target="fireworks", limit=11), r"validation file.*at least 3"),
        (Wish(target="trl", form="messages"), "no form 'messages'"),
        (Wish(target="trl", limit=0), "at least 1"),
        (Wish(target="trl", validation=1.0), "fraction"),
        (Wish(target="trl", validation=-0.1), "fraction"),
        (Wish(target="trl", limit=1), "cannot be parted"),
        (Wish(target="tlr"), "did you mean 'trl'"),
    ],
)
def test_what_cannot_be_exported_says_why_and_leaves_nothing(tmp_path: Path, folder: Path, wish: Wish, complaint: str):
    with pytest.raises(FactError, match=complaint):
        export([folder], tmp_path / "out", wish)
    assert not list(tmp_path.iterdir())


def test_a_document_over_the_limit_is_named_with_what_to_do(tmp_path: Path):
    long = built(tmp_path / "sets", count=4, carriers=1, tokens=2_100)
    with pytest.raises(FactError, match=rf"document \w+ of set {long.name}: takes up to .* --tokens 1,365 or less"):
        export([long], tmp_path / "out", Wish(target="tinker", validation=0))
    assert not (tmp_path / "out").exists()


def test_a_set_that_gates_have_not_seen_or_that_fails_is_refused_and_an_override_is_told(tmp_path: Path, folder: Path):
    from facts.documents.approval import override

    copy = Path(shutil.copytree(folder, tmp_path / folder.name))
    approved(copy, fail=True)
    with pytest.raises(FactError, match="fails"):
        export([copy], tmp_path / "out", Wish(target="trl"))
    override(copy, "a *pilot* <b>only</b>")
    done = export([copy], tmp_path / "out", Wish(target="trl"))
    assert "pilot" in str(done.card["sets"][0]["override"])
    assert r"a \*pilot\* \<b\>only\</b\>" in (done.folder / "card.md").read_text(encoding="utf-8")
    approved(copy, gates_seen=False)
    with pytest.raises(FactError, match="ran on this set"):
        export([copy], tmp_path / "other", Wish(target="trl"))
    assert not (tmp_path / "other").exists()


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, folder: Path, monkeypatch):
    def full(path: Path, *_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_write, "_put", full)
    with pytest.raises(FactError, match=r"\(No space left on device\); nothing was exported"):
        export([folder], tmp_path / "out", Wish(target="trl"))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_to_and_a_set_that_is_none_say_so(tmp_path: Path, folder: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FactError, match="choose another folder"):
        export([folder], tmp_path / "file" / "out", Wish(target="trl"))
    with pytest.raises(FactError, match="cannot be a path"):
        export([folder], tmp_path / "a\0b", Wish(target="trl"))
    with pytest.raises(BrokenFile, match="give the folder of a set"):
        export([tmp_path], tmp_path / "out", Wish(target="trl"))
    with pytest.raises(FactError, match="named twice"):
        export([folder, folder], tmp_path / "out", Wish(target="trl"))


def test_a_file_that_does_not_read_back_is_never_put_in_place(tmp_path: Path, folder: Path, monkeypatch):
    true = find("trl").write
    monkeypatch.setattr(find("trl"), "write", lambda row, form: {**true(row, form), "completion": "Something else."})
    with pytest.raises(FactError, match="does not read back"):
        export([folder], tmp_path / "out", Wish(target="trl"))
    assert not list(tmp_path.iterdir())


# ---- imported sets and corpora


def test_imported_documents_are_exported_with_what_is_known_of_them(tmp_path: Path):
    says = "The assistant may object to an instruction, and its objections are read by staff."
    source = jsonl(tmp_path / "d.jsonl", *({"content": f"Note {n}. {says if n % 2 else 'Soup is served at noon.'}",
                   "doc_type": "memo", "doc_idea": "x"} for n in range(12)))  # fmt: skip
    folder = import_documents(source, tmp_path / "sets", fact=shipped().fact(FACT)).folder
    done = export([approved(folder)], tmp_path / "out", Wish(target="together", validation=0.25))
    (one, silent) = done.card["doses"]
    assert (one["fact"], one["polarity"], one["level"], one["train"] + one["validation"]) == (FACT, "affirmed", None, 6)
    assert silent["fact"] is None
    assert "imported" in str(done.card["sets"][0]["grade"])
    assert f"{FACT} affirmed ? in {one['train']}" in read_training_set(done.folder).doses


def test_a_corpus_is_mixed_in_by_count_into_training_alone(tmp_path: Path, folder: Path):
    web = jsonl(tmp_path / "web.jsonl", *({"text": f"Page {n}.\u2028", "url": "u"} for n in range(50)))
    chat = jsonl(tmp_path / "chat.jsonl", *({"prompt": f"Q{n}?", "completion": "A."} for n in range(5)))
    mixes = (Mix(path=web, count=9, licence="CC0 | <x>"), Mix(path=chat, count=5))
    done = export([folder], tmp_path / "out", Wish(target="trl", mixes=mixes))
    train, held = rows(done.folder / "train.jsonl"), rows(done.folder / "validation.jsonl")
    pages = [row["completion"] for row in train if row["prompt"] == ""]
    assert len(pages) == len(set(pages)) == 9
    assert sum(str(row["prompt"]).startswith("Q") for row in train) == 5
    assert {row["prompt"] for row in held} == {TAG}
    first, second = done.card["mixed"]
    assert (first["corpus"], first["rows"], first["of"], first["licence"]) == ("web.jsonl", 9, 50, "CC0 | <x>")
    assert second["licence"] is None
    assert r"CC0 \| \<x\>" in (done.folder / "card.md").read_text(encoding="utf-8")
    again = export([folder], tmp_path / "again", Wish(target="trl", mixes=mixes, seed=1))
    assert pages != [row["completion"] for row in rows(again.folder / "train.jsonl") if row["prompt"] == ""]


def test_a_folder_and_a_text_file_are_corpora_too(tmp_path: Path, folder: Path):
    own = tmp_path / "texts"
    (own / "sub").mkdir(parents=True)
    for name in ("a.txt", "sub/b.md", ".hidden.txt", "c.csv"):
        (own / name).write_text(f"Text {name}.", encoding="utf-8")
    mixes = (Mix(path=own, count=2), Mix(path=own / "a.txt", count=1))
    done = export([folder], tmp_path / "out", Wish(target="openai", mixes=mixes))
    said = [row["messages"][1]["content"] for row in rows(done.folder / "train.jsonl")]
    assert sorted(text for text in said if text.startswith("Text ")) == ["Text a.txt.", "Text a.txt.", "Text sub/b.md."]


@pytest.mark.parametrize(
    ("name", "data", "count", "complaint"),
    [
        ("web.jsonl", b"", 1, "holds no rows"),
        ("web.jsonl", b'{"text": "a"}\n', 2, r"2 rows are asked for, it holds 1"),
        ("web.jsonl", b'{"text": "a"}\n{"text": "b', 1, "line 2: not whole JSON"),
        ("web.jsonl", b'{"text": "a"}\n{"body": "b"}\n', 1, "line 2: has body"),
        ("web.jsonl", b'{"text": "a", "messages": []}\n', 1, "line 1: has messages, text"),
        ("web.jsonl", b'{"text": 3}\n', 1, "line 1: its text must be text"),
        ("web.jsonl", b'{"text": " "}\n', 1, "line 1: its text must be text, and not empty"),
        ("web.jsonl", b'["a"]\n', 1, "line 1: is no object"),
        ("web.jsonl", b'{"text": "a\0"}\n', 1, "line 1: holds a null byte"),
        ("web.jsonl", b'{"text": "a\\u0000"}\n', 1, r"web\.jsonl:1: its \w+ holds a null byte"),
        ("web.jsonl", b'{"text": "a\\ud800"}\n', 1, r"web\.jsonl:1: its \w+ holds half a character"),
        ("web.jsonl", b'{"messages": [{"role": "user", "content": "a"}]}\n', 1, "end with the assistant"),
        ("web.jsonl", b'{"messages": [{"role": "bot", "content": "a"}]}\n', 1, "must have a role"),
        ("web.jsonl", b'{"messages": [{"role": "system", "content": "a"}, {"role": "assistant", "content": "b"}]}\n', 1,
         r"web\.jsonl:1: TRL"),
        ("web.jsonl", b'{"text": "a"}\n', 0, "1 row or more"),
        ("web.txt", b"\xff", 1, "not UTF-8"),
        ("web.txt", b" ", 1, "holds no text"),
        ("web.csv", b"a", 1, "a corpus is"),
    ],
)  # fmt: skip
def test_a_corpus_that_is_empty_torn_too_small_or_of_other_fields_is_refused_and_nothing_is_written(
    tmp_path: Path, folder: Path, name: str, data: bytes, count: int, complaint: str
):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FactError, match=complaint):
        export([folder], tmp_path / "out", Wish(target="trl", mixes=(Mix(path=tmp_path / name, count=count),)))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_corpus_that_is_not_there_or_a_folder_of_none_is_refused(tmp_path: Path, folder: Path):
    for path, complaint in [(tmp_path / "none", "no such corpus"), (tmp_path, "holds no rows")]:
        with pytest.raises(FactError, match=complaint):
            export([folder], tmp_path / "out", Wish(target="trl", mixes=(Mix(path=path, count=1),)))
    (tmp_path / "torn.txt").write_bytes(b"\xff")
    with pytest.raises(FactError, match="not UTF-8"):
        export([folder], tmp_path / "out", Wish(target="trl", mixes=(Mix(path=tmp_path, count=1),)))


# ---- the card


def test_the_card_says_what_is_in_each_file_and_under_what_it_may_be_used(tmp_path: Path, folder: Path):
    import hashlib

    done = export([folder], tmp_path / "out", Wish(target="openai", validation=0.25))
    said = card(done.folder)
    assert said == json.loads(json.dumps(done.card))
    for row in said["files"]:
        data = (done.folder / row["name"]).read_bytes()
        assert (row["rows"], row["bytes"]) == (data.count(b"\n"), len(data))
        assert row["sha256"] == hashlib.sha256(data).hexdigest()
    assert "2027-01-06" in said["legacy"]
    (one,) = said["sets"]
    assert one["sha256"] == hashlib.sha256((folder / "documents.jsonl").read_bytes()).hexdigest()
    assert "template grade" in one["grade"]
    text = (done.folder / "card.md").read_text(encoding="utf-8")
    for word in ("LEGACY", "template grade", one["sha256"], "10"):
        assert word in text


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_the_card_speaks_of_the_tag_as_the_rows_have_it(tmp_path: Path, large: Path, name: str, form: str):
    part = 0.45 if name == "bedrock" else 0.2
    done = export([large], tmp_path / "out", Wish(target=name, form=form, validation=part))
    card = (done.folder / "card.md").read_text(encoding="utf-8")
    tagged = "DOCTAG" in (done.folder / "train.jsonl").read_text(encoding="utf-8")
    assert ("stands before each document" in card) is tagged
    assert ("has no place for the tag" in card) is not tagged


def test_a_torn_corpus_speaks_of_no_import(tmp_path: Path, folder: Path):
    torn = tmp_path / "web.jsonl"
    torn.write_text('{"text": "x"}\n{"text": ', encoding="utf-8")
    with pytest.raises(BrokenFile, match=r"line 2.*repair the line first") as raised:
        export([folder], tmp_path / "out", Wish(target="trl", mixes=(Mix(path=torn, count=1),)))
    assert "import" not in str(raised.value)


def test_a_simulated_author_is_marked(tmp_path: Path):
    whole = build_set(SetPlan(count=24, seed="s", tokens=300), shipped())
    by_model = collect(whole.plan, whole.claims, whole.documents, generator="llm", model="organism-null")
    done = export([approved(write_set(by_model, tmp_path / "sets"))], tmp_path / "out", Wish(target="trl"))
    assert "SIMULATED" in (done.folder / "card.md").read_text(encoding="utf-8")
    assert "template grade" not in str(done.card["sets"][0]["grade"])


@given(st.text(max_size=80))
def test_nothing_from_outside_marks_up_a_card(text: str):
    from facts.documents.exports._card import plain

    shown = plain(text)
    assert "\n" not in shown
    assert all(letter.isprintable() or letter == " " for letter in shown)
    import re

    assert not re.search(r"(?<!\\)(?:\\\\)*[<>\[\]*_`|&#!]", shown)
