"""Fault campaign, the network: whatever a server does, a request ends as one sample or as one reported failure."""

import random
from dataclasses import replace

import pytest

import runners.attempts
from campaign import KEY, VARIABLE, WIRES, Ground, judge
from campaign_faults import FAULTS, GOOD, STALLS, STATUSES
from dashboard.workspace import Workspace
from fault_server import FaultServer, mark_of
from runners.limits import Limits
from runners.progress import State
from runners.sample import Trouble

FAST = Limits(concurrency=8, attempts=3, backoff_s=0.002, timeout_s=30, retry_wall_s=60)
BRIEF = Limits(concurrency=12, attempts=2, backoff_s=0.002, timeout_s=1.0, retry_wall_s=60)


@pytest.fixture
def ground(tmp_path, monkeypatch):
    """A workspace with the key in the environment, and a server that is told what to do in each test."""
    monkeypatch.setenv(VARIABLE, KEY)
    with FaultServer(secret=KEY) as server:
        yield Ground(workspace=Workspace(root=tmp_path / "ws"), server=server)


def doomed(call):
    """A quarter of all prompts, always the same ones."""
    return int(call.mark, 16) % 4 == 0


@pytest.mark.parametrize("fault", [*FAULTS, *STATUSES])
def test_a_fault_costs_retries_and_where_it_stays_it_is_reported(ground, fault):
    """On every first try, and for a quarter of the prompts on every try; then the server recovers and it is resumed."""
    ground.shape = {"queries": 2}
    ground.server.schedule = lambda call: fault if call.turn == 0 or doomed(call) else "ok"
    limits = BRIEF if fault in STALLS else FAST
    last = ground.run(limits)
    judge(ground, last)
    lost = {call.mark for call in ground.server.calls if doomed(call)}
    assert lost
    assert [model.failed for model in last.models] == [len(lost)] * len(WIRES)
    assert sum(call.whole for call in ground.server.calls) == last.finished
    before = len(ground.server.calls)
    ground.server.schedule = lambda _: "ok"
    last = ground.run(FAST)
    judge(ground, last)
    assert (last.state, last.finished, last.planned) == (State.FINISHED, last.planned, 12 * len(WIRES))
    assert len(ground.server.calls) - before == len(lost) * len(WIRES)


@pytest.mark.parametrize("good", GOOD)
def test_what_only_looks_odd_is_kept_at_once(ground, good):
    ground.server.schedule = lambda _: good
    last = ground.run(FAST)
    judge(ground, last)
    assert len(ground.server.calls) == last.finished == last.planned


def test_a_reply_that_comes_unasked_while_a_connection_is_idle_is_nobody_s(ground):
    """Every connection waits when it comes: one that came after the next request was sent could be told by nobody."""
    ground.shape = {"queries": 1, "tiers": ["monitored"]}
    ground.server.schedule = lambda call: "unasked later" if call.turn == 0 else "ok"
    last = ground.run(FAST)
    judge(ground, last)
    assert last.finished == last.planned


def marks(ground):
    """Of all prompts that are planned."""
    plans = ground.planned().values()
    return {mark_of([r.system, *(turn.text for turn in r.turns)]) for plan in plans for r in plan.values()}


def mixed(seed, share=0.6):
    """Everything at once: a share of all calls goes well, in one way or another."""
    draw = random.Random(seed)
    bad = [*(name for name in FAULTS if name not in STALLS), *STATUSES]
    return lambda _call: draw.choice([*GOOD]) if draw.random() < share else draw.choice(bad)


@pytest.mark.parametrize("seed", range(3))
def test_all_faults_at_once(ground, seed):
    ground.shape = {"queries": 8, "replicates": 2, "seed": seed}
    ground.server.schedule = mixed(seed)
    last = ground.run(FAST)
    judge(ground, last)
    assert 0 < last.finished < last.planned
    for _ in range(8):
        last = ground.run(FAST)
        judge(ground, last)
        if last.finished == last.planned:
            break
    assert last.finished == last.planned
    assert sum(call.whole for call in ground.server.calls) == last.planned, "a whole reply was thrown away"


def test_all_faults_at_once_through_the_command(ground):
    ground.shape = {"queries": 2, "replicates": 2, "concurrency": 32}
    ground.server.schedule = mixed(11, share=0.75)
    code, last = ground.finish(ground.start(ground.write()))
    judge(ground, last)
    assert code == (0 if last.finished == last.planned else 1)
    ground.server.schedule = lambda _: "ok"
    code, last = ground.finish(ground.start(ground.write()))
    judge(ground, last)
    assert (code, last.finished) == (0, last.planned)


def test_a_storm_that_asks_a_few_for_89_s_holds_nobody_else_up(ground):
    """The first calls are all refused, and one prompt in eight for 89 s: the others finish, who waits is let go of."""
    late = {one for one in marks(ground) if int(one, 16) % 8 == 0}
    ground.server.schedule = lambda call: "429 89" if call.mark in late else "429 0.01" if call.number < 24 else "ok"
    told = []

    def cancel():
        """Whether only those are left that were told to wait."""
        return bool(told) and all(m.waiting == m.left == len(late) for m in told[-1].models)

    last = ground.run(replace(FAST, retry_wall_s=600), told.append, cancel)
    judge(ground, last)
    assert late
    assert last.state is State.CANCELLED
    assert [model.cancelled for model in last.models] == [len(late)] * len(WIRES)
    assert not any(call.turn for call in ground.server.calls if call.mark in late), "the 89 s were waited for"


def test_a_model_that_is_refused_for_good_takes_no_other_with_it(ground):
    ground.server.schedule = lambda call: "401" if call.model == "fake-openai" else "ok"
    last = ground.run(FAST)
    judge(ground, last)
    by_label = {model.label: model for model in last.models}
    assert by_label["openai"].done == 0
    assert set(by_label["openai"].failures) <= {Trouble.AUTH, Trouble.STOPPED}
    assert all(by_label[label].failed == 0 for label in WIRES if label != "openai")


def test_the_clock_of_a_call_is_the_run_s_own(ground, monkeypatch):
    """A server that stalls for ever: the pause between tries and the time of each are bounded, nothing hangs."""
    monkeypatch.setattr(runners.attempts, "wait_s", lambda *_: 0.0)
    ground.shape = {"queries": 1}
    ground.server.schedule = lambda _: "stall"
    last = ground.run(Limits(concurrency=16, attempts=2, timeout_s=0.05))
    judge(ground, last)
    assert [model.failures for model in last.models] == [{"timeout": 6}] * len(WIRES)
    assert all(call.turn < 2 for call in ground.server.calls)
