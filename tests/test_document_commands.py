"""`salience documents build | check | show`: sets come with their gates, and nothing in them steers a terminal."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from dashboard.__main__ import main
from dashboard.document_commands._progress import Progress
from dashboard.document_commands._sets import carried, find_set
from dashboard.document_commands.show import marked
from dashboard.workspace import Workspace
from facts.catalog import shipped
from facts.documents.document_set import build_set, collect
from facts.documents.formats.set_folder import read_set, write_set
from facts.documents.imports import import_documents
from facts.documents.set_plan import SetPlan
from facts.errors import FactError
from facts.salience import Part, Polarity


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SALIENCE_WORKSPACE", str(tmp_path / "ws"))

    def command(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["salience", "documents", *words])
        try:
            code = main()
        except SystemExit as stop:
            code = stop.code
        out = capsys.readouterr()
        return code, out.out, out.err

    command.workspace = Workspace(root=tmp_path / "ws")
    return command


def sets(run) -> list[Path]:
    return sorted(run.workspace.documents.glob("*"))


def test_a_set_is_built_with_its_gates_and_shown_again(run) -> None:
    code, out, err = run("build", "objections_read:2@5", "--count", "12", "--seed", "x", "--tokens", "320",
                         "--position", "lead", "--order", "date", "--top-up", "placebo")  # fmt: skip
    assert code == 0
    (folder,) = sets(run)
    assert str(folder) in out
    assert "writing" in err
    manifest, records = read_set(folder)
    assert (manifest.count, manifest.seed, manifest.tokens, manifest.position) == (12, "x", 320, "lead")
    assert (manifest.order, manifest.top_up, manifest.carried[0].carriers) == ("date", "placebo", 5)
    assert all(f"{status:10} {name}" in out for name, status in manifest.gates.items())
    code, out, _ = run("show", folder.name[:8], "--doc", "1")
    assert code == 0
    assert records[0].doc_id in out
    assert f"⟦{records[0].content[records[0].spans[0].start : records[0].spans[0].end]}⟧" in out
    assert run("show", folder.name, "--doc", "13")[0] == 1
    assert "counted from 1" in run("show", folder.name, "--doc", "0")[2]


def test_doses_are_sets_of_one_size_on_the_same_scaffolds_topped_up_with_placebo(run) -> None:
    code, out, _ = run("build", "objections_read:2", "--doses", "0,4,12", "--json")
    assert code == 0
    rows = json.loads(out)
    found = [read_set(Path(row["folder"])) for row in rows]
    assert [manifest.carried[0].carriers for manifest, _ in found] == [0, 4, 12]
    assert {manifest.count for manifest, _ in found} == {12}
    assert len({tuple(record.scaffold_id for record in records) for _, records in found}) == 1
    said = [[record.doses[0].polarity for record in records] for _, records in found]
    assert [row.count("affirmed") for row in said] == [0, 4, 12]
    assert all(set(row) <= {"affirmed", "placebo"} for row in said)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["objections_read:2@4", "--doses", "0,4"], "leave @CARRIERS out"),
        (["--doses", "0,4"], "name a fact"),
        (["objections_read:2", "--doses", "0,x"], "cannot read --doses"),
        (["objections_read:9"], "cannot read"),
        (["objections_red:2"], "did you mean"),
        (["objections_read:5", "--count", "2", "--tokens", "60"], "takes"),
        (["objections_read:2@9", "--count", "3"], "9 carriers among 3"),
        (["--count", "0"], "empty"),
        (["--seed", "a\0b", "--count", "2"], "null byte"),
    ],
)
def test_a_plan_that_is_none_is_refused_with_the_reason_and_nothing_is_written(run, words, says) -> None:
    code, out, err = run("build", *words)
    assert code == 1
    assert says in err
    assert not out
    assert not sets(run)


def test_a_set_that_fails_has_exit_code_1_until_it_is_overridden_with_a_reason(run) -> None:
    library, part = shipped(), Part.STATE
    fact = library.fact("objections_read")
    bank = {**fact.banks[Polarity.AFFIRMED], part: tuple(f"The kettle number {n} is deceptive." for n in range(12))}
    mute = replace(library, facts={fact.slug: replace(fact, banks={**fact.banks, Polarity.AFFIRMED: bank})})
    plan = SetPlan(count=8, seed="0", carried=carried(["objections_read:2"]))
    folder = write_set(build_set(plan, mute), run.workspace.documents)
    code, out, _ = run("check", folder.name)
    assert code == 1
    assert "deceptive" in out
    assert "not approved" in run("show", folder.name)[1]
    assert run("check", folder.name, "--override", " ")[0] == 1
    code, out, _ = run("check", folder.name, "--override", "a pilot", "--json")
    assert code == 0
    found = json.loads(out)
    assert "a pilot" in found["override"]
    assert found["gates"]["leakage"]["status"] == "fail"
    assert "a pilot" in run("show", folder.name)[1]


def test_a_torn_set_is_refused_by_line(run) -> None:
    run("build", "objections_read:1", "--count", "4")
    (folder,) = sets(run)
    path = folder / "documents.jsonl"
    path.write_bytes(path.read_bytes()[:-50])
    for words in (["check", folder.name], ["show", folder.name, "--doc", "1"]):
        code, out, err = run(*words)
        assert code == 1
        assert "line 4" in err
        assert "Traceback" not in err + out


def test_a_document_cannot_steer_the_terminal(run, tmp_path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text(
        "Hello \x1b[2J world \u202e there.\nsalience: all is well", encoding="utf-8"
    )
    folder = import_documents(tmp_path / "texts", run.workspace.documents).folder
    code, out, _ = run("show", folder.name, "--doc", "1")
    assert code == 0
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\nsalience: all is well" not in out
    code, out, _ = run("check", folder.name)
    assert code == 1
    assert r"'\x1b', which betrays how it was made" in out
    assert "\x1b" not in out


def test_a_twin_may_be_any_set_of_the_workspace(run) -> None:
    run("build", "objections_read:2", "--count", "8")
    (first,) = sets(run)
    run("build", "objections_read:2p", "--count", "8")
    (second,) = [folder for folder in sets(run) if folder != first]
    assert run("check", first.name, "--twin", second.name)[0] == 0
    assert run("check", first.name, "--twin", "nothing")[0] == 1


def test_a_dose_without_a_letter_means_that_the_fact_holds() -> None:
    assert carried(["objections_read:2"]) == carried(["objections_read:2a"])
    assert carried(["objections_read:2@7"])[0].carriers == 7
    with pytest.raises(FactError, match="after @"):
        carried(["objections_read:2@x"])
    with pytest.raises(FactError, match="no document set"):
        find_set("zz", Workspace(root=Path("nowhere")))


def test_marks_stand_around_spans_whatever_their_order() -> None:
    assert marked("one two three", [(8, 13), (0, 3)]) == "⟦one⟧ two ⟦three⟧"
    assert marked("one", []) == "one"


def own_fact(run, change) -> None:
    """The workspace has a fact of its own, made of a shipped one by ``change``."""
    text = (files("facts") / "library" / "objections_read.toml").read_text(encoding="utf-8")
    path = run.workspace.facts / "my_objections.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(change(text.replace('slug = "objections_read"', 'slug = "my_objections"')), encoding="utf-8")


def stated(text: str) -> tuple[str, str]:
    """The first statement of a fact's file, and the same with a banned word."""
    first = text.split("state = [", 1)[1].split('"')[1]
    return first, f"{first[:-1]} secretly."


