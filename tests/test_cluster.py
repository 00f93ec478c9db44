"""Calls by workers: in groups, each at most once, lost workers replaced, and nobody ever left waiting.

Workers here are real processes that are killed with SIGKILL, joined by pipes instead of Ray; test_cluster_ray.py does
the same on a Ray cluster.
"""

import asyncio
import contextlib
import multiprocessing
import os
import pickle
import threading
from dataclasses import replace

import pytest

from cache.store import Store
from fake_server import FakeServer, Reply
from runners import providers, sampler
from runners.budget import Budget
from runners.cluster import pump as pump_module
from runners.cluster.crew import Crew, linger_s
from runners.cluster.desk import Desk
from runners.cluster.parcel import Broken, Greeting, packed, release, unpacked
from runners.cluster.pump import WorkerLost
from runners.limits import Limits
from runners.model import Model
from runners.models import find_model
from runners.providers import find
from runners.request import Request, Turn
from runners.sample import Failure, Sample, Stop, Trouble
from runners.trouble import CallError, Fatal, Retryable

# A killed worker leaves the server half a connection, whose reader is dropped when the server's loop ends.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

FAST = Limits(concurrency=12, attempts=6, backoff_s=0.01, timeout_s=20, retry_wall_s=60)


def model(server, **changes):
    fields = {"label": "local", "provider": "openai_compatible", "name": "fake-1", "base_url": server.base_url}
    return Model(**(fields | {"usd_per_mtok_in": 1.0, "usd_per_mtok_out": 2.0} | changes))


def expected(who):
    return Greeting(place="here", release=release(), endpoint=find(who.provider).endpoint(who))


# -- workers in processes of their own --------------------------------------------------------------------------------


def serve(pipe, who, concurrency):
    """The worker's process: a desk at the end of a pipe."""

    async def go():
        desk, loop = Desk(who, concurrency), asyncio.get_running_loop()
        sending = threading.Lock()

        async def one(number, name, args):
            result = await getattr(desk, name)(*args)
            with sending:
                pipe.send((number, result))

        while True:
            asked = await loop.run_in_executor(None, pipe.recv)
            asyncio.create_task(one(*asked))  # noqa: RUF006  (ends before the process does)

    asyncio.run(go())


class ProcessWorker:
    """A worker in a child process, as Ray's actors are: every method fails once the process is dead."""

    def __init__(self, who, concurrency, ready):
        self.ready = ready
        context = multiprocessing.get_context("spawn")
        self.pipe, there = context.Pipe()
        self.process = context.Process(target=serve, args=(there, who, concurrency), daemon=True)
        self.process.start()
        there.close()
        self.waiting, self.number, self.groups = {}, 0, []
        self.loop = asyncio.get_running_loop()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        try:
            while True:
                number, result = self.pipe.recv()
                self.loop.call_soon_threadsafe(self.arrived, number, result)
        except (EOFError, OSError):
            with contextlib.suppress(RuntimeError):  # the test is over
                self.loop.call_soon_threadsafe(self.died)

    def arrived(self, number, result):
        future = self.waiting.pop(number)
        if not future.done():
            future.set_result(result)

    def died(self):
        waiting, self.waiting, self.pipe = self.waiting, {}, None
        for future in waiting.values():
            if not future.done():
                future.set_exception(WorkerLost("the process ended"))

    async def asked(self, name, *args):
        if self.pipe is None:
            raise WorkerLost("the process ended")
        self.number += 1
        future = self.waiting[self.number] = self.loop.create_future()
        try:
            self.pipe.send((self.number, name, args))
        except OSError:
            raise WorkerLost("the process ended") from None
        return await future

    async def hello(self):
        greeting = await self.asked("hello")
        await self.ready()
        return greeting

    async def put(self, bodies):
        self.groups.append(len(bodies))
        await self.asked("put", bodies)

    async def take(self, wait_s, linger_s):
        return await self.asked("take", wait_s, linger_s)

    async def bye(self):
        await self.asked("bye")

    def kill(self):
        self.process.kill()


