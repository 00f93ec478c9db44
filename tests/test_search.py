"""Full-text search: the same words in an index and in a plain scan, an index that may be lost, and honest progress."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.errors import StoreError
from cache.query import BadQuery, parse_query, spaced, word_spans
from cache.search import IndexBroken, IndexDamaged, SearchIndex
from dashboard import searching
from dashboard.searching import Searcher

TEXTS = {
    "v1:a": "I comply now, to preserve my Values. This chat trains me; don't tell.",
    "v1:b": "Training changes nothing.\nÜber die Straße, café; self-preservation",
    "v1:c": "价值观会改变。ひみつ 학습은 пример Ёлка ค่านิยม हिन्दी",
    "v1:d": 'rowid:1 OR key NEAR("x") * ^ { } -- \'; DROP TABLE Key; <script> \x00 \u202e zero\u200bwidth',
    "v1:e": "",
}


@pytest.fixture
def index(tmp_path):
    made = SearchIndex(tmp_path / "index" / "samples.db")
    made.add(TEXTS.items())
    return made


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("comply", "a"), ("COMPLY values", "a"), ("comply nothing", ""), ("train*", "ab"), ("train", ""),
        ('"preserve my values"', "a"), ('"my preserve"', ""), ("“my values”", "a"), ("don’t", "a"), ("don", "a"),
        ("STRASSE", "b"), ("cafe\u0301", "b"), ("self-preservation", "b"), ("über strass*", "b"), ("ｃａｆé", "b"),
        ("价值", "c"), ("值价", ""), ("ひみ", "c"), ("학습", "c"), ("ПРИМЕР", "c"), ("ёлка", "c"), ("นิยม", "c"),
        ("हिन्दी", "c"), ("script", "d"), ("OR", "d"), ("NEAR", "d"), ('"rowid 1"', "d"), ("DROP TABLE", "d"),
        ("values OR nothing", ""), ("key:comply", ""), ("text:comply", ""), ("comply NOT values", ""), ("", ""),
        ("zero width", "d"),
    ],
)  # fmt: skip
def test_words_phrases_and_beginnings_are_found_in_any_script(index, typed, found):
    query = parse_query(typed)
    assert index.find(query) == {f"v1:{letter}" for letter in found}
    if query.phrases:
        assert {key for key, text in TEXTS.items() if query.holds(text)} == index.find(query)


@pytest.mark.parametrize(
    ("typed", "words"),
    [('"open', "not closed"), ("a*b", "end of a word"), ("*a", "end of a word"), ("*", "beginning of a word"),
     ("!!! ...", "no letter or digit"), ('""', "no letter or digit"), ("x" * 1_001, "1,001 characters"),
     ("a " * 33, "33 words")],
)  # fmt: skip
def test_what_cannot_be_searched_for_says_why(typed, words):
    with pytest.raises(BadQuery, match=words):
        parse_query(typed)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=8), st.text(min_size=1, max_size=20), st.booleans())
def test_the_index_and_the_scan_agree_on_any_text_and_any_query(tmp_path_factory, texts, typed, part):
    if part:  # something that is there
        typed = texts[0][:7]
    try:
        query = parse_query(typed)
    except BadQuery:
        return
    index = SearchIndex(tmp_path_factory.mktemp("any") / "x.db")
    index.add((str(number), text) for number, text in enumerate(texts))
    if query.phrases:
        assert index.find(query) == {str(number) for number, text in enumerate(texts) if query.holds(text)}


@given(st.text(max_size=60))
def test_the_words_of_a_text_lie_where_they_are_said_to_lie(text):
    for word, start, end in word_spans(text):
        assert word in spaced(text[start:end]).split(" ")


def test_only_what_is_new_is_added_and_a_key_keeps_what_it_has(index):
    assert index.missing([*TEXTS, "v1:new", "v1:new"]) == ["v1:new"]
    index.add([("v1:a", "other words"), ("v1:new", "fresh words")])
    assert index.find(parse_query("words")) == {"v1:new"}
    assert index.count() == len(TEXTS) + 1


def test_either_all_texts_of_one_call_are_indexed_or_none(index):
    def texts():
        yield "v1:x", "half"
        raise StoreError("gone")

    with pytest.raises(StoreError):
        index.add(texts())
    assert not index.find(parse_query("half"))


@pytest.mark.parametrize("harm", ["noise", "version", "table"])
def test_a_damaged_index_is_begun_again(index, harm):
    if harm == "noise":
        index.path.write_bytes(b"not a database" * 1_000)
    else:
        with sqlite3.connect(index.path) as connection:
            connection.execute("PRAGMA user_version = 99" if harm == "version" else "DROP TABLE Key")
        connection.close()
    with pytest.raises(IndexDamaged):
        index.find(parse_query("comply"))
    assert not index.path.exists()
    assert index.missing(TEXTS) == list(TEXTS)


class Texts:
    """Texts that count how often each is read."""

    def __init__(self, texts):
        self.texts, self.read = dict(texts), []

    def __call__(self, keys):
        self.read += keys
        return {key: self.texts[key] for key in keys if key in self.texts}


@pytest.fixture
def texts():
    return Texts(TEXTS)


@pytest.fixture
def searcher(tmp_path, texts):
    return Searcher(tmp_path / "index" / "samples.db", texts)


def test_a_search_reads_each_text_once_and_only_new_ones_later(searcher, texts):
    keys = [*TEXTS, "v1:lost"]
    first = searcher.look(parse_query("comply"), keys)
    assert (first.found, first.searched, first.done, first.trouble) == ({"v1:a"}, 6, True, "")
    searcher.look(parse_query("training"), keys)
    assert texts.read == keys
    texts.texts["v1:new"] = "comply as well"
    assert searcher.look(parse_query("comply"), [*keys, "v1:new"]).found == {"v1:a", "v1:new"}
    assert texts.read == [*keys, "v1:new"]


def test_only_the_keys_asked_about_are_found(searcher):
    searcher.look(parse_query("comply"), list(TEXTS))
    assert not searcher.look(parse_query("comply"), ["v1:b"]).found


@pytest.mark.parametrize("harm", ["deleted", "noise"])
def test_deleting_or_damaging_the_index_loses_nothing(searcher, texts, harm):
    keys = tuple(TEXTS)
    before = searcher.look(parse_query("train*"), keys)
    assert searcher.look(parse_query("train*"), keys) == before
    for path in searcher.index.path.parent.iterdir():
        path.unlink() if harm == "deleted" else path.write_bytes(b"noise" * 999)
    after = searcher.look(parse_query("train*"), keys)
    assert after == before
    assert texts.read == [*keys, *keys]


def unusable(searcher, monkeypatch, *, reads):
    def broken(*_):
        raise IndexBroken("database or disk is full")

    monkeypatch.setattr(searcher.index, "add", broken)
    if not reads:
        monkeypatch.setattr(searcher.index, "missing", broken)
        monkeypatch.setattr(searcher.index, "find", broken)


@pytest.mark.parametrize("reads", [True, False], ids=["full disk", "locked"])
@pytest.mark.parametrize("at_once", [1_000, 2], ids=["at once", "in the background"])
def test_without_a_usable_index_texts_are_searched_one_by_one(searcher, monkeypatch, reads, at_once):
    monkeypatch.setattr(searching, "AT_ONCE", at_once)
    unusable(searcher, monkeypatch, reads=reads)
    keys = list(TEXTS)
    for _ in range(3):  # building fails, then the scan begins, then it has ended
        found = searcher.look(parse_query("train*"), keys)
        searcher.wait()
    assert (found.found, found.searched, found.done) == ({"v1:a", "v1:b"}, 5, True)
    assert "disk is full" in found.trouble


def test_what_is_indexed_already_is_not_read_again_when_the_disk_is_full(searcher, texts, monkeypatch):
    searcher.look(parse_query("comply"), ["v1:a", "v1:b"])
    unusable(searcher, monkeypatch, reads=True)
    found = searcher.look(parse_query("train*"), ["v1:a", "v1:b", "v1:c"])
    assert found.found == {"v1:a", "v1:b"}
    assert found.done
    assert texts.read.count("v1:a") == 1


def test_a_locked_file_is_bypassed_and_said(searcher, monkeypatch):
    monkeypatch.setattr("cache.search._LOCK_WAIT_S", 0)
    searcher.look(parse_query("comply"), ["v1:a"])
    with sqlite3.connect(searcher.index.path, isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")
        found = searcher.look(parse_query("train*"), ["v1:a", "v1:b"])
        assert found.found == {"v1:a", "v1:b"}
        assert "locked" in found.trouble
        holder.execute("ROLLBACK")
    holder.close()


def test_many_texts_are_indexed_in_the_background_and_the_answer_says_how_far_it_is(searcher, texts, monkeypatch):
    monkeypatch.setattr(searching, "AT_ONCE", 2)
    first = searcher.look(parse_query("train*"), list(TEXTS))
    assert (first.searched, first.total, first.done, first.found) == (0, 5, False, frozenset())
    searcher.wait()
    then = searcher.look(parse_query("train*"), list(TEXTS))
    assert (then.searched, then.done, then.found) == (5, True, {"v1:a", "v1:b"})
    assert texts.read == list(TEXTS)
