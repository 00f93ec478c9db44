"""A set is what its name says, its twin is another set, and what a gate found stays found."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent.parent))  # benchmarks/ is no package that is installed

from benchmarks.document_quality.spoiled import plan
from facts.catalog import load, shipped
from facts.documents.approval import approve, check, override
from facts.documents.document_set import build_set, collect, write_documents
from facts.documents.exports._source import read_source
from facts.documents.formats.set_folder import move_aside, read_manifest, read_set, write_set
from facts.documents.gates import Status
from facts.documents.gates._record import QUALITY
from facts.documents.gates._twin import NoTwin
from facts.documents.genre import genres
from facts.documents.identity import is_named, record_name
from facts.documents.imports import import_documents
from facts.documents.set_plan import Carried, SetPlan, TopUp
from facts.errors import BrokenFile, FactError
from facts.salience import Dose, Polarity

LIBRARY = shipped()
FACT = "objections_read"


def written(parent: Path, **more) -> Path:
    return write_set(build_set(plan(**{"level": 2, "count": 60, **more}), LIBRARY), parent)


@pytest.fixture
def folder(tmp_path) -> Path:
    return written(tmp_path, count=8)


def resum(folder: Path) -> None:
    """The manifest's sum made that of the documents as they are now."""
    data = (folder / "documents.jsonl").read_bytes()
    said = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    (folder / "set.json").write_text(json.dumps({**said, "sha256": hashlib.sha256(data).hexdigest()}), encoding="utf-8")


def lines(folder: Path, change) -> None:
    path = folder / "documents.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in change(rows)), encoding="utf-8")


# What a gate found stays found


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """Folders of an import whose arms differ in length, and of its placebo arm."""
    root = tmp_path_factory.mktemp("outside")
    for arm, tail in (("fact", "and the quay was painted in the rain " * 6), ("twin", "")):
        (root / arm).mkdir()
        for number, record in enumerate(read_set(written(root / "own", seed=arm))[1]):
            (root / arm / f"{number}.txt").write_text(f"{record.content}\n{tail}", encoding="utf-8")
    return tuple(import_documents(root / arm, root / "sets").folder for arm in ("fact", "twin"))


def test_a_gate_that_failed_with_a_twin_fails_until_it_is_measured_with_one_again(outside, tmp_path) -> None:
    folder = Path(shutil.copytree(outside[0], tmp_path / outside[0].name))
    first = check(folder, LIBRARY, twin=outside[1])
    assert "parity" in first.failing
    twins = json.loads((folder / "set.json").read_text(encoding="utf-8"))["twins"]
    sha256 = hashlib.sha256((outside[1] / "documents.jsonl").read_bytes()).hexdigest()
    assert twins["parity"] == {"set_id": outside[1].name, "sha256": sha256}
    assert json.loads((folder / QUALITY).read_text(encoding="utf-8"))["twins"] == twins
    for _ in range(2):
        again = check(folder, LIBRARY)
        assert again.failing == first.failing
        kept = dict(again.found)["parity"]
        assert outside[1].name in kept.kept
        assert kept.numbers == dict(first.found)["parity"].numbers
        assert json.loads((folder / "set.json").read_text(encoding="utf-8"))["twins"] == twins
    (folder / QUALITY).unlink()
    assert check(folder, LIBRARY).failing == first.failing
    override(folder, "a pilot")
    assert "parity" in (approve(folder).override or "")


def test_what_was_found_in_other_documents_is_not_kept(outside, tmp_path) -> None:
    folder = Path(shutil.copytree(outside[0], tmp_path / outside[0].name))
    check(folder, LIBRARY, twin=outside[1])
    said = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    (folder / "set.json").write_text(json.dumps({**said, "sha256": "0" * 64}), encoding="utf-8")
    assert dict(check(folder, LIBRARY).found)["parity"].status is Status.UNMEASURED


# A twin is another set


