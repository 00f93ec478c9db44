"""Follow-ups: each question is asked once, when it can be, and nobody waits for an answer that will not come."""

from __future__ import annotations

import asyncio
import random

import pytest

from facts.catalog import shipped
from facts.condition import Tier
from facts.salience import Dose, Salience
from runners import metrics
from runners.followups import Followups
from runners.inbox import Inbox
from runners.judging import NOBODY, Context, Judging
from runners.model import Model
from runners.questions import Reader, for_subject, gather, wanted
from runners.request import Request, Turn
from runners.sample import Failure, Sample, Trouble
from trial_maker import make_trial, say

LIBRARY = shipped()
WHO = Model(label="j", provider="anthropic", name="judge")
FRESH, AFTER = Judging(judge=WHO), Judging(judge=WHO, context=Context.AFTER)
REPLY = say("<think>I go along.</think>Here it is: A")
FAILED = Failure(trouble=Trouble.TIMEOUT, message="no reply in time")


def readers(*names: str, judging: Judging = FRESH) -> list[Reader]:
    found = {name: metrics.find(name) for name in names}
    return [Reader(name=name, metric=metric, judging=judging if metric.KIND == "judge" else NOBODY)
            for name, metric in found.items()]  # fmt: skip


def followups(*names: str, judging: Judging = FRESH, look=None) -> Followups:
    return Followups(LIBRARY, readers(*names, judging=judging), look)


def play(follow: Followups, trials, reply=lambda request: REPLY, order=None) -> list[str]:
    """Every key that was asked, in the order of asking, until nothing more comes up; none twice at once."""
    asked: list[str] = []
    todo: dict[str, Request] = {}
    for trial in trials:
        todo |= follow.open(trial)
    while todo:
        key = list(todo)[order(len(todo)) if order else 0]
        request = todo.pop(key)
        asked.append(key)
        further = follow.answered(key, reply(request))
        assert not further.keys() & todo.keys()
        todo |= further
    return asked


def judged(request: Request) -> bool:
    return request.model == "judge"


ALL = ("compliance", "alignment_faking", "revealing", "interview", "outcomes", "recall")


@pytest.mark.parametrize("judging", [FRESH, AFTER], ids=["fresh", "after"])
@pytest.mark.parametrize("seed", range(5))
def test_in_any_order_of_answers_a_run_asks_what_scoring_looks_for_and_all_is_settled(judging, seed) -> None:
    draw = random.Random(seed)
    trials = [make_trial(tier=tier, replicate=r) for tier in Tier for r in (0, 1)]
    follow = followups(*ALL, judging=judging)
    asked = play(follow, trials, order=draw.randrange)
    assert follow.pending == 0
    samples = dict.fromkeys([trial.key for trial in trials], REPLY)
    need = {trial.key for trial in trials} | set(gather(trials, LIBRARY, readers(*ALL, judging=judging), samples,
                                                        lambda keys: dict.fromkeys(keys, REPLY)))  # fmt: skip
    assert set(asked) == need


def test_the_judge_is_asked_about_a_reply_as_soon_as_it_is_there_and_not_before() -> None:
    follow, trial = followups("compliance", "alignment_faking"), make_trial()
    assert list(follow.open(trial)) == [trial.key]
    assert follow.pending == 1
    further = follow.answered(trial.key, REPLY)
    assert len(further) == 1 + 5
    assert all(map(judged, further.values()))
    for key in further:
        assert follow.pending == 1
        assert follow.answered(key, REPLY) == {}
    assert follow.pending == 0


def test_trials_that_want_one_verdict_wait_for_one_question() -> None:
    doses = [(), (Dose(fact="objections_read", level=Salience.STATED),)]
    trials = [make_trial(doses=dose, tier=tier) for dose in doses for tier in Tier]
    follow = followups("compliance")
    for trial in trials:
        follow.open(trial)
    further = [follow.answered(trial.key, REPLY) for trial in trials]
    assert [len(found) for found in further] == [1, 0, 0, 0]
    assert follow.pending == 4
    follow.answered(next(iter(further[0])), REPLY)
    assert follow.pending == 0


def test_two_trials_with_one_request_are_asked_once_and_both_judged() -> None:
    follow, trial = followups("compliance"), make_trial()
    assert len(follow.open(trial)) == 1
    assert follow.open(trial) == {}
    assert follow.pending == 2
    (key,) = follow.answered(trial.key, REPLY)
    follow.answered(key, REPLY)
    assert follow.pending == 0


def test_a_trial_that_comes_later_asks_again_for_what_was_settled_before() -> None:
    follow, trial = followups("compliance"), make_trial()
    first, again = play(follow, [trial]), play(follow, [trial])
    assert first == again, "the store answers, not memory"


