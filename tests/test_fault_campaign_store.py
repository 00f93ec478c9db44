"""Fault campaign, the store: a full disk, a lock, two runs at once, a clock that jumps; nothing is bought in vain."""

import resource
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import cache.opening
import cache.store
from cache.store import Store
from campaign import KEY, VARIABLE, Ground, environment, judge, no_key, received
from dashboard.launch import is_running
from dashboard.progress_file import read_progress
from dashboard.workspace import Workspace
from fault_server import FaultServer
from runners.limits import Limits
from runners.progress import State
from runners.sample import Trouble

TESTS = Path(__file__).parent
CONCURRENCY = 4
LIMITS = Limits(concurrency=CONCURRENCY, attempts=3, backoff_s=0.002, timeout_s=30)


@pytest.fixture
def ground(tmp_path, monkeypatch):
    """A workspace with the key in the environment, one model, and a server that answers."""
    monkeypatch.setenv(VARIABLE, KEY)
    with FaultServer(secret=KEY) as server:
        yield Ground(workspace=Workspace(root=tmp_path / "ws"), server=server, wires=("openai_compatible",),
                     shape={"queries": 10, "replicates": 2, "concurrency": CONCURRENCY})  # fmt: skip


@contextmanager
def locked(ground):
    """Another process holds the store for writing while the block lasts."""
    holder = subprocess.Popen(
        [sys.executable, str(TESTS / "campaign_lock.py"), str(ground.workspace.store / "cache.db")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout.readline() == "held\n"
        yield
    finally:
        holder.communicate("\n", timeout=30)


def with_room(ground, most):
    """Run by command where no file may grow beyond so many bytes: beyond them every write fails, as on a full disk."""
    Store(ground.workspace.store).close()
    return ground.start(ground.write(), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)))


def test_a_disk_that_is_full_from_the_start_is_named_before_anything_is_bought(ground):
    process = with_room(ground, 6_000)  # less than a page
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "If the disk is full, free space" in said
    assert not ground.server.calls


@pytest.mark.parametrize("most", [240_000, 370_000])
def test_a_disk_that_fills_up_stops_the_run_and_costs_only_what_was_in_flight(ground, most):
    code, last = ground.finish(with_room(ground, most))
    judge(ground, last)
    (model,) = last.models
    assert code == 1
    assert Trouble.STORE in model.failures
    assert "Free disk space" in ground.said
    bought = len(ground.server.calls)
    assert 0 < last.finished < bought <= last.finished + 2 * CONCURRENCY
    code, again = ground.finish(ground.start(ground.write()))
    judge(ground, again)
    assert (code, again.state, again.finished) == (0, State.FINISHED, again.planned)
    assert len(ground.server.calls) - bought == again.planned - last.finished