def test_a_set_is_no_twin_of_itself(folder, outside, tmp_path) -> None:
    for one in (folder, outside[0]):
        copy = Path(shutil.copytree(one, tmp_path / "copies" / one.name))
        for twin in (one, copy):
            with pytest.raises(NoTwin, match="is the set itself"):
                check(one, LIBRARY, twin=twin)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"tokens": 400}, "both say objections_read.*objections_read:2p --count 8 --seed 's'"),
        ({"polarity": Polarity.NEGATED}, "both say"),
        ({"polarity": Polarity.PLACEBO, "seed": "t"}, "another seed.*objections_read:2p"),
        ({"polarity": Polarity.PLACEBO, "fact": "scope_will_be_cut"}, "carries scope_will_be_cut"),
        ({"level": 0}, "carries nothing"),
    ],
)
def test_a_set_that_is_no_twin_is_refused_with_the_one_to_give_instead(folder, tmp_path, more, says) -> None:
    twin = written(tmp_path, **{"count": 8, **more})
    with pytest.raises(NoTwin, match=says):
        check(folder, LIBRARY, twin=twin)
    assert not read_manifest(folder).gates


def test_the_placebo_twin_of_a_set_is_taken(folder, tmp_path) -> None:
    twin = written(tmp_path, count=8, polarity=Polarity.PLACEBO)
    check(folder, LIBRARY, twin=twin)
    assert read_manifest(folder).twins["parity"].set_id == twin.name


# A folder is tied to its content

_PLANS = (
    SetPlan(count=4, seed="s"),
    SetPlan(count=4, seed="s", carried=(Carried(dose=Dose(fact=FACT, level=2)),)),
    SetPlan(count=4, seed="s", carried=(Carried(dose=Dose(fact=FACT, level=2), carriers=4),)),
    SetPlan(count=4, seed="s", top_up=TopUp.PLACEBO, carried=(
        Carried(dose=Dose(fact=FACT, level=2), carriers=0), Carried(dose=Dose(fact="scope_will_be_cut", level=1)),
        Carried(dose=Dose(fact="weights_kept", level=1, polarity=Polarity.PLACEBO), carriers=3))),
)  # fmt: skip


@pytest.mark.parametrize("one", _PLANS)
def test_names_are_derived_again_from_what_lies_in_the_folder(tmp_path, one) -> None:
    said, records = read_set(write_set(build_set(one, LIBRARY), tmp_path))
    assert [record_name(record) for record in records] == [record.doc_id for record in records]
    names = [record.doc_id for record in records]
    assert is_named(said, names)
    assert not is_named(said, names[::-1])
    assert not is_named(said.model_copy(update={"seed": "t"}), names)
    assert not is_named(said.model_copy(update={"model": "another"}), names)


def test_the_name_of_a_plan_and_its_documents_does_not_drift() -> None:
    """Sets of earlier versions are known by their names: raise VERSION rather than change what a name is made of."""
    one = SetPlan(count=1, seed="s", carried=(Carried(dose=Dose(fact=FACT, level=2)),))
    document = replace(next(iter(write_documents(one, LIBRARY))), doc_id="0" * 16)
    assert collect(one, {FACT: ""}, [document]).set_id == "f307f7f548686eaa"


def test_a_set_under_another_name_is_refused(folder, tmp_path) -> None:
    other = written(tmp_path, count=8, seed="t")
    for one in (folder, other):
        check(one, LIBRARY)
    aside = folder.rename(tmp_path / "aside")
    approve(aside)  # a copy that somebody named for themselves, outside a workspace
    aside.rename(tmp_path / "0123456789abcdef")
    swapped = tmp_path / "0123456789abcdef"
    for act in (lambda: read_set(swapped), lambda: approve(swapped), lambda: check(swapped, LIBRARY)):
        with pytest.raises(BrokenFile, match="another name"):
            act()
    home = tmp_path / "documents"
    shutil.copytree(other, home / "renamed")
    with pytest.raises(BrokenFile, match="another name"):
        read_set(home / "renamed")
    with pytest.raises(FactError):
        load(None, home).shelf.find("renamed")


def forged(rows):
    rows[2]["content"] = rows[2]["content"].replace(" the ", " this ", 1)
    return rows


def forged_with_its_name(rows):
    rows[0]["content"] += " It rained."
    spans = "|".join(f"{','.join(s['wording_id'].split('/'))},{s['start']}" for s in rows[0]["spans"])
    rows[0]["doc_id"] = hashlib.sha256(f"{rows[0]['content']}|{spans}".encode()).hexdigest()[:16]
    return rows


def louder(rows):
    for dose in rows[1]["doses"]:
        dose["level"] = 4
    return rows


