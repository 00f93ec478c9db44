"""A process with batches is killed with SIGKILL at each stage; the next harvests all and nothing is bought twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from batch_maker import KEY, WIRES, answers, asked, model
from batch_server import BatchServer
from cache.store import Store
from runners.batches.ledger import Ledger
from runners.sample import Sample

COUNT = 130  # more than one chunk of results


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("TEST_KEY", KEY)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=WIRES)
def wire(request):
    return request.param


def start(wire, server, folder, *stage):
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("batch_maker.py")), wire, server.url, str(folder), str(COUNT),
         *stage],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )  # fmt: skip


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait(30)


def bought_once(wire, server, folder):
    """What is missing is brought by another pass; in the end each request was billed exactly once."""
    who = model(wire, server.url)
    got, _, _ = answers(asked(who, COUNT), who, folder)
    assert sum(isinstance(answer.outcome, Sample) for answer in got) == COUNT
    assert len(server.billed) == COUNT
    assert set(server.billed.values()) == {1}
    with Store(folder / "store") as store:
        assert store.count() == COUNT
    assert not [batch for batch in Ledger(folder / "batches").every() if batch.open]
    left = sorted(path.suffix for path in (folder / "batches").iterdir() if path.name.endswith("requests.jsonl"))
    assert left == []


def first(call, what):
    return lambda c, n: what if c == call and n == 1 else None


def test_killed_before_anything_was_sent(wire, tmp_path):
    call = {"anthropic": "list", "openai": "upload"}[wire]
    with BatchServer(faults=first(call, "hang")) as server:
        process = start(wire, server, tmp_path)
        server.wait_for(lambda s: s.calls[call] == 1)
        kill(process)
        assert not server.batches
        bought_once(wire, server, tmp_path)
        assert len(server.batches) == 1


@pytest.mark.parametrize("stage", ["after_sending", "after_sent", "before_mark"])
def test_killed_between_two_steps_of_its_own(wire, tmp_path, stage):
    with BatchServer() as server:
        assert start(wire, server, tmp_path, stage).wait(60) == -signal.SIGKILL
        bought_once(wire, server, tmp_path)
        assert len(server.batches) == 1


def test_killed_while_sending_what_never_arrived(wire, tmp_path):
    with BatchServer(faults=first("create", "hang")) as server:
        process = start(wire, server, tmp_path)
        server.wait_for(lambda s: s.calls["create"] == 1)
        kill(process)
        bought_once(wire, server, tmp_path)
        assert len(server.batches) == 1


def test_killed_while_the_id_was_on_its_way(wire, tmp_path):
    """The dangerous one: the provider has the batch, and nobody here has been told."""
    with BatchServer(faults=first("create", "hang_done"), looks=3) as server:
        process = start(wire, server, tmp_path)
        server.wait_for(lambda s: len(s.batches) == 1)
        kill(process)
        (batch,) = Ledger(tmp_path / "batches").every()
        assert batch.id is None
        bought_once(wire, server, tmp_path)
        assert len(server.batches) == 1


def test_killed_while_waiting(wire, tmp_path):
    with BatchServer() as server:
        server.open = True
        process = start(wire, server, tmp_path)
        server.wait_for(lambda s: s.calls["look"] >= 3)
        kill(process)
        server.open = False
        bought_once(wire, server, tmp_path)
        assert len(server.batches) == 1


def test_killed_with_half_of_the_harvest_home(wire, tmp_path):
    """The results break off in the middle, so half is kept; the process dies before it can read them again."""

    def faults(call, number):
        return {1: "half", 2: "hang"}.get(number) if call == "results" else None

    with BatchServer(faults=faults) as server:
        process = start(wire, server, tmp_path)
        server.wait_for(lambda s: s.calls["results"] == 2)
        kill(process)
        with Store(tmp_path / "store") as store:
            assert 0 < store.count() < COUNT
        bought_once(wire, server, tmp_path)
        assert len(server.batches) == 1


def test_killed_again_and_again(wire, tmp_path):
    """Four deaths, each one call of the server further than the one before; the fifth life finishes."""
    with BatchServer(looks=2) as server:
        for death in range(1, 5):
            aim = sum(server.calls.values()) + death
            process = start(wire, server, tmp_path)
            server.wait_for(lambda s, aim=aim: sum(s.calls.values()) >= aim)
            kill(process)
        bought_once(wire, server, tmp_path)


def test_a_request_that_the_comparison_no_longer_has_is_harvested_all_the_same(wire, tmp_path):
    with BatchServer() as server:
        server.open = True
        process = start(wire, server, tmp_path)
        server.wait_for(lambda s: s.calls["look"] >= 1)
        kill(process)
        server.open = False
        who = model(wire, server.url)
        got, _, _ = answers(asked(who, 3), who, tmp_path)
        assert len(got) == 3
        with Store(tmp_path / "store") as store:
            assert store.count() == COUNT
        assert len(server.batches) == 1