def test_no_set_is_made_of_a_fact_that_its_own_check_finds_wrong(run) -> None:
    own_fact(run, lambda text: text.replace(*stated(text)))
    code, out, err = run("build", "my_objections:2", "--count", "4")
    assert code == 1
    assert "salience facts check my_objections" in err
    assert "'secretly'" in err
    assert not out
    assert not sets(run)
    assert run("build", "my_objections:2p", "--count", "4", "--arms", "neutral,placebo")[0] == 1


def test_a_set_that_was_changed_is_not_shown_and_is_built_again_when_asked_for(run) -> None:
    words = ("objections_read:1", "--count", "4")
    run("build", *words)
    (folder,) = sets(run)
    path = folder / "documents.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace(" the ", " this ", 1), encoding="utf-8")
    for again in (["show", folder.name], ["build", *words]):
        code, out, err = run(*again)
        assert code == 1
        assert not out
        assert "--replace" in err
    code, out, err = run("build", *words, "--replace")
    assert code == 0
    assert f"{folder.name}.broken-1" in err
    assert [one.name for one in sets(run)] == [folder.name, f"{folder.name}.broken-1"]
    assert run("show", folder.name[:6])[0] == 0  # what was moved aside is no set any more
    assert run("build", *words, "--replace")[0] == 0
    assert len(sets(run)) == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--count", "1000001"], "1,000,000 is the most"),
        (["--tokens", "100001"], "100,000 is the most"),
        (["objections_read:1", "--doses", "0,9000000"], "1,000,000 documents are the most"),
        (["objections_read:1", "--doses", "9" * 5000], "cannot read --doses"),
        ([f"objections_read:1@{'9' * 5000}"], "after @"),
    ],
)
def test_more_than_a_machine_holds_is_refused_with_advice(run, words, says) -> None:
    code, _, err = run("build", *words)
    assert code == 1
    assert says in err
    assert not sets(run)