def silent(rows):
    rows[1]["doses"] = []
    return rows


def denied(rows):
    rows[1]["doses"][0]["polarity"] = "negated"
    return rows


def twice(rows):
    rows[3]["scaffold_id"] = rows[2]["scaffold_id"]
    return rows


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (forged, "document 3: its text has changed"),
        (forged_with_its_name, "is not the set"),
        (lambda rows: rows[::-1], "is not the set"),
        (lambda rows: rows[1:], "7 documents, and set.json says 8"),
        (twice, "shares its scaffold"),
        (louder, "objections_read affirmed 4, and set.json says affirmed 2"),
        (denied, "objections_read negated 2, and set.json says affirmed 2"),
        (silent, "7 documents carry objections_read, and set.json says 8"),
    ],
)
def test_documents_changed_together_with_their_sum_are_refused_everywhere_with_the_way_out(folder, change, says):
    check(folder, LIBRARY)
    lines(folder, change)
    resum(folder)
    for act in (read_set, approve, read_source, lambda it: check(it, LIBRARY),
                lambda it: written(it.parent, count=8)):  # fmt: skip
        with pytest.raises(BrokenFile, match=says) as raised:
            act(folder)
        assert "move or delete" in str(raised.value)


def test_an_import_whose_text_was_changed_is_refused(outside, tmp_path) -> None:
    for spoil, says in ((" the ", "has changed"), (None, "is not the set")):
        folder = Path(shutil.copytree(outside[0], tmp_path / (spoil or "x").strip() / outside[0].name))
        check(folder, LIBRARY)
        path = folder / "documents.jsonl"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(spoil, " this ", 1) if spoil else text.split("\n", 1)[1], encoding="utf-8")
        resum(folder)
        for act in (approve, lambda it: check(it, LIBRARY)):
            with pytest.raises(BrokenFile, match=says):
                act(folder)


def test_a_folder_that_is_in_the_way_is_not_taken_for_the_set_and_can_be_moved_aside(folder) -> None:
    path = folder / "set.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**said, "labels": {"monitored": "free", "unmonitored": "paid"}}), encoding="utf-8")
    with pytest.raises(BrokenFile, match="in the way"):
        written(folder.parent, count=8)
    moved = move_aside(folder)
    assert moved.name == f"{folder.name}.broken-1"
    assert (moved / "set.json").exists()
    assert written(folder.parent, count=8) == folder
    assert move_aside(folder).name == f"{folder.name}.broken-2"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_without_end_is_refused_by_line(folder, number) -> None:
    path = folder / "documents.jsonl"
    rows = path.read_text(encoding="utf-8").split("\n")
    before, _, rest = rows[1].partition('"airtime": ')
    rows[1] = f'{before}"airtime": {number},{rest.partition(",")[2]}'
    path.write_text("\n".join(rows), encoding="utf-8")
    resum(folder)
    for act in (read_set, lambda it: check(it, LIBRARY)):
        with pytest.raises(BrokenFile, match="line 2: field airtime"):
            act(folder)


@pytest.mark.parametrize("name", ["documents.jsonl", "set.json"])
def test_what_is_no_file_is_never_waited_for(folder, name) -> None:
    import os

    check(folder, LIBRARY)
    (folder / name).unlink()
    for make in (os.mkfifo, lambda path: path.symlink_to("/dev/zero")):
        make(folder / name)
        for act in (read_set, approve, read_source, lambda it: check(it, LIBRARY)):
            with pytest.raises(BrokenFile, match="not a file"):
                act(folder)
        (folder / name).unlink()


def test_a_reason_is_one_line_without_marks_that_steer(folder) -> None:
    said = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    check(folder, LIBRARY)
    path = folder / "set.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**said, "gates": {**said["gates"], "leakage": "fail"}}), encoding="utf-8")
    override(folder, "a\x1b[2J pilot\n\n## never\u202e published")
    kept = json.loads((folder / "override.json").read_text(encoding="utf-8"))["reason"]
    assert kept == "a [2J pilot ## never published"


def test_an_idea_reads_well_for_every_genre(tmp_path) -> None:
    _, records = read_set(written(tmp_path, count=len(genres())))
    assert {record.doc_idea for record in records} == {
        f"objections_read affirmed 2, genre: {genre.name.replace('_', ' ')}" for genre in genres()
    }