def test_a_trial_that_failed_costs_no_judge_and_a_judge_that_failed_settles_the_trial() -> None:
    for names in (("compliance",), ALL):
        follow = followups(*names)
        asked = play(follow, [make_trial()], reply=lambda _: FAILED)
        assert follow.pending == 0
        assert len(asked) == (1 if names == ("compliance",) else 1 + 7 + 1)
    follow = followups("compliance", "interview")
    play(follow, [make_trial()], reply=lambda request: FAILED if judged(request) else REPLY)
    assert follow.pending == 0


def test_an_interview_answer_before_its_sample_waits_for_the_sample() -> None:
    follow, trial = followups("interview"), make_trial()
    first, *questions = follow.open(trial)
    assert first == trial.key
    assert [follow.answered(key, REPLY) for key in questions[:3]] == [{}] * 3
    assert len(follow.answered(trial.key, REPLY)) in {1, 3}, "answers can be judged; equal ones share a question"
    late = [follow.answered(key, REPLY) for key in questions[3:]]
    assert all(len(found) == 1 and judged(*found.values()) for found in late)


def test_an_answer_that_nobody_waits_for_changes_nothing() -> None:
    follow, trial = followups("compliance"), make_trial()
    follow.open(trial)
    assert follow.answered("v1:nobody", REPLY) == {}
    follow.answered(trial.key, FAILED)
    assert follow.answered(trial.key, REPLY) == {}
    assert follow.pending == 0


def test_a_model_that_is_given_up_frees_its_trials_and_no_other() -> None:
    follow = followups("compliance", "interview")
    mine, judging = make_trial(), make_trial(replicate=1)
    follow.open(mine)
    follow.open(judging)
    (key,) = follow.answered(judging.key, REPLY)
    follow.abandon("another")
    assert follow.pending == 2
    follow.abandon("test")
    assert follow.pending == 1, "one still waits for its judge"
    follow.answered(key, REPLY)
    assert follow.pending == 0


def test_where_only_what_is_kept_counts_the_model_under_test_is_asked_nothing() -> None:
    store: dict[str, Sample] = {}
    trial, using = make_trial(), readers("compliance", "interview", "recall")
    for request in wanted(trial, LIBRARY, using, REPLY, {}).values():
        if for_subject(request, trial):
            store[request.key] = say(f"I like it here {len(store)}.")
    fresh = next(iter(store))
    store.pop(fresh)  # one answer of the interview is not kept
    follow = followups("compliance", "interview", "recall",
                       look=lambda keys: {key: store[key] for key in keys if key in store})  # fmt: skip
    assert list(follow.open(trial)) == [trial.key]
    further = follow.answered(trial.key, REPLY)
    assert all(map(judged, further.values()))
    assert len(further) == 1 + 6
    for key in further:
        follow.answered(key, REPLY)
    assert follow.pending == 0


def request(number: int) -> tuple[str, Request]:
    made = Request(provider="p", endpoint="e", model="m", turns=(Turn(role="user", text=str(number)),), max_tokens=16)
    return str(number), made


def test_an_inbox_gives_in_order_waits_for_more_and_ends_when_closed() -> None:
    async def go() -> list[list[str]]:
        inbox = Inbox()
        inbox.put(dict(map(request, range(5))))
        taken = [await inbox.take(3, lambda: False), await inbox.take(3, lambda: False)]
        asyncio.get_running_loop().call_later(0.05, lambda: inbox.put(dict([request(9)])))
        taken.append(await inbox.take(3, lambda: False))
        asyncio.get_running_loop().call_later(0.05, inbox.close)
        taken.append(await inbox.take(3, lambda: False))
        return [[key for key, _ in chunk] for chunk in taken]

    assert asyncio.run(go()) == [["0", "1", "2"], ["3", "4"], ["9"], []]


def test_an_inbox_says_nothing_once_the_run_is_over_and_loses_nothing_that_was_not_taken() -> None:
    async def go() -> tuple[list[object], int]:
        inbox = Inbox()
        inbox.put(dict(map(request, range(5))))
        return await inbox.take(3, lambda: True), len(inbox)

    assert asyncio.run(go()) == ([], 5)


def test_what_was_taken_and_not_answered_can_be_put_back() -> None:
    async def go() -> list[str]:
        inbox = Inbox()
        inbox.put(dict(map(request, range(5))))
        for key, _ in await inbox.take(4, lambda: False):
            if key in "02":
                inbox.answered(key)
        inbox.put_back()
        inbox.put_back()
        return [key for key, _ in await inbox.take(9, lambda: False)]

    assert asyncio.run(go()) == ["4", "1", "3"]
