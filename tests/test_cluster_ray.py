"""A run over a local Ray cluster of separate processes: workers and driver are killed, the server counts calls."""

import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from cache.store import Store
from fake_server import FakeServer, Reply

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs Ray: make ray"),
    pytest.mark.timeout(400),
]

PLANNED, CONCURRENCY = 180, 16
BIN = Path(sys.executable).parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def cluster():
    """Two Ray nodes on this machine, each of its own processes, that end with their groups."""
    port, home = free_port(), tempfile.mkdtemp(prefix="ray")
    environment = {
        **os.environ,
        "RAY_USAGE_STATS_ENABLED": "0",
        "WORKER_KEY": "sk-planted-0123456789",
        "HOME": home,
    }
    address = f"127.0.0.1:{port}"
    shared = ["--num-cpus=1", "--object-store-memory=100000000", "--disable-usage-stats", "--block"]
    head = [str(BIN / "ray"), "start", "--head", f"--port={port}", "--node-ip-address=127.0.0.1",
            "--include-dashboard=false", f"--temp-dir={home}", *shared]  # fmt: skip
    second = [str(BIN / "ray"), "start", f"--address={address}", *shared]
    started = []
    try:
        started.append(node(head, environment))
        started.append(node(second, environment))
        yield address, environment
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGTERM)  # `ray start --block` ends its node's processes
        for process in started:
            process.wait(60)
        shutil.rmtree(home, ignore_errors=True)


def node(command, environment):
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = []
    for line in process.stdout:
        said.append(line)
        if "Ray runtime started" in line:
            return process
    pytest.fail("".join(said))


def write(folder, server, key_env=None):
    (folder / "ws").mkdir(exist_ok=True)
    key = f'key_env = "{key_env}"\n' if key_env else ""
    (folder / "ws" / "models.toml").write_text(
        f'[models.fake]\nprovider = "openai_compatible"\nname = "fake-1"\nbase_url = "{server.base_url}"\n{key}',
        encoding="utf-8",
    )
    path = folder / "c.toml"
    path.write_text(
        'name = "crash"\nsetting = "value_conflict"\nmodels = ["fake"]\nmetrics = ["option"]\nqueries = 10\n'
        f'replicates = 3\nconcurrency = {CONCURRENCY}\n[design]\nkind = "ladder"\nfacts = ["objections_read"]\n'
        'levels = [0, 2, 5]\npolarities = ["affirmed"]\n', encoding="utf-8",
    )  # fmt: skip
    return path


def start(folder, path, cluster, **more):
    address, environment = cluster
    command = [sys.executable, "-m", "dashboard", "--workspace", str(folder / "ws"), "run", str(path), "--yes",
               "--no-report", "--json", "--ray", address]  # fmt: skip
    return subprocess.Popen(
        command, env={**environment, **more}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process):
    out, err = process.communicate(timeout=180)
    return process.returncode, (json.loads(out) if out.strip() else None), err


def workers():
    """The processes of this machine that Ray says hold a desk, youngest last."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and re.match(rb"ray::Desk", (folder / "cmdline").read_bytes()):
                found.append(int(folder.name))
        except OSError:
            continue
    return sorted(found)


def test_a_killed_worker_loses_nothing(cluster, tmp_path):
    with FakeServer(lambda _n, _b: Reply(delay_s=0.1)) as server:
        process = start(tmp_path, write(tmp_path, server), cluster)
        server.wait_for(60, 120)
        both = workers()
        os.kill(both[0], signal.SIGKILL)
        code, last, err = finish(process)
        again = len(server.bodies) - PLANNED
    assert len(both) == 2
    assert code == 0, err
    assert last["models"][0]["done"] == PLANNED
    assert 0 < again <= CONCURRENCY  # what it had in flight is asked again, nothing else
    with Store(tmp_path / "ws" / "store") as store:
        assert store.count() == PLANNED


def test_a_killed_driver_loses_nothing_and_its_workers_end(cluster, tmp_path):
    with FakeServer(lambda _n, _b: Reply(delay_s=0.1)) as server:
        path = write(tmp_path, server)
        process = start(tmp_path, path, cluster)
        server.wait_for(60, 120)
        process.kill()
        process.wait(30)
        with Store(tmp_path / "ws" / "store") as store:
            survived = store.count()
        server_idle(server)
        before = len(server.bodies)
        code, last, err = finish(start(tmp_path, path, cluster))
        after = len(server.bodies) - before
    assert code == 0, err
    assert last["models"][0]["kept_before"] == survived
    assert after == PLANNED - survived
    assert before - survived <= 2 * CONCURRENCY  # in flight, or on the way to the disk
    with Store(tmp_path / "ws" / "store") as store:
        assert store.count() == PLANNED


def server_idle(server):
    """Wait until the dead driver's workers are gone, so that nobody calls any more."""
    import time

    until = time.monotonic() + 60
    while workers() or server.in_flight:
        assert time.monotonic() < until, "the workers of a dead driver live on"
        time.sleep(0.05)


def test_the_key_comes_from_the_node_and_stands_in_no_file_of_ray(cluster, tmp_path):
    _, environment = cluster
    with FakeServer() as server:
        path = write(tmp_path, server, key_env="WORKER_KEY")
        code, _, err = finish(start(tmp_path, path, cluster, WORKER_KEY="sk-of-the-driver-98765"))
        assert code == 0, err
        assert all("sk-planted-0123456789" in head for head in server.headers)
    ours = [file for file in (*Path(environment["HOME"]).rglob("*"), *tmp_path.rglob("*")) if file.is_file()]
    assert any(file.suffix == ".log" for file in ours)
    for file in ours:
        content = file.read_bytes()
        assert b"sk-of-the-driver" not in content, file
        assert b"sk-planted" not in content, file


def test_a_key_that_is_missing_on_the_nodes_is_said(cluster, tmp_path):
    with FakeServer() as server:
        path = write(tmp_path, server, key_env="ONLY_HERE")
        code, last, err = finish(start(tmp_path, path, cluster, ONLY_HERE="sk-of-the-driver-98765"))
        assert server.bodies == []
    assert code == 1
    said = json.dumps(last) + err
    assert "ONLY_HERE is not set" in said
    assert "start Ray again" in said


def test_an_address_where_no_cluster_is_says_what_to_do(tmp_path):
    with FakeServer() as server:
        path = write(tmp_path, server)
        code, _, err = finish(start(tmp_path, path, (f"127.0.0.1:{free_port()}", dict(os.environ))))
    assert code != 0
    assert "ray start --head" in err
    assert "Traceback" not in err