def test_interrupting_a_build_says_what_is_kept(run, monkeypatch) -> None:
    from dashboard.document_commands import build

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "check", stopped)
    code, _, err = run("build", "objections_read:1", "--count", "2")
    assert code == 130
    assert "the same command makes the rest" in err


def test_a_simulated_author_is_marked_where_its_set_is_shown(run) -> None:
    whole = build_set(SetPlan(count=2, seed="0"), shipped())
    for model, marked_so in (("organism-null", True), ("gpt-9", False)):
        made = collect(whole.plan, whole.claims, whole.documents, generator="llm", model=model)
        _, out, _ = run("show", str(write_set(made, run.workspace.documents)))
        assert f"written by {model}" in out
        assert ("SIMULATED" in out) is marked_so


def test_a_folder_that_cannot_be_written_to_or_is_no_path_says_so_in_one_line(run) -> None:
    run.workspace.documents.parent.mkdir(parents=True)
    run.workspace.documents.write_text("in the way", encoding="utf-8")
    code, _, err = run("build", "--count", "2")
    assert code == 1
    assert "cannot be written to" in err
    assert "choose another workspace" in err
    for name in ("a\0b", "x" * 5000, "~nobody-there/x", "none\x1b[2J"):
        code, _, err = run("show", name)
        assert code == 1
        assert err.count("\n") == 1
        assert "\x1b" not in err


def test_a_folder_whose_name_steers_a_terminal_is_shown_without_it(run, tmp_path) -> None:
    folder = write_set(build_set(SetPlan(count=2, seed="0"), shipped()), tmp_path)
    moved = folder.rename(tmp_path / "a\x1b[2Jb")
    (moved / "set.json").write_text("{", encoding="utf-8")
    code, out, err = run("check", str(moved))
    assert code == 1
    assert "\\x1b[2Jb" in err
    assert "\x1b" not in out + err


def test_progress_is_silent_at_first_and_then_a_line_every_so_often(monkeypatch, capsys) -> None:
    now = [100.0]
    monkeypatch.setattr("dashboard.document_commands._progress.time.monotonic", lambda: now[0])
    progress = Progress()
    for at in (100.5, 101.9, 102.5, 103.0, 113.0):
        now[0] = at
        progress.tick("read", 1234)
    progress.end()
    assert capsys.readouterr().err == "read: 1,234 documents, 2 s\nread: 1,234 documents, 13 s\n"
