"""Claims about labels: nothing said is lost or mixed up, a draw is blind, an import is whole, only the drawn count."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.errors import BrokenFile, FactError
from runners.labels.draw import Item, draw
from runners.labels.events import from_line, to_line
from runners.labels.exchange import export_text, import_file
from runners.labels.file import Labels, append, read
from runners.labels.label import Drawing, Label
from runners.labels.session import Session
from runners.labels.tally import GONE, NO_CLASS, NOT_COUNTED, OTHER_RUBRIC, OUTSIDE, TIE, tally

CLASSES = ("yes", "maybe", "no")
COUNTS = {"yes": True, "no": False}


def label(item="k1", value="yes", by="ann", at="2026-11-24T12:00:00+00:00", **fields):
    return Label(labeller=by, item=item, metric="m", value=value, at=at, **fields)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "labels" / "c" / "m.jsonl"


# The file


def test_the_last_word_of_each_labeller_on_each_item_counts_and_nothing_is_deleted(path):
    events = [label(value="yes"), label(value="no"), label(by="bob"), label(item="k2"), label(item="k2", value=None)]
    for event in events:
        append(path, [event])
    found = read(path)
    assert found.history == tuple(events)
    assert {key: one.value for key, one in found.current.items()} == {("ann", "k1"): "no", ("bob", "k1"): "yes"}
    assert len(path.read_text(encoding="utf-8").splitlines()) == 5


def test_no_file_means_no_labels_and_reading_makes_none(path):
    assert read(path).current == {}
    assert not path.parent.exists()


def test_a_label_is_on_the_disk_before_append_returns(path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_size))
    append(path, [label()])
    assert synced[0] == path.stat().st_size > 0


@given(st.text(max_size=50), st.text(min_size=1, max_size=20))
def test_any_label_reads_back_equal_from_one_line(note, name):
    try:
        one = label(by=name, note=note)
    except FactError:
        return
    line = to_line(one)
    assert "\n" not in line
    assert line.isascii()
    assert from_line(line, "here") == one


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_torn_last_line_is_skipped_and_reported_and_what_is_written_after_it_is_whole(path, cut):
    append(path, [label(), label(item="k2")])
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    found = read(path)
    expected = {"k1", "k2"} if cut == 1 else {"k1"}  # without its line end alone a label is still whole
    assert {item for _, item in found.current} == expected
    assert len(found.warnings) == (cut != 1)
    append(path, [label(item="k3")])
    again = read(path)
    assert {item for _, item in again.current} == expected | {"k3"}
    assert again.warnings == found.warnings
    if cut != 1:
        assert "line 2 was cut short" in again.warnings[0]


def test_a_line_torn_within_a_letter_is_torn_all_the_same(path):
    append(path, [label()])
    with path.open("ab") as file:
        file.write('{"event":"label","note":"ü'.encode()[:-1])
    assert len(read(path).current) == 1
    append(path, [label(item="k2")])
    assert len(read(path).current) == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 2"),
        ('{"event":"label"}', "labeller"),
        ('{"event":"opinion"}', "event"),
        ("[]", "line 2"),
        ("null", "line 2"),
        (to_line(label()).replace("2026-11-24T12:00:00+00:00", "yesterday"), "is not a time"),
        (to_line(label()).replace("+00:00", ""), "offset"),
        (to_line(label()).replace('"yes"', "1"), "value"),
        (to_line(label()).replace('"ann"', '""'), "labeller's name"),
        (to_line(label())[:-1] + ', "verdict": "yes"}', "verdict"),
        ('{"event":"draw","measure":"m","per":0,"seed":0}', "from 1 to"),
        ("[" * 100_000, "line 2"),
    ],
)
def test_anything_else_that_is_broken_names_file_and_line(path, line, words):
    append(path, [label(), label(item="k2"), label(item="k3")])
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], line, lines[2], ""]), encoding="utf-8")
    with pytest.raises(BrokenFile, match="line 2") as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)


def test_bytes_that_are_no_text_and_folders_are_broken_files(path):
    append(path, [label(), label()])
    path.write_bytes(b"\xff\xfe\n" + path.read_bytes())
    with pytest.raises(BrokenFile, match=r"line 1: not UTF-8"):
        read(path)
    with pytest.raises(BrokenFile, match="not a file of labels"):
        read(path.parent)


def test_a_disk_that_does_not_take_the_label_says_so(tmp_path):
    (tmp_path / "labels").write_text("in the way", encoding="utf-8")
    with pytest.raises(FactError, match="not kept"):
        append(tmp_path / "labels" / "m.jsonl", [label()])


def _many(path, name, times):
    for number in range(times):
        append(path, [label(item=f"k{number}", by=name, note=name * 200)])


def test_processes_that_write_together_do_not_mix_their_lines(path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_many, args=(path, name, 60)) for name in ("ann", "bob", "cyd")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    found = read(path)
    assert Counter(name for name, _ in found.current) == {"ann": 60, "bob": 60, "cyd": 60}
    assert found.warnings == ()


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\nb", "a\x1b[31m", "\u202eevil"])
def test_a_labellers_name_cannot_steer_a_terminal(name):
    with pytest.raises(FactError, match="labeller's name"):
        label(by=name)


# The draw


def items(conditions=4, yes=30, no=170, queries=10):
    return [
        Item(key=f"v1:{c}-{n}", condition=f"0/{c}", verdict=n < yes, query=f"q{n % queries}")
        for c in range(conditions) for n in range(yes + no)
    ]  # fmt: skip


def test_each_verdict_of_each_condition_gives_as_many_as_asked_or_all_it_has():
    found = draw(items(yes=7), per=20, seed=0)
    strata = Counter((item.condition, item.verdict) for behind in found.hidden.values() for item in behind)
    assert strata == {(f"0/{c}", verdict): n for c in range(4) for verdict, n in ((True, 7), (False, 20))}
    assert len(found.order) == len(found.hidden) == 4 * 27


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 5))
def test_with_one_seed_more_only_adds_and_keeps_the_order(few, more, seed):
    small, large = (draw(items(2, 10, 20), per=per, seed=seed) for per in sorted((few, more)))
    assert [key for key in large.order if key in small.hidden] == list(small.order)


def test_everyone_is_given_the_same_sample_unless_asked_otherwise():
    pool = items()
    assert draw(pool, per=5, seed=0) == draw(reversed(pool), per=5, seed=0)
    assert draw(pool, per=5, seed=0).order != draw(pool, per=5, seed=1).order
    assert draw(pool, per=5, seed=0).order != draw(pool, per=5, seed=0, own="ann").order


def test_neither_condition_nor_verdict_can_be_told_from_the_order():
    """Over 200 seeds the place of an item does not depend on a stratum being rare."""
    pool = items(conditions=3, yes=10, no=400)
    places = {True: [], False: []}
    conditions = Counter()
    for seed in range(200):
        found = draw(pool, per=10, seed=seed)
        for place, key in enumerate(found.order):
            places[found.hidden[key][0].verdict].append(place)
        conditions[found.hidden[found.order[0]][0].condition] += 1
    middle = 29.5
    assert all(abs(sum(at) / len(at) - middle) < 1.0 for at in places.values())
    assert min(conditions.values()) > 40


def test_a_sample_that_two_conditions_share_is_shown_once_and_counts_in_both():
    pool = [Item(key="k", condition=c, verdict=True, query="q") for c in ("0/0", "0/1")]
    found = draw(pool, per=5, seed=0)
    assert found.order == ("k",)
    assert len(found.hidden["k"]) == 2


def test_drawing_none_or_nothing():
    assert draw([], per=3, seed=0).order == ()
    with pytest.raises(FactError, match="at least 1"):
        draw([], per=0, seed=0)


# The session


def test_a_session_goes_on_where_the_last_one_ended_and_takes_back_across_sittings(path):
    append(path, [label("b"), label("x"), label("a", by="bob"), label("c", rubric="2")])
    session = Session(order=["a", "b", "c"], labels=read(path), labeller="ann", rubric="")
    assert (session.done, session.next()) == (1, "a")
    session.answered("a")
    session.skip("c")
    assert session.next() is None
    assert session.undo() == "a"
    assert session.next() == "a"
    assert session.undo() == "b"
    assert session.undo() is None
    assert (session.next(), session.done) == ("b", 0)
    session.skip("b")
    assert session.next() == "a"


# Passing on


def exported(path, **changes):
    return export_text(read(path), **{"comparison": "c", "metric": "m", "classes": CLASSES, **changes})


def take(source, target, **changes):
    wanted = {"comparison": "c", "metric": "m", "classes": CLASSES, "keys": {"k1", "k2", "k3"}}
    return import_file(source, target, **{**wanted, **changes})


def test_what_is_exported_imports_elsewhere_and_importing_it_again_changes_nothing(path, tmp_path):
    append(path, [Drawing(measure="m", per=5, seed=0), label(), label("k2"), label("k2", None), label("k3", by="bob")])
    file, other = tmp_path / "out.jsonl", tmp_path / "other.jsonl"
    file.write_text(exported(path), encoding="utf-8")
    done = take(file, other)
    assert (done.read, done.kept, dict(done.dropped)) == (4, 4, {})
    assert read(other).current == read(path).current
    assert read(other).drawings == read(path).drawings
    before = other.read_bytes()
    again = take(file, other)
    assert (again.kept, dict(again.dropped)) == (0, {"already here": 4})
    assert other.read_bytes() == before


def test_rows_that_are_older_or_of_no_sample_here_are_dropped_and_counted(path, tmp_path):
    append(path, [label(value="no"), label("k2"), label("gone")])
    file, other = tmp_path / "out.jsonl", tmp_path / "other.jsonl"
    file.write_text(exported(path), encoding="utf-8")
    append(other, [label(value="yes", at="2026-11-24T13:30:00+01:00")])  # half an hour later, on another clock
    done = take(file, other)
    assert done.kept == 1
    assert set(done.dropped.values()) == {1}
    assert "older than the label that is here" in done.dropped
    assert read(other).current["ann", "k1"].value == "yes"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"value": "yes"', '"value": "perhaps"', "line 3: 'perhaps' is no class of m; it has yes, maybe, no"),
        ('"metric": "m", "value"', '"metric": "n", "value"', "line 2: field metric"),
        ('"comparison": "c"', '"comparison": "d"', "of comparison 'd', not 'c'"),
        ('"metric": "m", "classes"', '"metric": "n", "classes"', "of metric 'n'"),
        ('"maybe", ', "", "of classes"),
        ('"version": 1', '"version": 2', "version 2 cannot be read"),
        ('"format": "fact-salience-labels", ', "", "format"),
        ('"item": "k2"', '"item": ""', "line 3"),
        ('{"format"', '\n{"format"', "begins with a header"),
    ],
)
def test_an_import_with_anything_broken_in_it_takes_nothing_in(path, tmp_path, old, new, words):
    append(path, [label(value="no"), label("k2")])
    file, other = tmp_path / "out.jsonl", tmp_path / "other.jsonl"
    text = exported(path)
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BrokenFile) as caught:
        take(file, other)
    assert words in str(caught.value)
    assert not other.exists()


# Counting


def counted(labels, pool=None, per=100, seed=0, **changes):
    current = {(one.labeller, one.item): one for one in labels}
    kept = Labels(current=current, drawings=(Drawing(measure="x", per=per, seed=seed),))
    return tally(pool or POOL, kept, **{"measure": "x", "counts": COUNTS, "classes": CLASSES, **changes})


POOL = [Item(key=f"k{n}", condition="0/0", verdict=n < 5, query="q") for n in range(10)]


def test_the_majority_decides_and_a_tie_is_left_out_and_counted():
    votes = {"k1": "yyn", "k2": "yn", "k3": "n", "k4": "yynn"}
    found = counted([
        label(item, {"y": "yes", "n": "no"}[vote], by=f"p{n}") for item, said in votes.items()
        for n, vote in enumerate(said)
    ])  # fmt: skip
    assert {item.key: truth for item, truth in found.truths} == {"k1": True, "k3": False}
    assert found.left_out == {TIE: 2}
    assert found.drawn == {("0/0", True): 5, ("0/0", False): 5}


def test_every_label_that_does_not_count_is_counted_by_its_reason():
    found = counted([
        label("k1"), label("nowhere"), label("k2", "perhaps"), label("k3", rubric="2"), label("k4", "maybe"),
    ])  # fmt: skip
    assert len(found.truths) == 1
    assert found.left_out == {GONE: 1, NO_CLASS: 1, OTHER_RUBRIC: 1, NOT_COUNTED: 1}


def test_labels_of_samples_that_were_not_drawn_do_not_count_because_they_are_no_random_sample():
    everything = [label(item.key) for item in POOL]
    found = counted(everything, per=2)
    assert len(found.truths) == 4
    assert found.left_out == {OUTSIDE: 6}
    assert counted(everything, measure="y").truths == ()


def test_labels_hold_for_the_samples_verdict_as_it_is_now():
    turned = [replace(item, verdict=not item.verdict) for item in POOL]
    ((one, truth),) = counted([label("k1", "no")], turned).truths
    assert (one.verdict, truth) == (False, False)


def test_no_labels_give_no_truths():
    assert counted([]).truths == ()


def test_the_file_format_is_documented_by_this_line():
    assert json.loads(to_line(label())) == {
        "event": "label", "labeller": "ann", "item": "k1", "metric": "m", "value": "yes",
        "at": "2026-11-24T12:00:00+00:00", "rubric": "", "note": "",
    }  # fmt: skip
