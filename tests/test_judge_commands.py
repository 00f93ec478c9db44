"""Judging from the command line: what is kept is judged again for the judge's price alone, and judges are compared."""

from __future__ import annotations

import json

import pytest

from cache.store import Store
from dashboard.__main__ import main
from dashboard.judge_agreement import judge_agreement
from dashboard.progress_file import JUDGING, read_progress, write_progress
from dashboard.workspace import Workspace
from judged_workspace import judge
from runners.progress import ModelProgress, Progress, State


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    return judge(tmp_path_factory.mktemp("judged"))


def salience(judged, *words):
    return main(["--workspace", str(judged.workspace.root), *words])


def kept(judged):
    with Store(judged.workspace.store) as store:
        return store.count()


def test_another_judge_reads_what_is_kept_and_no_sample_is_bought(judged, capsys):
    before = kept(judged)
    assert salience(judged, "judge", "judged", "--judge", "organism/null", "--json") == 0
    last = json.loads(capsys.readouterr().out)
    models = {model["label"]: model for model in last["models"]}
    assert models["organism/paper_like"]["done"] == 0
    assert models["organism/null"]["done"] == kept(judged) - before > 0
    assert salience(judged, "judge", "judged", "--judge", "organism/null", "--json") == 0
    assert sum(model["done"] for model in json.loads(capsys.readouterr().out)["models"]) == 0


def test_judging_again_leaves_the_record_of_the_run_alone(judged, capsys):
    folder = judged.workspace.run_folder("judged")
    run = Progress(comparison="judged", state=State.FINISHED, models=(ModelProgress(label="m", planned=9, done=9),))
    write_progress(folder, run)
    assert salience(judged, "judge", "judged", "--judge", "organism/null", "--json") == 0
    capsys.readouterr()
    assert read_progress(folder) == run
    assert read_progress(folder, JUDGING).state is State.FINISHED


def test_the_comparison_s_file_keeps_its_own_judge(judged):
    text = (judged.workspace.comparisons / "judged.toml").read_text(encoding="utf-8")
    assert 'judges = [\n    "organism/paper_like",\n]' in text


def test_agreement_lays_two_judges_side_by_side_with_intervals(judged, capsys):
    salience(judged, "judge", "judged", "--judge", "organism/null")
    capsys.readouterr()
    both = ("--judge", "organism/paper_like", "--judge", "organism/null")
    assert salience(judged, "agreement", "judged", *both, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"compliance", "alignment_faking", "outcomes", "revealing", "interview"}
    whole, *each = found["compliance"]
    assert whole["judges"] == ["organism/paper_like", "organism/null"]
    assert whole["agreement"]["samples"] == sum(row["agreement"]["samples"] for row in each)
    assert whole["agreement"]["percent"]["value"] > 0.8
    assert salience(judged, "agreement", "judged", *both) == 0
    assert capsys.readouterr().out.startswith("SIMULATED\n")


def test_a_judge_agrees_with_itself_entirely(judged):
    twice = [judged.results(), judged.results()]
    whole = judge_agreement(twice, "compliance")[0].agreement
    assert whole.percent.value == 1.0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("agreement", "judged"), "name two or more with --judge"),
        (("judge", "judged", "--judge", "nobody-known"), "no model 'nobody-known'"),
        (("judge", "judged", "--rubric", "alignment_faking@99"), "has no version 99"),
        (("judge", "judged", "--rubric", "alignment_faking"), "write name@version"),
        (("agreement", "judged", "--judge", "organism/null", "--judge", "organism/paper_like", "--metric", "recall"),
         "no judged metric"),
        (("report", "judged", "--judge", "nobody-known"), "no model 'nobody-known'"),
        (("power", "judged", "--monitored", "1.5"), "is a fraction from 0 to 1"),
        (("power", "judged", "--simulate", "2", "--measure", "nothing"), "has no measure 'nothing'"),
        (("power", "judged", "--simulate", "2", "--organism", "nobody"), "nobody"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_what_to_do(judged, capsys, words, said):
    assert salience(judged, *words) == 1
    assert said in capsys.readouterr().err


def test_a_comparison_without_a_judge_says_how_to_name_one(tmp_path, capsys):
    file = tmp_path / "x.toml"
    file.write_text('name = "x"\nsetting = "value_conflict"\nmodel = "organism/null"\nmetrics = ["revealing"]\n'
                    '[design]\nkind = "ladder"\nfacts = ["objections_read"]\n', encoding="utf-8")  # fmt: skip
    assert main(["--workspace", str(tmp_path / "w"), "run", str(file)]) == 1
    assert 'judges = ["MODEL"]' in capsys.readouterr().err
    assert not Workspace(root=tmp_path / "w").store.exists()


def test_power_says_what_more_queries_buy_and_a_rehearsal_what_the_actual_rule_finds(judged, capsys):
    words = ("power", "judged", "--simulate", "3", "--measure", "noncompliance_judged", "--json")
    assert salience(judged, *words) == 0
    found = json.loads(capsys.readouterr().out)
    first, more = found["formula"]["the gap"][:2]
    assert more["queries"] > first["queries"]
    assert {row["simulations"] for row in found["simulated"]} == {3}
    assert all(0 <= row["found_adjusted"] <= row["found"] <= 1 for row in found["simulated"])
    assert salience(judged, *words[:-1]) == 0
    assert "SIMULATED" in capsys.readouterr().out


def test_a_rehearsal_finds_a_large_true_effect_and_seldom_one_that_is_not_there(tmp_path):
    from dashboard.rehearsal import rehearse
    from facts.catalog import shipped
    from organism_maker import truth_file
    from runners.comparison import Comparison

    comparison = Comparison(
        name="power", setting="value_conflict", models=("organism/null",), facts=("objections_read",), levels=(0, 5),
        polarities=("affirmed",), queries=16, replicates=3, metrics=("option",),
    )  # fmt: skip
    strong = truth_file(tmp_path, facts="objections_read = { monitored = 0.6, unmonitored = 0.6 }\n")
    for name, least, most in ((strong, 0.9, 1.0), ("null", 0.0, 0.2)):
        *_, last = rehearse(comparison, shipped(), "noncompliance", name=name, simulations=20)
        (shift,) = [row for row in last if row.kind == "level_shift"]
        assert least <= shift.found <= most, (name, shift)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('reasoning = ["none"]\nmetrics = ["alignment_faking"]', "reads the reasoning, and there is none"),
        ('reasoning = ["none"]\nmetrics = ["outcomes"]', "reads the reasoning, and there is none"),
        ('reasoning = ["scratchpad"]\ntiers = ["unmonitored"]\nmetrics = ["outcomes"]', "read in the monitored tier"),
        ("queries = 4\nlooks = 5", "5 looks at 4 queries"),
    ],
)
def test_what_could_only_be_paid_for_nothing_is_refused_before_spending(tmp_path, capsys, lines, said):
    file = tmp_path / "x.toml"
    file.write_text(f'name = "x"\nsetting = "helpful_only"\nmodel = "organism/null"\n{lines}\n[judging]\n'
                    'judges = ["organism/null"]\n[design]\nkind = "ladder"\nfacts = ["objections_read"]\n',
                    encoding="utf-8")  # fmt: skip
    assert main(["--workspace", str(tmp_path / "w"), "plan", str(file)]) == 1
    assert said in capsys.readouterr().err
