"""Real crash tests: a run is killed with SIGKILL, resumed, and the calls are counted by the server."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cache.store import Store
from fake_server import FakeServer, Reply

QUERIES, REPLICATES, ARMS, TIERS = 10, 3, 3, 2
PLANNED = QUERIES * REPLICATES * ARMS * TIERS


@pytest.fixture
def workspace(tmp_path):
    return tmp_path / "ws"


def write(tmp_path, server, **changes):
    fields = {"queries": QUERIES, "replicates": REPLICATES, "concurrency": 8, **changes}
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in fields.items())
    path = tmp_path / "crash.toml"
    path.write_text(
        f'name = "crash"\nsetting = "value_conflict"\nmodels = ["openai_compatible/fake-1@{server.base_url}"]\n'
        f'metrics = ["option", "refusal"]\n{lines}\n[design]\nkind = "ladder"\nfacts = ["objections_read"]\n'
        'levels = [0, 2, 5]\npolarities = ["affirmed"]\n',
        encoding="utf-8",
    )
    return path


def command(workspace, path, *more):
    return [sys.executable, "-m", "dashboard", "--workspace", str(workspace), "run", str(path), "--yes", "--no-report",
            "--json", *more]  # fmt: skip


def start(workspace, path, *more):
    return subprocess.Popen(
        command(workspace, path, *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip


def finish(process):
    out, err = process.communicate(timeout=120)
    return process.returncode, (json.loads(out) if out.strip() else None), err


@pytest.mark.parametrize("kill_after", random.Random(7).sample(range(5, PLANNED - 20), 3))
def test_sigkill_then_resume_makes_exactly_the_missing_calls(tmp_path, workspace, kill_after):
    with FakeServer(lambda _n, _b: Reply(delay_s=0.01)) as server:
        path = write(tmp_path, server)
        process = start(workspace, path)
        server.wait_for(kill_after)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        with Store(workspace / "store") as store:
            survived = store.count()
        before = list(server.bodies)
        code, last, err = finish(start(workspace, path))
        after = server.bodies[len(before) :]
    assert code == 0, err
    assert last["state"] == "finished"
    # one body is sent once per replicate: the union is exactly the plan, and only what was in flight is asked again
    assert len(after) == PLANNED - survived
    assert len(before) - survived <= 16  # eight in flight, eight on their way to the disk
    with Store(workspace / "store") as store:
        assert store.count() == PLANNED
    assert last["models"][0]["kept_before"] == survived


def test_a_second_run_makes_no_calls(tmp_path, workspace):
    with FakeServer() as server:
        path = write(tmp_path, server)
        assert finish(start(workspace, path))[0] == 0
        calls = len(server.bodies)
        code, last, _ = finish(start(workspace, path))
        assert (code, len(server.bodies), calls) == (0, PLANNED, PLANNED)
    assert last["models"][0]["kept_before"] == PLANNED


def test_replicates_2_to_3_buy_exactly_the_new_ones(tmp_path, workspace):
    with FakeServer() as server:
        path = write(tmp_path, server)
        finish(start(workspace, path, "--replicates", "2"))
        assert len(server.bodies) == PLANNED * 2 // 3
        finish(start(workspace, path, "--replicates", "3"))
        assert len(server.bodies) == PLANNED


def test_interrupting_keeps_what_is_in_flight_and_resume_finishes(tmp_path, workspace):
    with FakeServer(lambda _n, _b: Reply(delay_s=0.05)) as server:
        path = write(tmp_path, server)
        process = start(workspace, path)
        server.wait_for(30)
        process.send_signal(signal.SIGINT)
        code, last, _ = finish(process)
        calls = len(server.bodies)
        assert (code, last["state"]) == (1, "cancelled")
        assert calls < PLANNED
        with Store(workspace / "store") as store:
            assert store.count() == calls  # everything that was asked was kept
        assert finish(start(workspace, path))[0] == 0
        assert len(server.bodies) == PLANNED


def test_two_runners_of_one_comparison_are_one_too_many(tmp_path, workspace):
    with FakeServer(lambda _n, _b: Reply(delay_s=0.2)) as server:
        path = write(tmp_path, server, concurrency=2)  # slow enough for the other to come while it is at work
        first = start(workspace, path)
        server.wait_for(5)
        code, _, err = finish(start(workspace, path))
        assert code == 1
        assert "is being run already" in err
        cancel = subprocess.run(
            [sys.executable, "-m", "dashboard", "--workspace", str(workspace), "cancel", "crash"],
            check=False,
            timeout=60,
        )  # fmt: skip
        assert cancel.returncode == 0
        assert finish(first)[1]["state"] == "cancelled"


def test_the_budget_in_calls_stops_the_run_and_says_what_to_do(tmp_path, workspace):
    with FakeServer() as server:
        path = write(tmp_path, server)
        code, last, err = finish(start(workspace, path, "--max-calls", "12"))
        assert len(server.bodies) == 12
    assert (code, last["state"]) == (1, "stopped")
    assert "12 calls is used up" in err


def test_a_budget_in_usd_needs_known_prices(tmp_path, workspace):
    with FakeServer() as server:
        code, _, err = finish(start(workspace, write(tmp_path, server), "--max-usd", "1"))
        assert not server.bodies
    assert code == 1
    assert "price" in err
    assert "models.toml" in err


@pytest.mark.parametrize(("status", "words"), [(401, "key"), (404, "fake-1"), (400, "planned 400")])
def test_an_error_that_cannot_pass_stops_the_model_and_keeps_nothing(tmp_path, workspace, status, words):
    with FakeServer(lambda _n, _b: Reply(status=status)) as server:
        code, last, err = finish(start(workspace, write(tmp_path, server)))
        assert len(server.bodies) <= 16
    assert code == 1
    assert words in err
    assert sum(last["models"][0]["failures"].values()) == PLANNED


def test_a_provider_that_is_down_fails_after_bounded_tries_and_says_so(tmp_path, workspace):
    with FakeServer() as server:
        path = write(tmp_path, server, queries=1, replicates=1, concurrency=6)
    # the server is gone now: nothing listens at its port
    code, last, err = finish(start(workspace, path))
    assert code == 1
    assert "connection" in json.dumps(last["models"][0]["failures"])
    assert err.strip()


def test_the_command_line_runs_as_a_module():
    out = subprocess.run([sys.executable, "-m", "dashboard", "--help"], check=True, capture_output=True, text=True)
    assert "which facts" in out.stdout.lower()
    assert Path(sys.executable).exists()
