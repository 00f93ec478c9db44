"""Several processes and threads at one workspace: no false alarm, and what one has bought the other does not buy."""

import threading

import pytest

from cache.store import Store
from dashboard.launch import launch, lock_of
from dashboard.workspace import Workspace
from facts.catalog import load
from fake_server import FakeServer, Reply
from runners.comparison_file import parse_comparison
from runners.keep import to_record
from runners.models import find_model
from runners.progress import State
from runners.sample import Sample, Stop
from runners.sizes import requests


def comparison(server, name, queries=10):
    return parse_comparison(
        name,
        f"""
name = "{name}"
setting = "value_conflict"
models = ["openai_compatible/fake-1@{server.base_url}"]
queries = {queries}
replicates = 1
concurrency = 2
metrics = ["option"]
[design]
kind = "ladder"
facts = ["objections_read"]
levels = [0, 2]
polarities = ["affirmed"]
""",
    )


@pytest.fixture
def workspace(tmp_path):
    return Workspace(root=tmp_path / "ws")


def test_asking_whether_it_runs_does_not_stop_it_from_starting(workspace):
    """A page that polls holds the lock for a moment; a run that starts in that moment must not be refused."""
    with FakeServer() as server, Store(workspace.store) as store:
        held, done = threading.Event(), threading.Event()

        def ask():
            with lock_of(workspace, "one"):
                held.set()
                done.wait(0.1)

        asking = threading.Thread(target=ask)
        asking.start()
        held.wait(10)
        last = launch(comparison(server, "one"), load(), workspace, store, lambda _: None, lambda: False)
        asking.join()
    assert last.state is State.FINISHED


def test_what_another_run_buys_after_the_look_up_is_not_bought_again(workspace):
    """The look-up is two hundred requests ahead of the calls; each request is looked up again when its turn comes."""
    library = load()
    with Store(workspace.store) as store, Store(workspace.store) as other, FakeServer() as server:
        planned = comparison(server, "one")
        wanted = list(requests(planned, library, find_model(planned.models[0])))
        bought = to_record(wanted[0][1], Sample(text="A", stop=Stop.END, model="fake-1"))

        def behave(number, _body):
            if number == 0:
                for added in [other.add(key, bought) for key, _ in wanted[1:]]:
                    added.result(10)
            return Reply()

        server.behave = behave
        last = launch(planned, library, workspace, store, lambda _: None, lambda: False)
        assert store.count() == len(wanted) == 40
        assert len(server.bodies) <= 2 * planned.concurrency
    assert (last.state, last.finished) == (State.FINISHED, 40)
