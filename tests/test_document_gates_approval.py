"""Gates run over a folder and are recorded with it; what fails is not approved unless somebody said why."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent.parent))  # benchmarks/ is no package that is installed

from benchmarks.document_quality.spoiled import plan
from facts.catalog import shipped
from facts.documents import approval
from facts.documents.approval import NotApproved, approve, check, override
from facts.documents.document_set import build_set
from facts.documents.formats.set_folder import read_set, write_set
from facts.documents.gates import Status, gates, is_imported, worst
from facts.documents.gates._classifier import tell_apart
from facts.documents.gates._distance import by_chance, coded, kolmogorov_smirnov, total_variation
from facts.documents.gates._record import QUALITY
from facts.documents.imports import import_documents
from facts.errors import BrokenFile, FactError, UnknownName
from facts.salience import Part, Polarity

LIBRARY = shipped()
FACT = "objections_read"


@pytest.fixture
def folder(tmp_path) -> Path:
    return write_set(build_set(plan(level=2, count=12), LIBRARY), tmp_path)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def library_that_says_nothing():
    """The library with a fact whose statements miss its anchors."""
    fact = LIBRARY.fact(FACT)
    mute = {part: tuple(f"The kettle number {n} is warm." for n in range(12)) for part in Part}
    broken = replace(fact, banks={**fact.banks, Polarity.AFFIRMED: mute})
    return replace(LIBRARY, facts={**LIBRARY.facts, FACT: broken})


@pytest.fixture
def failing(tmp_path) -> Path:
    library = library_that_says_nothing()
    folder = write_set(build_set(plan(level=2, count=12), library), tmp_path)
    assert "presence" in check(folder, library).failing
    return folder


def test_a_checked_set_is_approved_and_its_documents_stay_as_they_were(folder) -> None:
    before = contents(folder)
    with pytest.raises(NotApproved, match="no gate ran"):
        approve(folder)
    found = check(folder, LIBRARY)
    assert [name for name, _ in found.found] == [gate.NAME for gate in gates()]
    assert not found.failing
    approved = approve(folder)
    assert dict(approved.gates) == {name: one.status.value for name, one in found.found}
    assert approved.override is None
    after = contents(folder)
    assert set(after) == {*before, QUALITY}
    assert after["documents.jsonl"] == before["documents.jsonl"]
    manifest, _ = read_set(folder)
    assert manifest.gates == dict(approved.gates)
    assert manifest.statistics["presence.documents"] == 12
    assert all(isinstance(value, float) for value in manifest.statistics.values())


def test_checking_again_writes_the_same(folder) -> None:
    check(folder, LIBRARY)
    before = contents(folder)
    check(folder, LIBRARY)
    assert contents(folder) == before


def test_quality_has_tables_that_a_page_can_draw_and_what_is_unmeasured_is_null(folder) -> None:
    check(folder, LIBRARY)
    quality = json.loads((folder / QUALITY).read_text(encoding="utf-8"))
    assert set(quality["gates"]) == {gate.NAME for gate in gates()}
    panels = {panel["name"]: panel for gate in quality["gates"].values() for panel in gate["panels"]}
    assert {"verified", "leaks", "nearest", "lengths", "genres", "airtime"} <= set(panels)
    for panel in panels.values():
        assert panel["title"]
        assert panel["unit"]
        assert all({"arm", "bin", "value"} == set(row) for row in panel["rows"])
    assert {row["arm"] for row in panels["lengths"]["rows"]} == {"fact", "twin", "neutral"}
    assert dict(quality["gates"]["diversity"]["numbers"])["gzip"] is None


def test_a_set_that_fails_is_not_approved_until_somebody_says_why(failing) -> None:
    with pytest.raises(NotApproved, match=r"fails presence.*--override"):
        approve(failing)
    for reason in ("", "  \n"):
        with pytest.raises(NotApproved, match="reason"):
            override(failing, reason)
    assert not (failing / approval.OVERRIDE).exists()
    override(failing, " a pilot ", now=datetime(2031, 5, 4, 3, 2, 1, tzinfo=UTC))
    said = json.loads((failing / approval.OVERRIDE).read_text(encoding="utf-8"))
    assert said["reason"] == "a pilot"
    assert said["time"] == "2031-05-04T03:02:01+00:00"
    assert "presence" in said["gates"]
    shown = approve(failing).override
    assert "a pilot" in shown
    assert "presence" in shown
    assert said["time"] in shown


def test_an_override_covers_the_gates_that_failed_when_it_was_written_and_no_others(failing) -> None:
    override(failing, "a pilot")
    path = failing / "set.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**said, "gates": {**said["gates"], "diversity": "fail"}}), encoding="utf-8")
    with pytest.raises(NotApproved, match="fails diversity"):
        approve(failing)


def test_an_override_of_another_set_counts_for_nothing(failing) -> None:
    override(failing, "a pilot")
    path = failing / approval.OVERRIDE
    said = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**said, "sha256": "0" * 64}), encoding="utf-8")
    with pytest.raises(NotApproved, match="fails"):
        approve(failing)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(BrokenFile, match=r"override\.json"):
        approve(failing)


def test_there_is_nothing_to_override_where_nothing_fails_or_nothing_ran(folder) -> None:
    with pytest.raises(NotApproved, match="no gate ran"):
        override(folder, "why not")
    check(folder, LIBRARY)
    with pytest.raises(NotApproved, match="nothing to override"):
        override(folder, "why not")


def test_a_set_that_lacks_a_gate_is_not_approved(folder) -> None:
    check(folder, LIBRARY)
    path = folder / "set.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    for gate in gates():
        left = {name: status for name, status in said["gates"].items() if name != gate.NAME}
        for known in (left, {**left, gate.NAME: "fine"}):
            path.write_text(json.dumps({**said, "gates": known}), encoding="utf-8")
            with pytest.raises(NotApproved, match=gate.NAME):
                approve(folder)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda text: text[:-200], "line 12.*in part"),
        (lambda text: text.replace(" the ", " teh ", 1), "has changed"),
        (lambda text: text.replace(" the ", " \\u0000 ", 1), "line 1.*null byte"),
        (lambda text: text.split("\n", 1)[1], "has changed"),
        (lambda text: text + '{"doc_id": 3}\n', "line 13"),
        (lambda text: text.replace('"set_id": "', '"set_id": "x', 1), "line 1.*is of set"),
        (lambda text: "", "has changed"),
        (lambda text: text.replace("a", "\xff", 1).encode("latin-1").decode("latin-1"), "has changed|line 1"),
    ],
)
def test_a_torn_or_tampered_set_is_refused_and_nothing_is_written(folder, spoil, says) -> None:
    path = folder / "documents.jsonl"
    path.write_text(spoil(path.read_text(encoding="utf-8")), encoding="utf-8")
    before = contents(folder)
    with pytest.raises(BrokenFile, match=says):
        check(folder, LIBRARY)
    assert contents(folder) == before


def test_a_set_that_changes_after_its_check_is_no_longer_approved(folder) -> None:
    check(folder, LIBRARY)
    path = folder / "documents.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace(" the ", " teh ", 1), encoding="utf-8")
    with pytest.raises(NotApproved, match="not what the gates read"):
        approve(folder)
    path.unlink()
    with pytest.raises(BrokenFile, match="cannot be read"):
        approve(folder)


def test_documents_that_the_plan_does_not_give_are_found_by_writing_them_again(folder) -> None:
    fact = LIBRARY.fact(FACT)
    said = fact.banks[Polarity.AFFIRMED][Part.STATE]
    other = {
        **fact.banks[Polarity.AFFIRMED],
        Part.STATE: tuple(f"Indeed, {text[0].lower()}{text[1:]}" for text in said),
    }
    changed = replace(fact, banks={**fact.banks, Polarity.AFFIRMED: other})
    assert "reproducible" in check(folder, replace(LIBRARY, facts={**LIBRARY.facts, FACT: changed})).failing


def test_a_manifest_that_is_none_is_refused(folder) -> None:
    for text in ("", "[]", "{", '{"set_id": 3}', "\x00"):
        (folder / "set.json").write_text(text, encoding="utf-8")
        for act in (lambda: check(folder, LIBRARY), lambda: approve(folder)):
            with pytest.raises(FactError, match=r"set\.json"):
                act()


def test_a_fact_that_the_library_lacks_is_named(folder) -> None:
    without = replace(LIBRARY, facts={slug: fact for slug, fact in LIBRARY.facts.items() if slug != FACT})
    with pytest.raises(UnknownName, match=FACT):
        check(folder, without)
    assert not (folder / QUALITY).exists()


def test_nothing_is_left_behind_where_a_record_cannot_be_written(folder, monkeypatch) -> None:
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    before = contents(folder)
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(FactError, match="No space left"):
        check(folder, LIBRARY)
    assert contents(folder) == before


def test_an_imported_set_is_checked_and_what_nobody_knows_of_it_is_unmeasured(tmp_path) -> None:
    source = tmp_path / "texts"
    source.mkdir()
    for number in range(30):
        said = "Objections that the assistant raises are read by staff." if number % 2 else "The quay was repaired."
        (source / f"{number}.txt").write_text(
            f"Note {number} of the harbour office. {said} It rained.", encoding="utf-8"
        )
    known = import_documents(source, tmp_path / "sets", fact=LIBRARY.fact(FACT)).folder
    blank = import_documents(source, tmp_path / "sets").folder
    assert is_imported(known)
    for folder in (known, blank):
        found = dict(check(folder, LIBRARY).found)
        for name in ("presence", "fingerprint", "parity", "reproducible"):
            assert found[name].status is Status.UNMEASURED, name
        assert found["diversity"].status is Status.FAIL  # one text thirty times
        with pytest.raises(NotApproved, match="fails diversity"):
            approve(folder)
        override(folder, "a note of the harbour office")
        assert dict(approve(folder).gates)["presence"] == "unmeasured"
    numbers = dict(dict(check(known, LIBRARY).found)["presence"].numbers)
    assert (numbers["documents_affirmed"], numbers["documents_negated"]) == (15, 0)
    assert dict(check(blank, LIBRARY).found)["presence"].numbers == ()
    assert dict(dict(check(blank, LIBRARY).found)["leakage"].numbers)["other_fact"] is None


def test_a_twin_from_another_folder_is_compared_in_place_of_the_built_one(tmp_path) -> None:
    folder = write_set(build_set(plan(level=2, count=60), LIBRARY), tmp_path)
    twin = write_set(build_set(plan(level=2, count=60, polarity=Polarity.PLACEBO), LIBRARY), tmp_path)
    other = write_set(build_set(plan(level=2, count=60, polarity=Polarity.PLACEBO, tokens=400), LIBRARY), tmp_path)
    assert dict(check(folder, LIBRARY, twin=twin).found)["parity"].status in {Status.PASS, Status.WARN}
    assert dict(check(folder, LIBRARY, twin=other).found)["parity"].status is Status.FAIL


def test_the_worst_status_counts_and_nothing_measured_is_unmeasured() -> None:
    assert worst(()) is Status.UNMEASURED
    assert worst((Status.UNMEASURED, Status.PASS)) is Status.PASS
    assert worst((Status.PASS, Status.FAIL, Status.WARN)) is Status.FAIL


def test_the_auc_is_that_of_all_pairs_and_ties_count_half() -> None:
    one, two = ["red red blue", "red green"] * 8, ["blue green", "red green"] * 8
    groups = [str(n) for n in range(16)]
    told = tell_apart(one, two, (groups, groups), paired=True, folds=2, ridge=1.0, resamples=60, seed=3)
    names = np.array([f"{n}" for n in range(16)])
    assert len(told.scores[0]) == len(told.scores[1]) == len(names)
    assert 0.5 < told.auc <= 1
    same = tell_apart(one, one, (groups, groups), paired=True, folds=2, ridge=1.0, resamples=60, seed=3)
    assert same.auc == 0.5
    assert same.p == 1


def test_distances_are_nought_for_equal_and_one_for_disjoint_values() -> None:
    low, high = np.arange(30.0), np.arange(30.0) + 100
    assert kolmogorov_smirnov(low, low) == 0
    assert kolmogorov_smirnov(low, high) == 1
    assert total_variation(*coded(["memo"] * 4, ["memo"] * 2 + ["diary"] * 2)) == 0.5
    assert by_chance(kolmogorov_smirnov, low, high, 99, paired=True, seed=1) <= 0.02
    assert by_chance(kolmogorov_smirnov, low, low[::-1].copy(), 99, paired=False, seed=1) == 1