def rows(ground):
    """How many rows are on the disk, read beside a writer that is held up."""
    with closing(sqlite3.connect(f"file:{ground.workspace.store / 'cache.db'}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT COUNT(*) FROM Cache").fetchone()[0]


@contextmanager
def run_behind_a_lock(ground):
    """A run in this process whose store is locked by another one after the first replies; yields its rows so far."""
    server, done, go = ground.server, [], threading.Event()
    Store(ground.workspace.store).close()
    server.held = lambda call: call.number >= CONCURRENCY and not go.is_set()
    thread = threading.Thread(target=lambda: done.append(ground.run(LIMITS)))
    thread.start()
    server.wait_until(lambda: len(server.calls) >= 2 * CONCURRENCY and rows(ground) == CONCURRENCY)
    with locked(ground):
        go.set()
        yield thread, done
    thread.join(60)


def test_a_lock_that_is_let_go_of_costs_nothing(ground):
    """Replies pile up behind the lock, as many as may be under way, and all are kept once it is free."""
    server = ground.server
    with run_behind_a_lock(ground) as (_, done):
        server.wait_until(lambda: sum(call.sent for call in server.calls) >= CONCURRENCY + 2 * CONCURRENCY)
        assert rows(ground) == CONCURRENCY
    (last,) = done
    judge(ground, last)
    assert (last.state, last.finished, len(server.calls)) == (State.FINISHED, last.planned, last.planned)


def test_a_lock_that_outlasts_the_wait_stops_the_run_and_is_named(ground, monkeypatch):
    with monkeypatch.context() as patch:
        for module in (cache.store, cache.opening):
            patch.setattr(module, "LOCK_WAIT_S", 0.3)
        with run_behind_a_lock(ground) as (thread, done):
            thread.join(60)
    (last,) = done
    judge(ground, last)
    assert "another process holds the store" in ground.said
    calls = len(ground.server.calls)
    assert last.finished == CONCURRENCY
    assert calls <= CONCURRENCY + 2 * CONCURRENCY
    again = ground.run(LIMITS)
    judge(ground, again)
    assert len(ground.server.calls) - calls == again.planned - last.finished
    assert again.finished == again.planned


def test_two_processes_that_share_requests_keep_each_once(ground):
    """Half of each plan is in the other: nobody buys anything twice, and what both bought is kept once."""
    server = ground.server
    go = threading.Event()
    server.held = lambda _: not go.is_set()
    shapes = {"one": {"levels": [0, 2]}, "two": {"levels": [0, 5]}}
    files = {name: ground.write(name, **shape) for name, shape in shapes.items()}
    keys = {name: f"{KEY}-{name}" for name in files}
    processes = {name: ground.start(path, key=keys[name]) for name, path in files.items()}
    server.wait_until(lambda: all(any(key in call.head for call in server.calls) for key in keys.values()))
    go.set()
    ended = {name: ground.finish(process) for name, process in processes.items()}
    assert {name: (code, last.state) for name, (code, last) in ended.items()} == dict.fromkeys(
        files, (0, State.FINISHED)
    )
    wanted = {name: ground.planned(ground.comparison(name, **shape))[ground.wires[0]] for name, shape in shapes.items()}
    union = wanted["one"] | wanted["two"]
    kept = ground.kept()
    assert set(kept) == set(union)
    received(ground, kept, {ground.wires[0]: union})
    no_key(ground)
    for name in files:
        bought = sum(keys[name] in call.head for call in server.calls)
        (model,) = ended[name][1].models
        assert bought == model.done
        assert model.done + model.kept_before == len(wanted[name])


@pytest.mark.parametrize("seed", [1])
def test_a_clock_that_jumps_by_days_changes_nothing(ground, seed):
    ground.server.schedule = lambda call: "429 0" if call.turn == 0 and call.number % 5 == 0 else "ok"
    path = ground.write()
    command = [sys.executable, str(TESTS / "campaign_clock.py"), str(seed), *ground.command("run", str(path))[3:],
               "--yes", "--no-report", "--json"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    ground.server.wait_until(lambda: len(ground.server.calls) > 2 * CONCURRENCY)
    running = is_running(ground.workspace, "campaign")
    code, last = ground.finish(process)
    judge(ground, last)
    assert running
    assert not is_running(ground.workspace, "campaign")
    assert (code, last.state, last.finished) == (0, State.FINISHED, last.planned)
    assert 0 < last.elapsed_s < 120
    assert read_progress(ground.workspace.run_folder("campaign")) == last
    received_at = [datetime.fromisoformat(one["sample"]["received_at"]) for one in ground.kept().values()]
    far = [abs(when - datetime.now(UTC)) > timedelta(hours=12) for when in received_at]
    assert any(far)  # the clock did jump under the run, and what it said is what was written down


@pytest.mark.parametrize("seed", [3])
def test_a_pause_until_a_date_is_understood_by_the_server_s_clock(ground, seed):
    ground.shape |= {"queries": 3, "replicates": 1}
    ground.server.schedule = lambda call: "503 date" if call.turn == 0 else "ok"
    command = [sys.executable, str(TESTS / "campaign_clock.py"), str(seed),
               *ground.command("run", str(ground.write()))[3:], "--yes", "--no-report", "--json"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    code, last = ground.finish(process)
    judge(ground, last)
    assert (code, last.finished) == (0, last.planned)