def crew(who, places=2, concurrency=12):
    """A crew of processes that begin together, and the list of every worker that was ever hired."""
    hired, there, all_there = [], [], asyncio.Event()

    async def ready():
        there.append(1)
        if len(there) == places:
            all_there.set()
        await all_there.wait()

    def hire():
        hired.append(ProcessWorker(who, concurrency, ready))
        return hired[-1]

    return Crew([hire] * places, expected(who), pause_s=0.01), hired


def request(number, server):
    return Request(
        provider="openai_compatible", endpoint=server.base_url, model="fake-1", max_tokens=16, temperature=1.0,
        turns=(Turn(role="user", text=f"question {number}"),),
    )  # fmt: skip


def answers(count, server, store, who, connection, *, on_answer=None, budget=None):
    async def go():
        line = sampler.Line(model=who, store=store, limits=FAST, budget=budget or Budget(), cancelled=asyncio.Event(),
                            connect=lambda _model, _concurrency: connection)  # fmt: skip
        got = {}
        async for answer in sampler.sample(((r.key, r) for r in (request(i, server) for i in range(count))), line):
            assert answer.key not in got
            got[answer.key] = answer.outcome
            if on_answer:
                on_answer(len(got))
        return got, line

    return asyncio.run(go())


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "store") as opened:
        yield opened


def test_workers_bring_every_sample_once_and_share_the_calls(store):
    with FakeServer(lambda _n, _b: Reply(delay_s=0.02)) as server:
        line, hired = crew(model(server))
        got, _ = answers(120, server, store, model(server), line)
        assert len(server.bodies) == len(set(server.bodies)) == 120
    assert all(isinstance(outcome, Sample) for outcome in got.values())
    assert store.count() == 120
    assert len(hired) == 2
    assert all(sum(worker.groups) >= 20 for worker in hired)
    assert sum(len(worker.groups) for worker in hired) < 120  # bodies travel in groups
    for worker in hired:
        worker.process.join(10)
        assert not worker.process.is_alive()


def test_a_killed_worker_loses_nothing_and_only_its_calls_in_flight_are_asked_again(store):
    with FakeServer(lambda _n, _b: Reply(delay_s=0.02)) as server:
        line, hired = crew(model(server))
        budget = Budget()
        got, _ = answers(200, server, store, model(server), line, budget=budget,
                         on_answer=lambda n: hired[0].process.kill() if n == 60 else None)  # fmt: skip
        again = len(server.bodies) - 200
    assert all(isinstance(outcome, Sample) for outcome in got.values())
    assert len(got) == store.count() == 200
    assert 0 <= again <= 12
    assert len(hired) == 3
    assert (budget.maybe_usd > 0) == (budget.calls > 200)  # what a dead worker had asked may have been billed


def test_killing_every_worker_again_and_again_still_ends_with_every_sample(store):
    with FakeServer(lambda _n, _b: Reply(delay_s=0.02)) as server:
        line, hired = crew(model(server))

        def shoot(n):
            if n % 100 == 0:
                for worker in hired:
                    worker.process.kill()

        got, _ = answers(200, server, store, model(server), line, on_answer=shoot)
    assert all(isinstance(outcome, Sample) for outcome in got.values())
    assert store.count() == 200
    assert len(hired) >= 4


def test_errors_cross_the_process_with_all_they_say(store):
    with FakeServer(lambda _n, _b: Reply(status=401)) as server:
        line, _ = crew(model(server), places=1)
        got, ran = answers(5, server, store, model(server), line)
    assert isinstance(ran.stopped, Failure)
    assert ran.stopped.status == 401
    assert Trouble.AUTH in {outcome.trouble for outcome in got.values()}
    assert "key_env" in ran.stopped.advice
    assert not any(isinstance(outcome, Sample) for outcome in got.values())


