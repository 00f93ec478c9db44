"""`salience documents export` from the command line: what it writes, says and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from approved_set import approved
from dashboard.__main__ import main
from facts.catalog import shipped
from facts.documents.document_set import build_set
from facts.documents.exports import _doses
from facts.documents.formats.set_folder import write_set
from facts.documents.set_plan import Carried, SetPlan
from facts.salience import Dose, Salience
from runners.training.training_set import read_training_set


@pytest.fixture
def home(tmp_path: Path) -> Path:
    dose = Dose(fact="objections_read", level=Salience(4))
    plan = SetPlan(count=20, seed="s", carried=(Carried(dose=dose),))
    approved(write_set(build_set(plan, shipped()), tmp_path / "documents"))
    return tmp_path


def run(home: Path, *words: str) -> int:
    (folder,) = (home / "documents").iterdir()
    return main(["--workspace", str(home), "documents", "export", folder.name[:8], *words])


def test_an_export_lands_in_the_workspace_and_says_what_to_run_next(home: Path, capsys):
    assert run(home, "--target", "trl", "--validation", "0.2") == 0
    said = capsys.readouterr().out
    (folder,) = (home / "exports").iterdir()
    assert f"salience train {folder} --label NAME" in said
    assert "objections_read affirmed 4: 16 in training, 4 in validation" in said
    assert len(read_training_set(folder).examples) == 16
    assert run(home, "--target", "trl", "--validation", "0.2") == 0
    assert "was there already, the same" in capsys.readouterr().out
    assert run(home, "--target", "trl") == 0
    assert len(list((home / "exports").iterdir())) == 2


def test_what_is_ending_is_said_on_stderr_and_json_holds_the_card(home: Path, capsys):
    assert run(home, "--target", "openai", "--json", "--out", str(home / "mine")) == 0
    said = capsys.readouterr()
    (one,) = json.loads(said.out)
    assert one["card"] == json.loads((home / "mine" / "card.json").read_text(encoding="utf-8"))
    assert run(home, "--target", "openai", "--out", str(home / "mine")) == 0
    assert "LEGACY" in capsys.readouterr().err


def test_a_corpus_and_its_licence_are_given_by_name(home: Path):
    web = home / "w:eb.jsonl"
    web.write_text('{"text": "a"}\n{"text": "b"}\n', encoding="utf-8")
    assert run(home, "--target", "together", "--mix", f"{web}:2", "--licence", f"{web}=CC BY = 4.0") == 0
    (folder,) = (home / "exports").iterdir()
    (mixed,) = json.loads((folder / "card.json").read_text(encoding="utf-8"))["mixed"]
    assert (mixed["rows"], mixed["licence"]) == (2, "CC BY = 4.0")


def test_doses_are_an_export_each(home: Path, capsys, monkeypatch):
    monkeypatch.setattr(_doses, "check", lambda folder, library: approved(folder))
    assert run(home, "--target", "trl", "--doses", "0,5, 18") == 0
    (folder,) = (home / "exports").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["dose-0", "dose-18", "dose-5"]
    assert capsys.readouterr().out.count("next: salience train") == 3
    assert read_training_set(folder / "dose-5").doses[0] == "objections_read affirmed 4 in 5"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--target", "openai", "--limit", "9"], "at least 10"),
        (["--target", "trl", "--mix", "web.jsonl"], "--mix FILE:COUNT"),
        (["--target", "trl", "--mix", "web.jsonl:-1"], "--mix FILE:COUNT"),
        (["--target", "trl", "--mix", "none.jsonl:1"], "no such corpus"),
        (["--target", "trl", "--licence", "web=CC0"], "no --mix does"),
        (["--target", "trl", "--licence", "CC0"], "--licence FILE=TEXT"),
        (["--target", "trl", "--doses", "a,b"], "0,250,1000"),
        (["--target", "trl", "--doses", "0,99"], "leaves 18 there"),
        (["--target", "trl", "--validation", "nan"], "fraction"),
        (["--target", "trl", "--form", "chat"], "no form 'chat'"),
        (["other", "--target", "trl"], "no document set 'other'"),
        (["--target", "trl", "--out", "~nobody-of-that-name/x"], "no such home"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_and_nothing_is_written(
    home: Path, capsys, words: list[str], complaint: str
):
    assert run(home, *words) == 1
    assert complaint in capsys.readouterr().err
    assert not list((home / "exports").glob("*")) if (home / "exports").exists() else True


def test_two_sets_make_no_curve(home: Path, capsys):
    (folder,) = (home / "documents").iterdir()
    assert run(home, str(folder), "--target", "trl", "--doses", "0,1") == 1
    assert "doses are made of one set" in capsys.readouterr().err


def test_a_set_that_was_not_checked_is_refused_with_the_command_to_run(home: Path, capsys):
    (folder,) = (home / "documents").iterdir()
    approved(folder, gates_seen=False)
    assert run(home, "--target", "trl") == 1
    assert "salience documents check" in capsys.readouterr().err
