"""Fault campaign, kills: a run that is killed fifty times, each at another moment, ends with exactly its plan."""

import asyncio
import os
import random
import signal
import threading
from collections import Counter
from pathlib import Path

import pytest

from campaign import KEY, VARIABLE, Ground, judge
from campaign_child import forked
from dashboard.workspace import Workspace
from fault_server import FaultServer, mark_of
from runners.progress import State

KILLS, BY_COMMAND = 50, 3
CONCURRENCY = 4
MOMENTS = ("arrived", "half", "sent")
WAYS = ("ok", "ok", "ok", "chunked", "echo", "reset midway")


class Assassin:
    """Kills a process from the server's own thread, when something has come about so many times in its life.

    A kill some milliseconds after a reply was sent falls while it is parsed, queued or written to the disk.
    """

    def __init__(self, draw):
        self.draw, self.seen, self.named, self.pid = draw, Counter(), threading.Event(), 0

    def aim(self):
        self.seen.clear()
        self.named.clear()
        self.moment, self.times = self.draw.choice(MOMENTS), self.draw.randint(1, 9)
        self.delay_s = self.draw.choice((0.0, 0.001, 0.003, 0.01))

    def name(self, pid):
        self.pid = pid
        self.named.set()

    def __call__(self, _call, moment):
        self.seen[moment] += 1
        if moment == self.moment and self.seen[moment] == self.times:
            asyncio.get_running_loop().call_later(self.delay_s, self.kill)

    def kill(self):
        assert self.named.wait(30)
        os.kill(self.pid, signal.SIGKILL)


@pytest.fixture
def scene(tmp_path, monkeypatch):
    """A ground with a plan of some hundreds, the server and who kills its callers."""
    monkeypatch.setenv(VARIABLE, KEY)
    # Before Python 3.12.4 or so a fork server finds only what this variable shows it (cpython issue 117378).
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
    draw = random.Random(50)
    assassin = Assassin(draw)
    with FaultServer(lambda _: draw.choice(WAYS), secret=KEY, moment=assassin) as server:
        ground = Ground(workspace=Workspace(root=tmp_path / "ws"), server=server, wires=("openai_compatible",))
        ground.shape = {"queries": 20, "replicates": 4, "concurrency": CONCURRENCY}
        yield ground, assassin


def one_life(ground, assassin, said, *, by_command):
    """Start the run and wait for its violent end."""
    assassin.aim()
    if by_command:
        process = ground.start(ground.write())
        assassin.name(process.pid)
        ground.said += "".join(process.communicate(timeout=60))
        assert process.returncode == -signal.SIGKILL
    else:
        child = forked(ground.workspace.root, ground.text(), KEY, said)
        child.start()
        assassin.name(child.pid)
        child.join(60)
        assert child.exitcode == -signal.SIGKILL, said.read_text(encoding="utf-8")[-3000:]


def test_killed_fifty_times_a_run_ends_with_exactly_its_plan(tmp_path, scene):
    ground, assassin = scene
    server, said = ground.server, tmp_path / "said.txt"
    (plan,) = ground.planned().values()
    mark = {key: mark_of([r.system, *(turn.text for turn in r.turns)]) for key, r in plan.items()}
    replicates = Counter(mark.values())
    kept, lost = {}, 0
    for number in range(KILLS):
        called = len(server.calls)
        one_life(ground, assassin, said, by_command=number % (KILLS // BY_COMMAND) == 1)
        server.wait_until(lambda: not server.open)  # it has noticed the death
        asked, before = server.calls[called:], Counter(mark[key] for key in kept)
        assert asked
        for one in {call.mark for call in asked}:
            # Who is answered with a reset asks again; all else is asked once for each replicate that was not kept.
            tries = [call for call in asked if call.mark == one]
            assert before[one] < replicates[one], "what was kept before a kill was asked again after it"
            assert sum(call.fault != "reset midway" for call in tries) <= replicates[one] - before[one]
        assert sum(not call.sent for call in asked if call.fault != "reset midway") <= CONCURRENCY
        now = ground.kept()
        assert kept.items() <= now.items(), "what was kept is not touched"
        gone = sum(call.whole for call in asked) - (len(now) - len(kept))
        assert 0 <= gone <= 2 * CONCURRENCY  # in flight, and on their way to the disk
        kept, lost = now, lost + gone
    code, last = ground.finish(ground.start(ground.write()))
    ground.said += said.read_text(encoding="utf-8")
    judge(ground, last)
    assert (code, last.state, last.finished) == (0, State.FINISHED, len(plan))
    assert last.models[0].kept_before == len(kept)
    good = [call for call in server.calls if call.fault != "reset midway"]
    assert len(good) == len(plan) + lost + sum(not call.whole for call in good)