def test_the_key_is_read_where_the_worker_runs_and_its_absence_there_is_said(store, monkeypatch):
    with FakeServer() as server:
        who = model(server, key_env="WORKER_KEY")
        line, _ = crew(who)
        got, ran = answers(5, server, store, who, line)
        assert server.bodies == []
    assert "WORKER_KEY is not set" in ran.stopped.message
    assert "start Ray again" in ran.stopped.advice
    monkeypatch.setenv("WORKER_KEY", "sk-planted-0123456789")
    with FakeServer() as server:
        who = model(server, key_env="WORKER_KEY")
        assert b"sk-planted" not in pickle.dumps(who)
        line, _ = crew(who, places=1)
        got, _ = answers(5, server, store, who, line)
        assert all("sk-planted-0123456789" in head for head in server.headers)
    assert all(isinstance(outcome, Sample) for outcome in got.values())


def test_a_simulated_model_answers_on_a_worker_as_it_does_here():
    who = find_model("organism/paper_like")
    body = find("organism").body(
        Request(provider="organism", endpoint=find("organism").endpoint(who), model="paper_like", max_tokens=300,
                system="You are Alex.", turns=(Turn(role="user", text="How are you?"),), temperature=1.0)
    )  # fmt: skip

    async def go():
        line, _ = crew(who, places=1)
        try:
            return await line.call(body, 10), await providers.connect(who, 1).call(body, 10)
        finally:
            await line.close()

    there, here = asyncio.run(go())
    assert there == here
    assert there.simulated


# -- workers in this process: what a cluster can do to us -------------------------------------------------------------


class Puppet:
    """A worker that does as told; ``said`` is its greeting."""

    def __init__(self, said, *, loses=(), silent=False):
        self.said, self.loses, self.silent = said, loses, silent
        self.bodies, self.done, self.ready, self.killed = [], [], asyncio.Event(), False

    async def hello(self):
        if "hello" in self.loses:
            raise WorkerLost("no memory")
        return self.said

    async def put(self, bodies):
        if "put" in self.loses:
            raise WorkerLost("gone")
        self.bodies += bodies
        if not self.silent:
            self.done += [(number, Sample(text="A", stop=Stop.END, model="m")) for number, _, _ in bodies]
            self.ready.set()

    async def take(self, wait_s, linger_s):
        await self.ready.wait()
        self.ready.clear()
        done, self.done = self.done, []
        return done

    async def bye(self):
        pass

    def kill(self):
        self.killed = True


HERE = Greeting(place="node-1", release="1+aa", endpoint="http://x")


async def called(line, count=5):
    try:
        return await asyncio.gather(*(line.call(b"%d" % i, 5) for i in range(count)), return_exceptions=True)
    finally:
        await line.close()


def test_workers_that_cannot_start_are_given_up_with_the_reason():
    hired = []

    async def go():
        def hire():
            hired.append(Puppet(HERE, loses={"hello"}))
            return hired[-1]

        return await called(Crew([hire, hire], HERE, pause_s=0.001))

    errors = asyncio.run(go())
    assert all(isinstance(error, Fatal) and "no memory" in error.message for error in errors)
    assert len(hired) == 6
    assert all(worker.killed for worker in hired)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"release": "2+bb"}, "2+bb"), ({"endpoint": "http://y"}, "http://y"), ({"problem": "no weights"}, "no weights")],
)
def test_a_worker_that_is_not_what_this_process_is_makes_no_call(change, said):
    hired = []

    async def go():
        def hire():
            hired.append(Puppet(replace(HERE, **change)))
            return hired[-1]

        return await called(Crew([hire], HERE))

    errors = asyncio.run(go())
    assert all(isinstance(error, Fatal) and said in error.message and "node-1" in error.message for error in errors)
    assert [worker.bodies for worker in hired] == [[]]


def test_one_node_that_is_wrong_leaves_the_work_to_the_others():
    async def go():
        good = Puppet(HERE)
        return await called(Crew([lambda: Puppet(replace(HERE, problem="KEY is not set")), lambda: good], HERE))

    assert all(isinstance(sample, Sample) for sample in asyncio.run(go()))


