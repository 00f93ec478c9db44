"""`salience batches`: what lies at providers, by words and as JSON, and giving a batch up."""

import json

import pytest

from batch_maker import KEY, answers, asked, model
from batch_server import BatchServer
from dashboard.__main__ import main
from runners.batches.batch import Stage
from runners.batches.ledger import Ledger


@pytest.fixture
def lying(tmp_path, monkeypatch):
    """A workspace with one open batch of four requests and one that was harvested, and their server."""
    monkeypatch.setenv("TEST_KEY", KEY)
    with BatchServer() as server:
        who = model("anthropic", server.url)
        answers(asked(who, 2, start=50), who, tmp_path, comparison="done")
        server.faults = lambda call, _n: 401 if call == "look" else None
        answers(asked(who, 4), who, tmp_path, comparison="ladder")
        server.faults = lambda _call, _n: None
        yield tmp_path, server, who


def salience(folder, *words):
    return main(["--workspace", str(folder), "batches", *words])


def tag_of(folder):
    return next(batch.tag for batch in Ledger(folder / "batches").every() if batch.open)


def test_it_lists_what_is_open_and_with_all_what_is_not(lying, capsys):
    folder, _, _ = lying
    assert salience(folder) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{tag_of(folder)}  sent  anthropic one  4 requests of ladder, begun ")
    assert "id batch_2" in line
    assert salience(folder, "--all") == 0
    assert "harvested  anthropic one  2 requests, 2 kept of done" in capsys.readouterr().out
    assert salience(folder, "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["stage"], found["requests"], found["comparison"]) == ("sent", 4, "ladder")


def test_it_says_so_where_nothing_lies_in_batches(tmp_path, capsys):
    assert salience(tmp_path) == 0
    assert "nothing lies in batches" in capsys.readouterr().out


def test_what_is_given_up_is_bought_again_and_nothing_else_can_be_given_up(lying, capsys):
    folder, server, who = lying
    assert salience(folder, "--forget", "nonsense") == 1
    assert tag_of(folder) in capsys.readouterr().err
    tag = tag_of(folder)
    assert salience(folder, "--forget", tag) == 0
    assert "may be billed twice" in capsys.readouterr().out
    assert Ledger(folder / "batches").read(tag).stage is Stage.FORGOTTEN
    assert salience(folder, "--forget", tag) == 1
    answers(asked(who, 4), who, folder, comparison="ladder")
    assert [len(held.requests) for held in server.batches] == [2, 4, 4]


def test_a_batch_that_a_run_waits_for_is_not_given_up(lying, capsys):
    folder, _, _ = lying
    with Ledger(folder / "batches").lock(tag_of(folder)):
        assert salience(folder, "--forget", tag_of(folder)) == 1
    assert "cancel it first" in capsys.readouterr().err
    assert Ledger(folder / "batches").read(tag_of(folder)).open


def test_a_record_that_cannot_be_read_is_named_beside_the_others(lying, capsys):
    folder, _, _ = lying
    (folder / "batches" / "odd.json").write_text("[]", encoding="utf-8")
    assert salience(folder) == 1
    shown = capsys.readouterr()
    assert tag_of_readable(folder) in shown.out
    assert "odd.json" in shown.err
    assert salience(folder, "--forget", tag_of_readable(folder)) == 0


def tag_of_readable(folder):
    found, _ = Ledger(folder / "batches").readable()
    return next(batch.tag for batch in found if batch.requests == 4)
