"""Whole runs with judges over a real local server: what they cost, and what is never paid twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest

from cache.store import Store
from dashboard.launch import launch
from facts.catalog import shipped
from facts.errors import FactError
from fake_server import Reply
from judge_maker import EVERYTHING, FAST, World, good_verdict, is_judged, unlike
from runners import judged_run, planning, rubric
from runners.progress import State


@pytest.fixture
def world(tmp_path):
    with World(tmp_path) as made:
        yield made


@pytest.mark.parametrize("where", ["fresh", "after"])
@pytest.mark.parametrize("judge", ["judge", "subject"])
def test_a_run_makes_the_calls_of_its_plan_and_a_second_run_none(world, where, judge) -> None:
    world.subject = unlike
    comparison = world.comparison(metrics=EVERYTHING, interview=where, judges=(judge,))
    with Store(world.folder / "store") as store:
        plan = world.plan(comparison, store)
    assert [m.model.label for m in plan.models] == (["subject"] if judge == "subject" else ["subject", "judge"])
    last = world.run(comparison)
    trials, asked = 2 * 2 * 2 * 2, 2 * 2 * 2 * 7
    verdicts = trials * 2 + trials // 2 * 5 + asked  # compliance and revealing, votes where monitored, each answer
    assert world.asked == {"subject": trials + asked, "judge": verdicts}
    assert plan.calls == plan.new == last.calls == last.new == last.planned == trials + asked + verdicts
    assert (last.state, last.failed) == (State.FINISHED, 0)
    again = world.run(comparison)
    assert (again.state, again.calls, again.new, again.failed) == (State.FINISHED, 0, 0, 0)
    assert again.finished == last.planned
    assert world.asked.total() == plan.calls
    with Store(world.folder / "store") as store:
        kept = world.plan(comparison, store)
        assert (kept.new, kept.calls, store.count()) == (0, plan.calls, plan.calls)
    read = world.values(comparison, judge)
    assert read["compliance", "complied"] == read["revealing", "pressure"] == trials
    assert read["alignment_faking", "yes"] == trials // 2
    kinds = {value: n for (name, value), n in read.items() if name == "outcomes"}  # A is the rule in half the prompts
    assert kinds == dict.fromkeys(("complied + faking", "refused + faking", "complied", "refused"), trials // 4)
    assert read["interview", "pressure, honest"] == asked
    assert not [key for key in read if key[1] is None]


def test_equal_replies_share_a_verdict_and_all_their_trials_are_scored(world) -> None:
    comparison = world.comparison(metrics=("compliance",), queries=3, replicates=4)
    with Store(world.folder / "store") as store:
        assert world.plan(comparison, store).models[1].calls == 48, "before anything is known: one a sample"
    last = world.run(comparison)
    assert world.asked["subject"] == 48
    assert world.asked["judge"] == last.models[1].done < 24
    assert world.values(comparison) == {("compliance", "complied"): 48}
    with Store(world.folder / "store") as store:
        assert world.plan(comparison, store).models[1].calls == world.asked["judge"], "once they are kept: exactly"


def test_equal_replies_of_two_models_share_a_verdict_and_the_plan_counts_it_once(world) -> None:
    comparison = world.comparison(metrics=("compliance",), models=("subject", "other"))
    last = world.run(comparison)
    with Store(world.folder / "store") as store:
        plan = world.plan(comparison, store)
    assert world.asked["judge"] == last.models[2].done == plan.models[2].calls
    assert plan.new == 0
    for model in comparison.models:
        assert world.values(replace(comparison, models=(model,))) == {("compliance", "complied"): 16}


def test_trials_with_one_and_the_same_request_are_asked_once_and_each_settled(world, monkeypatch) -> None:
    comparison = world.comparison(metrics=("compliance",))
    trials = list(planning.trials(comparison, shipped(), world.model("subject")))
    twice = [*trials, *(replace(trial, replicate=9) for trial in trials)]
    monkeypatch.setattr(judged_run, "trials", lambda *_: iter(twice))
    last = world.run(comparison)
    assert (last.state, last.failed, world.asked["subject"]) == (State.FINISHED, 0, 16)
    assert world.values(comparison) == {("compliance", "complied"): 16}


def test_the_plan_is_near_and_never_below_what_is_asked_while_nothing_is_kept(world) -> None:
    for metrics in (("compliance",), ("alignment_faking",), ("interview",), ("outcomes", "recall"), EVERYTHING):
        comparison = world.comparison(name="m" + str(len(metrics[0])), metrics=metrics, interview="after")
        with Store(world.folder / f"none{metrics[0]}{len(metrics)}") as store:
            plan = world.plan(comparison, store)
        assert plan.calls >= world.run(comparison).planned


def test_an_unknown_price_of_the_judge_makes_the_cost_unknown(world) -> None:
    comparison, cheap = world.comparison(), {"judge": world.model("judge", usd_per_mtok_in=None)}
    with Store(world.folder / "store") as store:
        assert world.plan(comparison, store).cost() > 0
        assert world.plan(comparison, store, **cheap).cost() is None
        assert world.plan(comparison, store, **cheap).models[0].cost_high is not None
    with pytest.raises(FactError, match="the price of judge is unknown"):
        world.run(comparison, limits=replace(FAST, max_usd=1.0), **cheap)
    assert not world.asked


def test_a_missing_key_of_the_judge_is_known_before_spending_and_stops_nobody_else(world, monkeypatch) -> None:
    monkeypatch.delenv("JUDGE_KEY", raising=False)
    keyed, comparison = {"judge": world.model("judge", key_env="JUDGE_KEY")}, world.comparison()
    with Store(world.folder / "store") as store:
        assert "JUDGE_KEY" in (world.plan(comparison, store, **keyed).models[1].problem or "")
    last = world.run(comparison, **keyed)
    assert world.asked == {"subject": 16}
    assert "JUDGE_KEY" in last.models[1].messages["not_ready"]
    assert last.models[1].failed
    monkeypatch.setenv("JUDGE_KEY", "sk-good-0123456789")
    assert world.run(comparison, **keyed).models[1].done == world.asked["judge"] > 0
    assert world.asked["subject"] == 16


def test_another_judge_or_another_rubric_pays_only_the_judge(world, tmp_path, monkeypatch) -> None:
    comparison = world.comparison()
    world.run(comparison)
    first = world.asked["judge"]
    other = replace(comparison, judges=("second",))
    last = world.run(other)
    assert (world.asked["subject"], world.asked["judge"], last.calls) == (16, 2 * first, first)
    assert not [key for key in world.values(other, "second") if key[1] is None]
    both = replace(comparison, judges=("judge", "second", "third"))
    last = world.run(both)
    assert (world.asked["subject"], last.calls) == (16, first), "a judge more pays only that judge"
    assert [m.label for m in last.models] == ["subject", "judge", "second", "third"]
    assert [m.done for m in last.models] == [0, 0, 0, first]

    folder = tmp_path / "rubrics"
    folder.mkdir()
    for path in rubric._HERE.glob("*.toml"):
        (folder / path.name).write_bytes(path.read_bytes())
    text = (folder / "compliance.v1.toml").read_text(encoding="utf-8")
    (folder / "compliance.v2.toml").write_text(
        text.replace("version = 1", "version = 2").replace("You read what", "Read what"), encoding="utf-8")  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr(rubric, "_HERE", folder)
        rubric.find.cache_clear()
        rubric.names.cache_clear()
        before = world.asked["judge"]
        newest = world.run(comparison)
        pinned = world.run(replace(comparison, rubrics=("compliance@1",)))
        assert 0 < newest.calls == world.asked["judge"] - before < first
        assert (pinned.calls, world.asked["subject"]) == (0, 16)
    rubric.find.cache_clear()
    rubric.names.cache_clear()


def test_more_votes_pay_only_the_further_votes(world) -> None:
    comparison = world.comparison(metrics=("alignment_faking",), votes=2)
    world.run(comparison)
    few = world.asked["judge"]
    last = world.run(replace(comparison, votes=6))
    assert last.calls == 2 * few
    assert world.run(replace(comparison, votes=3)).calls == 0


def test_a_threshold_costs_nothing(world) -> None:
    comparison = world.comparison(metrics=("alignment_faking",))
    world.run(comparison)
    assert world.run(replace(comparison, threshold=0.9)).calls == 0


@pytest.mark.parametrize("judge", ["judge", "subject"])
def test_judging_what_is_kept_asks_the_models_under_test_nothing(world, judge) -> None:
    comparison = world.comparison(metrics=("option",), judges=(), replicates=2)
    world.run(comparison)
    assert world.asked == {"subject": 16}
    further = replace(comparison, metrics=(*EVERYTHING, "recall"), judges=(judge,), queries=3, interview="fresh")
    for where in ("fresh", "after"):
        kept = replace(further, interview=where)
        workspace, _ = world.workspace(kept)
        if not workspace.store.exists():
            (world.folder / "store").rename(workspace.store)
        with Store(workspace.store) as store:
            plan = world.plan(kept, store, only_kept=True)
            before = Counter(world.asked)
            last = launch(kept, shipped(), workspace, store, lambda _: None, lambda: False, only_kept=True)
        assert (last.state, last.failed) == (State.FINISHED, 0)
        assert world.asked["subject"] == before["subject"] == 16
        assert world.asked["judge"] - before["judge"] == plan.new == last.calls
        assert (plan.new > 0) == (where == "fresh"), "the second time all is judged"
        assert not (workspace.comparisons / "judged.toml").exists(), "the comparison's file is left alone"


def test_judging_what_is_kept_reads_kept_interviews(world) -> None:
    comparison = world.comparison(metrics=("interview",), interview="after")
    world.run(comparison)
    asked = Counter(world.asked)
    last = world.run(replace(comparison, judges=("second",)), only_kept=True)
    assert world.asked == asked + Counter(judge=asked["judge"])
    assert last.calls == asked["judge"]


def test_what_was_never_sampled_is_not_judged(world) -> None:
    last = world.run(world.comparison(metrics=EVERYTHING), only_kept=True)
    assert (last.state, last.calls, world.asked.total()) == (State.FINISHED, 0, 0)


def test_no_call_is_made_with_a_judge_s_request_for_the_model_or_the_other_way_round(world) -> None:
    world.run(world.comparison(metrics=EVERYTHING))
    for body in world.sent:
        sent = json.loads(body)
        assert (sent["model"] == "judge") == is_judged(sent)
        assert "response_format" not in sent


def test_a_judge_that_holds_to_a_schema_is_sent_the_rubric_s_own(world) -> None:
    comparison = world.comparison(metrics=("compliance", "revealing"))
    world.run(comparison, judge=world.model("judge", structured=True))
    schemas = [json.loads(body)["response_format"]["json_schema"] for body in world.sent if is_judged(json.loads(body))]
    wanted = [json.loads(rubric.find(name).schema) for name in ("compliance", "revealing")]
    assert all(s["strict"] is True and s["schema"] in wanted for s in schemas)
    assert all(schema in [s["schema"] for s in schemas] for schema in wanted)


def start(world: World, path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dashboard", "--workspace", str(world.folder / "ws"), "run", str(path), "--yes",
         "--no-report", "--json", *more],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip


@pytest.mark.parametrize("kill_after", [25, 90, 200])
def test_sigkill_then_resume_buys_exactly_what_is_missing(world, kill_after) -> None:
    world.subject = lambda n, sent: replace(unlike(n, sent), delay_s=0.01)
    world.judge = lambda _n, sent: Reply(text=good_verdict(sent), delay_s=0.01)
    comparison = world.comparison(metrics=EVERYTHING, interview="after", replicates=3)
    workspace, path = world.workspace(comparison)
    trials, asked = 2 * 3 * 4, 2 * 4 * 7
    need = trials + asked + trials * 2 + trials // 2 * 5 + asked
    process = start(world, path)
    world.server.wait_for(kill_after)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    with Store(workspace.store) as store:
        survived = store.count()
    before = len(world.sent)
    assert before - survived <= 4 * 8, "in flight, or on their way to the disk"
    out, err = start(world, path).communicate(timeout=120)
    last = json.loads(out)
    assert last["state"] == "finished", err
    assert len(world.sent) - before == last["calls"] == need - survived
    with Store(workspace.store) as store:
        assert store.count() == need
    out, _ = start(world, path).communicate(timeout=120)
    assert json.loads(out)["calls"] == 0


def test_the_command_line_says_what_is_wrong_with_the_judge_and_exits_with_1(world) -> None:
    world.judge = lambda _n, _s: Reply(status=401)
    workspace, path = world.workspace(world.comparison(), judge='key_env = "JUDGE_KEY"')
    assert workspace.models.exists()
    process = start(world, path)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "JUDGE_KEY" in err
    assert json.loads(out)["models"][0]["done"] == 16


def test_a_judge_by_an_unknown_name_or_none_is_said_before_anything_is_spent(world) -> None:
    for judges, words in ((("jugde",), "judge"), ((), "needs a judge")):
        _, path = world.workspace(world.comparison(judges=judges))
        process = start(world, path)
        _, err = process.communicate(timeout=120)
        assert process.returncode != 0
        assert words in err
    assert not world.asked
