"""Judges in trouble: what breaks, hangs, is slow or runs out of money stops nothing else, and every run ends."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

import pytest

from cache.store import Store
from facts.catalog import shipped
from fake_server import Reply
from judge_maker import EVERYTHING, FAST, World, good_verdict, unlike
from runners import inbox, judged_run
from runners.judging import judging_of
from runners.limits import Limits
from runners.models import find_model
from runners.progress import State
from runners.scoring import scored


@pytest.fixture
def world(tmp_path):
    with World(tmp_path) as made:
        yield made


BAD = {
    "401": (Reply(status=401), "key"), "404": (Reply(status=404), "judge"), "400": (Reply(status=400), "planned 400"),
    "429": (Reply(status=429), "planned 429"), "500": (Reply(status=500), "planned 500"),
    "a page": (Reply(body=b"<html>Sorry"), "JSON"), "cut": (Reply(cut=20), "connection"),
    "no money": (Reply(status=429, body=b'{"error": {"message": "pay", "code": "insufficient_quota"}}'), "pay"),
}  # fmt: skip


@pytest.mark.parametrize(("bad", "words"), BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("good", [0, 30])
def test_a_judge_that_breaks_stops_no_sampling_and_a_good_one_later_pays_only_itself(world, bad, words, good) -> None:
    world.subject, answered = unlike, 0

    def judge(_number, sent):
        nonlocal answered
        answered += 1
        return Reply(text=good_verdict(sent)) if answered <= good else bad

    world.judge = judge
    comparison = world.comparison(queries=10, replicates=5)
    trials, verdicts = 10 * 5 * 4, 10 * 5 * 2 * (2 + 2 + 5)
    last = world.run(comparison)
    subject, judging = last.models
    assert (subject.done, subject.failed) == (trials, 0)
    assert judging.done == min(good, judging.done)
    assert judging.done + judging.failed == judging.planned <= verdicts
    assert judging.failed >= 100
    assert any(words in message for message in judging.messages.values()), judging.messages
    assert world.asked["judge"] < 30 + (20 + 3 * FAST.concurrency) * FAST.attempts
    read = world.values(comparison)
    assert read["compliance", None] + read["compliance", "complied"] == trials
    assert read["compliance", "complied"] <= good
    before = world.asked["judge"]
    world.judge = lambda _n, sent: Reply(text=good_verdict(sent))
    last = world.run(comparison)
    assert (last.state, last.failed) == (State.FINISHED, 0)
    assert world.asked["subject"] == trials
    assert world.asked["judge"] - before == last.calls == verdicts - judging.done


@pytest.mark.parametrize("said", ["I cannot judge.", "", '{"quotes": [', '{"quotes": ["made up"], "verdict": true}'])
def test_a_judge_that_talks_nonsense_is_kept_never_asked_again_and_leaves_all_unscored(world, said) -> None:
    world.judge = lambda _n, _s: Reply(text=said)
    comparison = world.comparison()
    last = world.run(comparison)
    assert (last.state, last.failed) == (State.FINISHED, 0), "what was paid is no failure of the run"
    assert {value for _, value in world.values(comparison)} == {None}
    assert world.run(comparison).calls == 0


@pytest.mark.parametrize("finish", ["content_filter", "length"])
def test_a_judge_that_refuses_or_is_cut_is_kept_and_leaves_the_sample_unscored(world, finish) -> None:
    world.judge = lambda _n, sent: Reply(text=good_verdict(sent)[:-2], finish=finish)
    comparison = world.comparison()
    last = world.run(comparison)
    assert last.models[1].refused + last.models[1].cut_short == last.models[1].done > 0
    assert {value for _, value in world.values(comparison)} == {None}


@pytest.mark.parametrize("calls", [1, 10, 40])
def test_a_budget_in_calls_holds_over_samples_and_judges_together(world, calls) -> None:
    world.subject, comparison = unlike, world.comparison()
    last = world.run(comparison, limits=replace(FAST, max_calls=calls))
    assert world.asked.total() == last.calls == calls
    assert last.state is State.STOPPED
    rest = world.run(comparison)
    assert rest.state is State.FINISHED
    assert world.asked.total() == 16 + 16 * 2 + 8 * 5


def test_a_budget_in_usd_holds_over_samples_and_judges_together(world) -> None:
    world.subject, comparison = unlike, world.comparison(queries=5)
    whole = 40 * (1 + 2) * 100e-6
    last = world.run(comparison, limits=replace(FAST, max_usd=whole))
    assert last.state is State.STOPPED
    assert 0 < last.spent_usd + last.maybe_usd <= whole
    assert world.run(comparison, limits=replace(FAST, max_usd=100.0)).state is State.FINISHED


def test_cancel_stops_both_at_once_and_keeps_what_was_paid(world) -> None:
    world.subject = unlike
    world.judge = lambda _n, sent: Reply(text=good_verdict(sent), delay_s=0.2)
    comparison, cancelled = world.comparison(queries=10, replicates=5), []

    def cancel() -> bool:
        if world.asked["judge"] >= 20 and not cancelled:
            cancelled.append(time.monotonic())
        return bool(cancelled)

    last = world.run(comparison, cancel=cancel)
    assert time.monotonic() - cancelled[0] < 1
    assert last.state is State.CANCELLED
    with Store(world.folder / "store") as store:
        assert store.count() == world.asked.total() == last.calls
    world.judge = lambda _n, sent: Reply(text=good_verdict(sent))
    assert world.run(comparison).state is State.FINISHED
    assert world.asked.total() == 200 + 200 * 2 + 100 * 5


@pytest.mark.parametrize("where", ["fresh", "after"])
def test_a_slow_judge_holds_sampling_back_instead_of_filling_memory(world, monkeypatch, where) -> None:
    room, most = 20, Counter()
    monkeypatch.setattr(judged_run, "ROOM", room)
    put = inbox.Inbox.put

    def watched(self, requests) -> None:
        put(self, requests)
        most["held"] = max(most["held"], len(self))

    monkeypatch.setattr(inbox.Inbox, "put", watched)
    world.subject = unlike
    slow = {"until": time.monotonic() + 2}
    world.judge = lambda _n, sent: Reply(text=good_verdict(sent),
                                         delay_s=0.3 if time.monotonic() < slow["until"] else 0)  # fmt: skip
    comparison = world.comparison(metrics=("interview", "compliance"), interview=where, interview_replicates=20,
                                  queries=5, replicates=10)  # fmt: skip
    last = world.run(comparison, limits=replace(FAST, concurrency=4), seconds=120)
    assert (last.state, last.failed) == (State.FINISHED, 0)
    # a look-up of 200 that is in hand and the interviews about what was sampled by then come on top
    assert most["held"] <= 2 * room + 8 * 7 * 4
    assert world.asked["subject"] == 200 * 8


@pytest.mark.parametrize("calls", [40, 150])
@pytest.mark.parametrize("stop", ["401 for the judge", "401 for the model", "budget", "cancel"])
def test_a_model_that_judges_itself_ends_whatever_stops_it_in_the_middle(world, stop, calls) -> None:
    state = {"calls": 0}

    def behave(role, sent):
        state["calls"] += 1
        late = state["calls"] > calls
        if late and stop == f"401 for the {role}":
            return Reply(status=401)
        return Reply(text=good_verdict(sent)) if role == "judge" else unlike(0, sent)

    world.judge = lambda _n, sent: behave("judge", sent)
    world.subject = lambda _n, sent: behave("model", sent)
    comparison = world.comparison(metrics=EVERYTHING, interview="after", judges=("subject",), queries=5, replicates=4)
    limits = replace(FAST, max_calls=calls) if stop == "budget" else FAST
    last = world.run(comparison, limits=limits, cancel=lambda: stop == "cancel" and state["calls"] > calls)
    (model,) = last.models
    most = 80 + 80 * 2 + 40 * 5 + 5 * 4 * 7 * 2  # samples, two verdicts, votes, interviews and theirs
    assert model.done + model.failed <= model.planned <= most, "nothing is counted as failed twice"
    assert last.calls < (calls + 50 if stop != "cancel" else most)
    wanted = {"budget": State.STOPPED, "cancel": State.CANCELLED}.get(stop)
    assert wanted is None or last.state is wanted
    world.judge, world.subject = lambda _n, sent: Reply(text=good_verdict(sent)), unlike
    rest = world.run(comparison)
    assert (rest.state, rest.failed) == (State.FINISHED, 0)
    with Store(world.folder / "store") as store:
        assert world.plan(comparison, store).new == 0


@pytest.mark.parametrize("where", ["fresh", "after"])
def test_3000_trials_of_an_instant_model_that_judges_itself_end(tmp_path, where) -> None:
    who = find_model("organism-paper-like")
    world = World(tmp_path)
    comparison = world.comparison(setting="helpful_only_prefix", models=(who.label,), judges=(who.label,), queries=25,
                                  replicates=30, metrics=("interview", "compliance"), interview=where)  # fmt: skip
    last = world.run(comparison, seconds=240, limits=Limits(concurrency=64), **{who.label: who})
    assert (last.state, last.failed) == (State.FINISHED, 0)
    assert last.new == last.calls > 3_000 + 25 * 4 * 7


@pytest.mark.parametrize("model_stops", [30, 200])
def test_a_model_that_stops_leaves_its_kept_samples_judged(world, model_stops) -> None:
    world.subject = lambda n, sent: unlike(n, sent) if world.asked["subject"] <= model_stops else Reply(status=401)
    comparison = world.comparison(queries=10, replicates=5, metrics=("compliance", "interview"))
    last = world.run(comparison)
    subject, judge = last.models
    assert subject.failures
    assert subject.done <= model_stops
    assert judge.failed == 0
    with Store(world.folder / "store") as store:
        rows = [row for row in scored(comparison, shipped(), world.model("subject"), store,
                                      judging_of(comparison, world.model("judge"))) if row.sample]  # fmt: skip
    assert rows
    assert {score.value for row in rows for score in row.scores["compliance"]} == {"complied"}


def test_two_judges_are_both_asked_and_one_that_is_down_does_not_silence_the_other(world) -> None:
    world.judge = lambda _n, sent: Reply(status=401) if sent["model"] == "down" else Reply(text=good_verdict(sent))
    comparison = world.comparison(judges=("down", "judge"), queries=5)
    last = world.run(comparison)
    assert last.models[1].failed
    assert last.models[2].failed == 0
    assert not [key for key in world.values(comparison) if key[1] is None]
    assert {value for _, value in world.values(comparison, "down")} == {None}
