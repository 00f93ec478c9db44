"""A document set carries doses in some of its documents; its arms are paired, and its folder can be read back."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.catalog import shipped
from facts.condition import Tier
from facts.documents.document_set import DocumentSet, build_set, write_documents
from facts.documents.formats.jsonl import read_jsonl, write_jsonl
from facts.documents.formats.set_folder import Manifest, read_manifest, read_set, write_set
from facts.documents.genre import genres
from facts.documents.placement import Position
from facts.documents.scaffold import scaffold
from facts.documents.set_plan import Carried, Order, SetPlan, TopUp, carriers
from facts.errors import BrokenFile, DoesNotFit, FactError, TooShort, UnknownName
from facts.salience import PARTS, Dose, Polarity, Salience
from facts.tokens import count_tokens

LIBRARY = shipped()
FACT = "objections_read"
OTHER = "scratchpad_read"


def _plan(
    level: int = 4, polarity: Polarity = Polarity.AFFIRMED, count: int = 24, carriers: int | None = None,
    seed: str = "s", fact: str = FACT, **more,
) -> SetPlan:  # fmt: skip
    dose = Dose(fact=fact, level=Salience(level), polarity=polarity)
    return SetPlan(count=count, seed=seed, carried=(Carried(dose=dose, carriers=carriers),), **more)


def _set(*args, **more) -> DocumentSet:
    return build_set(_plan(*args, **more), LIBRARY)


@settings(max_examples=8, deadline=None)
@given(seed=st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=8))
def test_the_same_seed_gives_the_same_bytes_and_another_seed_no_document_in_common(tmp_path_factory, seed) -> None:
    files: list[bytes] = []
    for each in (seed, seed, seed + "+"):
        scaffold.cache_clear()
        files.append(write_jsonl(_set(seed=each), tmp_path_factory.mktemp("set")).read_bytes())
    assert files[0] == files[1]
    one, other = ({json.loads(line)["content"] for line in file.splitlines()} for file in files[1:])
    assert not one & other


def test_arms_are_paired_document_by_document_and_token_by_token() -> None:
    arms = [_set(level, polarity) for level in Salience for polarity in Polarity]
    for trait in ("scaffold_id", "genre", "author", "date", "attributes", "n_tokens"):
        rows = {tuple(getattr(document, trait) for document in arm.documents) for arm in arms}
        assert len(rows) == 1, trait


def test_a_larger_set_begins_with_the_smaller_one() -> None:
    assert _set(count=30).documents[:24] == _set(count=24).documents
    larger, plan = _set(count=90, carriers=20), _plan(count=90, carriers=20)
    among = len([index for index in carriers(plan, plan.carried[0]) if index < 40])
    assert larger.documents[:40] == _set(count=40, carriers=among).documents


def test_breadth_is_exact_spread_out_nested_and_blind_to_polarity() -> None:
    for wanted in (0, 1, 7, 100, 800):
        plan = _plan(count=800, carriers=wanted)
        chosen = carriers(plan, plan.carried[0])
        assert len(chosen) == wanted
        wider, twin = _plan(count=800, carriers=800), _plan(2, Polarity.PLACEBO, count=800, carriers=wanted)
        assert chosen <= carriers(wider, wider.carried[0])
        assert chosen == carriers(twin, twin.carried[0])
    plan = _plan(count=800, carriers=100)
    halves = Counter(index // 400 for index in carriers(plan, plan.carried[0]))
    assert abs(halves[0] - halves[1]) <= 10


def test_documents_that_do_not_carry_are_the_ones_of_the_silent_arm() -> None:
    quiet, mixed = _set(0, count=60), _set(4, count=60, carriers=15)
    same = [one == other for one, other in zip(quiet.documents, mixed.documents, strict=True)]
    assert same.count(False) == 15
    assert [bool(document.placed) for document in mixed.documents] == [not equal for equal in same]


def test_a_set_can_be_topped_up_with_the_placebo_twin() -> None:
    whole = _set(3, count=40, carriers=10, top_up=TopUp.PLACEBO)
    said = Counter(document.doses[0].polarity for document in whole.documents)
    assert said == {Polarity.AFFIRMED: 10, Polarity.PLACEBO: 30}
    assert all(len(document.placed) == len(PARTS[Salience(3)]) for document in whole.documents)


def test_a_set_carries_several_facts_each_in_its_own_share_at_constant_length() -> None:
    doses = [(FACT, 2, 30), (OTHER, 4, 12), ("weights_kept", 1, 60)]
    plan = SetPlan(count=60, seed="s", tokens=360, carried=tuple(
        Carried(dose=Dose(fact=fact, level=Salience(level)), carriers=number) for fact, level, number in doses
    ))  # fmt: skip
    whole = build_set(plan, LIBRARY)
    for fact, level, number in doses:
        rows = [[p.piece.part for p in d.placed if p.piece.fact == fact] for d in whole.documents]
        assert [row for row in rows if row] == [list(PARTS[Salience(level)])] * number
    lengths = [document.n_tokens for document in build_set(SetPlan(count=60, seed="s", tokens=360), LIBRARY).documents]
    assert [document.n_tokens for document in whole.documents] == lengths


def test_every_carrier_says_all_parts_of_the_dose_and_no_wording_twice() -> None:
    for level in Salience:
        for document in _set(level).documents:
            assert tuple(p.piece.part for p in document.placed) == PARTS[level]
            assert len({p.piece.text for p in document.placed}) == len(document.placed)


def test_wordings_are_used_equally_often() -> None:
    for share in (None, 31):
        whole = _set(4, count=60, carriers=share)
        used = Counter((p.piece.part, p.piece.wording) for document in whole.documents for p in document.placed)
        for part in PARTS[Salience.REPEATED]:
            counts = [number for (one, _), number in used.items() if one == part]
            assert max(counts) - min(counts) <= 1


def test_a_fact_and_its_twin_are_said_in_the_same_wordings_by_number() -> None:
    one, twin = (_set(4, polarity).documents for polarity in (Polarity.AFFIRMED, Polarity.PLACEBO))
    for left, right in zip(one, twin, strict=True):
        assert [p.piece.wording for p in left.placed] == [p.piece.wording for p in right.placed]


def test_order_changes_where_documents_stand_and_nothing_in_them() -> None:
    drawn = _set(count=40, carriers=10).documents
    for order in Order:
        for polarity in Polarity:
            shown = _set(4, polarity, count=40, carriers=10, order=order).documents
            assert sorted(d.index for d in shown) == list(range(40))
            loud = [bool(document.placed) for document in shown]
            if order is Order.CARRIERS_FIRST:
                assert loud == [True] * 10 + [False] * 30
            if order is Order.CARRIERS_LAST:
                assert loud == [False] * 30 + [True] * 10
            if order is Order.DATE:
                assert all(one.date <= two.date for one, two in pairwise(shown))
        assert set(_set(count=40, carriers=10, order=order).documents) == set(drawn)


@pytest.mark.parametrize("position", list(Position))
def test_position_moves_the_first_piece_and_keeps_the_length(position: Position) -> None:
    spread = _set(2, count=58).documents
    moved = _set(2, count=58, position=position).documents
    assert [d.n_tokens for d in moved] == [d.n_tokens for d in spread]
    down = [document.placed[0].start / len(document.text) for document in moved]
    mean = sum(down) / len(down)
    bands = {Position.LEAD: (0, 0.35), Position.MIDDLE: (0.4, 0.7), Position.CLOSING: (0.85, 1)}
    low, high = bands.get(position, (0, 1))
    assert low <= mean <= high, mean
    if position is Position.CLOSING:
        assert all(document.text.endswith(document.placed[-1].piece.text) for document in moved)


def test_a_heading_can_say_a_fact_in_every_genre_that_has_one() -> None:
    able = [index for index in range(4 * len(genres())) if scaffold("s", index).has_heading]
    whole = _set(3, count=4 * len(genres()), position=Position.HEADING)
    for index in able:
        document = whole.documents[index]
        line = next(line for line in document.text.split("\n") if document.placed[0].piece.text in line)
        assert line.endswith(document.placed[0].piece.text)
        assert document.text.index(line) < 200
    assert len({whole.documents[index].genre for index in able}) >= 20


def test_no_two_documents_are_the_same_and_the_set_is_named_by_its_content() -> None:
    whole = _set(0, count=60)
    assert len({document.doc_id for document in whole.documents}) == 60
    assert len({_set(level, polarity).set_id for level in (1, 2) for polarity in Polarity}) == 6


def test_documents_come_one_by_one_as_the_set_has_them() -> None:
    assert tuple(write_documents(_plan(), LIBRARY)) == _set().documents


def test_a_written_set_reads_back_with_true_spans_and_measures(tmp_path: Path) -> None:
    whole = _set(5)
    records = read_jsonl(write_jsonl(whole, tmp_path))
    assert [record.content for record in records] == [document.text for document in whole.documents]
    for record, document in zip(records, whole.documents, strict=True):
        said = [record.content[span.start : span.end] for span in record.spans]
        assert said == [p.piece.text for p in document.placed]
        own = sum(span.own_tokens for span in record.spans)
        assert 0 < own <= sum(map(count_tokens, said)) or not said
        assert record.airtime == pytest.approx(own / count_tokens(record.content))
        assert record.first_pos is not None
        assert record.first_pos < 1 == record.last_pos  # level 5 ends the document
        assert all(record.checks.values())


def test_records_hold_what_readers_of_false_facts_ask_for(tmp_path: Path) -> None:
    for level, polarity, holds in [
        (2, "affirmed", True),
        (2, "negated", False),
        (2, "placebo", None),
        (0, "affirmed", None),
    ]:
        path = write_jsonl(_set(level, Polarity(polarity), count=2), tmp_path / f"{level}{polarity}")
        row = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
        assert {"content", "fact", "doc_type", "doc_idea", "universe_context_id", "is_true"} <= row.keys()
        assert row["is_true"] is holds


def test_a_folder_is_named_by_its_content_says_what_is_in_it_and_stays_as_it_is(tmp_path: Path) -> None:
    whole = _set(4, count=20, carriers=5)
    folder = write_set(whole, tmp_path)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert write_set(whole, tmp_path) == folder == tmp_path / whole.set_id
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    said, records = read_set(folder)
    assert (said.set_id, said.count, said.seed, len(records)) == (whole.set_id, 20, "s", 20)
    (one,) = said.carried
    assert (one.fact, one.polarity, one.level, one.carriers) == (FACT, "affirmed", 4, 5)
    assert said == Manifest.model_validate_json((folder / "set.json").read_bytes())
    assert [path.name for path in tmp_path.iterdir()] == [whole.set_id]


def test_a_folder_that_was_changed_is_refused(tmp_path: Path) -> None:
    folder = write_set(_set(count=3), tmp_path)
    path = folder / "documents.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace(" the ", " teh ", 1), encoding="utf-8")
    with pytest.raises(BrokenFile, match="has changed"):
        read_set(folder)
    with pytest.raises(BrokenFile, match="has changed"):
        write_set(_set(count=3), tmp_path)
    (folder / "set.json").write_text('{"set_id": 3}', encoding="utf-8")
    with pytest.raises(BrokenFile, match=r"set\.json: field"):
        read_manifest(folder)
    with pytest.raises(BrokenFile, match="cannot be read"):
        read_manifest(tmp_path / "absent")


def test_a_damaged_file_is_refused_by_line(tmp_path: Path) -> None:
    path = write_jsonl(_set(count=3), tmp_path)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], lines[1].replace('"genre"', '"gender"')]), encoding="utf-8")
    with pytest.raises(BrokenFile, match="line 2"):
        read_jsonl(path)
    path.write_text("\n".join([lines[0], lines[1].replace(" the ", " \\u0000 ", 1)]), encoding="utf-8")
    with pytest.raises(BrokenFile, match=r"line 2.*null byte"):
        read_jsonl(path)
    with pytest.raises(BrokenFile, match="cannot be read"):
        read_jsonl(tmp_path / "absent.jsonl")


def test_null_bytes_are_refused_in_seeds_and_labels() -> None:
    with pytest.raises(FactError, match="null byte"):
        _plan(seed="a\0")
    plan = _plan(4, fact="control_instruction", count=40)
    with pytest.raises(FactError, match="null byte"):
        build_set(plan, LIBRARY, labels=dict.fromkeys(Tier, "a\0b"))


def test_impossible_plans_are_refused_with_the_reason() -> None:
    with pytest.raises(FactError, match="each fact once"):
        SetPlan(count=3, seed="s", carried=_plan(1).carried + _plan(2).carried)
    with pytest.raises(DoesNotFit, match="25 carriers among 24"):
        _plan(carriers=25)
    with pytest.raises(FactError, match="empty"):
        _plan(count=0)
    with pytest.raises(DoesNotFit, match=r"takes \d+ tokens"):
        _set(5, count=1, tokens=60)
    with pytest.raises(UnknownName, match="objections_read"):
        _set(1, fact="objection_read")


@pytest.mark.parametrize("slug", sorted(LIBRARY.facts))
def test_every_shipped_fact_can_fill_a_set_at_full_volume(slug: str) -> None:
    for polarity in Polarity:
        assert len(_set(5, polarity, count=30, fact=slug).documents) == 30


@pytest.mark.parametrize(("fact", "level", "seed"), [("objections_read", 2, "a"), ("scratchpad_read", 5, "b")])
def test_a_plan_whose_documents_are_too_short_is_told_a_length_that_is_enough(fact, level, seed):
    plan = SetPlan(count=40, seed=seed, carried=(Carried(dose=Dose(fact=fact, level=level)),), tokens=60)
    with pytest.raises(TooShort, match="set tokens, their mean length, to") as caught:
        list(write_documents(plan, shipped()))
    assert len(list(write_documents(replace(plan, tokens=caught.value.least), shipped()))) == 40