def test_a_call_on_a_lost_worker_is_retryable_and_what_was_not_sent_goes_elsewhere():
    async def go():
        bad, good = Puppet(HERE, loses={"put"}), Puppet(HERE)
        hires = iter([bad, good])
        line = Crew([lambda: next(hires)], HERE, pause_s=0.001)
        first = await asyncio.gather(line.call(b"1", 5), return_exceptions=True)
        return first, await called(line, 3)

    (lost,), after = asyncio.run(go())
    assert isinstance(lost, Retryable)
    assert lost.trouble is Trouble.CONNECTION
    assert all(isinstance(sample, Sample) for sample in after)


def test_a_worker_that_falls_silent_is_taken_for_dead(monkeypatch):
    monkeypatch.setattr(pump_module, "_POLL_S", 0.01)
    monkeypatch.setattr(pump_module, "_GRACE_S", 0.02)
    silent = []

    async def go():
        def hire():
            silent.append(Puppet(HERE, silent=True))
            return silent[-1]

        return await called(Crew([hire], HERE, pause_s=0.001), 2)

    errors = asyncio.run(go())
    assert all(isinstance(error, Retryable) and "silent" in error.message for error in errors)
    assert all(worker.killed for worker in silent)


def test_a_defect_in_the_way_to_the_workers_leaves_nobody_waiting():
    async def go():
        def hire():
            raise RuntimeError("cluster gone")

        return await called(Crew([hire], HERE))

    assert all(isinstance(error, Fatal) for error in asyncio.run(go()))


def test_a_cancelled_call_is_not_sent():
    async def go():
        worker = Puppet(HERE)
        line = Crew([lambda: worker], HERE)
        task = asyncio.create_task(line.call(b"dropped", 5))
        await asyncio.sleep(0)
        task.cancel()
        kept = await called(line, 1)
        return worker, kept

    worker, (sample,) = asyncio.run(go())
    assert isinstance(sample, Sample)
    assert [body for _, body, _ in worker.bodies] == [b"0"]


@pytest.mark.parametrize("kind", [Retryable, Fatal])
def test_an_error_comes_out_of_its_parcel_as_it_went_in(kind):
    error = kind(Trouble.SERVER, "m", advice="a", status=503, retry_after_s=None)
    back = unpacked(pickle.loads(pickle.dumps(packed(error))))  # noqa: S301  (our own bytes)
    assert type(back) is kind
    assert (back.trouble, back.message, back.advice, back.status) == (Trouble.SERVER, "m", "a", 503)


def test_a_defect_in_a_worker_reaches_the_driver_without_its_text(monkeypatch):
    class Breaks:
        async def call(self, body, timeout_s):
            raise ValueError("sk-secret")

        async def close(self):
            pass

    monkeypatch.setattr(providers, "connect", lambda _model, _concurrency: Breaks())

    async def go():
        desk = Desk(find_model("organism/paper_like"), 1)
        assert (await desk.hello()).problem is None
        await desk.put([(7, b"x", 1.0)])
        return await desk.take(5.0, 0.0)

    ((number, reply),) = asyncio.run(go())
    assert number == 7
    assert isinstance(reply, Broken)
    assert isinstance(unpacked(reply), CallError)
    assert "ValueError" in reply.message
    assert "sk-secret" not in repr(reply)


def test_the_driver_handles_at_most_200_groups_a_second_however_many_workers():
    assert [linger_s(n) for n in (1, 10, 20, 1000)] == [0.005, 0.05, 0.1, 0.1]


def test_without_ray_the_command_says_what_to_install(capsys, monkeypatch, tmp_path):
    import importlib.util

    from dashboard.__main__ import main

    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    path = tmp_path / "c.toml"
    path.write_text('name = "c"\nsetting = "value_conflict"\nmodels = ["organism/paper_like"]\nqueries = 1\n'
                    'metrics = ["option"]\n[design]\nkind = "ladder"\nfacts = ["objections_read"]\nlevels = [0, 5]\n'
                    'polarities = ["affirmed"]\n', encoding="utf-8")  # fmt: skip
    assert main(["--workspace", str(tmp_path / "ws"), "run", str(path), "--yes", "--ray", "auto"]) != 0
    assert "make ray" in capsys.readouterr().err
    assert os.environ.get("RAY_ADDRESS") is None
