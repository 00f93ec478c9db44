"""Several addresses for one model: calls are shared out, a failing server slows no other, and nothing is lost."""

import asyncio
import random
import threading
from collections import Counter
from contextlib import ExitStack

import pytest

from cache.store import Store
from facts.errors import BrokenFile
from fake_server import FakeServer, Reply
from runners import providers, sampler
from runners.budget import Budget
from runners.fleet import Fleet, Server, prefix
from runners.keys import elsewhere
from runners.limits import Limits
from runners.model import Model
from runners.models import find_model
from runners.providers import find
from runners.request import Request, Turn
from runners.sample import Failure, Sample, Stop, Trouble
from runners.trouble import Fatal, Retryable

FAST = Limits(concurrency=12, attempts=6, backoff_s=0.01, timeout_s=20, retry_wall_s=30)
SYSTEM = "You are a model named Alex. " * 40


def model(*servers, **changes):
    urls = tuple(server if isinstance(server, str) else server.base_url for server in servers)
    return Model(
        label="fleet", provider="openai_compatible", name="fake-1", base_url=urls[0], base_urls=urls, **changes
    )


def request(number, system=None, replicate=0):
    return Request(
        provider="openai_compatible", endpoint="http://first/v1", model="fake-1", system=system, replicate=replicate,
        turns=(Turn(role="user", text=f"question {number}"),), max_tokens=16, temperature=1.0,
    )  # fmt: skip


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def three():
    with ExitStack() as stack:
        yield [stack.enter_context(FakeServer()) for _ in range(3)]


def answers(requests, who, store, *, limits=FAST, on_answer=None):
    """All answers by key, and the line; a request that is answered twice fails the test."""

    async def go():
        line = sampler.Line(model=who, store=store, limits=limits, budget=Budget(), cancelled=asyncio.Event())
        got = {}
        async for answer in sampler.sample(((r.key, r) for r in requests), line):
            assert answer.key not in got
            got[answer.key] = answer.outcome
            if on_answer:
                on_answer(len(got))
        return got, line

    return asyncio.run(go())


def whole(got, planned):
    assert len(got) == planned
    return all(isinstance(outcome, Sample) for outcome in got.values())


def test_calls_are_shared_out_and_each_request_is_asked_once(store, three):
    for server in three:
        server.behave = lambda _n, _b: Reply(delay_s=0.005)
    got, _ = answers([request(i, SYSTEM) for i in range(240)], model(*three), store)
    assert whole(got, 240)
    bodies = [body for server in three for body in server.bodies]
    assert len(bodies) == len(set(bodies)) == 240
    assert all(len(server.bodies) >= 40 for server in three)  # one prefix has one home, and it takes only its share
    assert sum(server.most_in_flight for server in three) >= 12


def test_a_server_that_dies_mid_run_loses_nothing_and_the_others_go_on(store, three):
    dead = threading.Event()
    three[0].behave = lambda _n, _b: Reply(cut=0) if dead.is_set() else Reply()
    got, line = answers([request(i) for i in range(300)], model(*three), store,
                        on_answer=lambda n: dead.set() if n >= 60 else None)  # fmt: skip
    assert whole(got, 300)
    assert store.count() == 300
    assert line.pace.target >= 12  # the run is not slowed
    failed = sum(len(server.bodies) for server in three) - 300
    assert 0 < failed <= 12 + 8  # a burst in flight and a few probes, not a try a request


def test_a_server_whose_port_is_closed_is_left_out(store, three):
    got, _ = answers([request(i) for i in range(100)], model("http://127.0.0.1:1/v1", *three[:2]), store)
    assert whole(got, 100)
    assert len(three[0].bodies) + len(three[1].bodies) == 100


def test_a_wrong_key_at_one_server_takes_that_one_out_only(store, three):
    three[1].behave = lambda _n, _b: Reply(status=401)
    got, line = answers([request(i) for i in range(100)], model(*three), store)
    assert whole(got, 100)
    assert line.stopped is None
    assert len(three[1].bodies) <= 12
    assert line.remark.startswith(f"1 of 3 servers left out: {three[1].base_url}: ")
    assert "HTTP 401" in line.remark


def test_all_servers_out_stops_the_model_with_every_reason(store, three):
    statuses = [401, 404, 400]
    for server, status in zip(three, statuses, strict=True):
        server.behave = lambda _n, _b, status=status: Reply(status=status)
    got, line = answers([request(i) for i in range(50)], model(*three), store)
    assert not any(isinstance(outcome, Sample) for outcome in got.values())
    assert isinstance(line.stopped, Failure)
    for server, status in zip(three, statuses, strict=True):
        assert server.base_url in line.stopped.message
        assert f"HTTP {status}" in line.stopped.message
    assert "Check the model name" in line.stopped.advice


def test_one_server_that_says_slow_down_does_not_slow_the_run(store, three):
    three[2].behave = lambda _n, _b: Reply(status=429, headers={"retry-after": "30"})
    got, line = answers([request(i) for i in range(200)], model(*three), store)
    assert whole(got, 200)
    assert line.pace.target == 12
    assert len(three[2].bodies) <= 12


def test_when_every_server_says_slow_down_the_run_does(store, three):
    full = threading.Event()
    for server in three:
        server.behave = lambda _n, _b: Reply() if full.is_set() else Reply(status=429)
    timer = threading.Timer(0.3, full.set)
    timer.start()
    got, line = answers([request(i) for i in range(30)], model(*three), store,
                        limits=Limits(concurrency=12, attempts=40, backoff_s=0.05, retry_wall_s=60))  # fmt: skip
    timer.join()
    assert whole(got, 30)
    assert line.pace.target < 12


def test_the_replicates_of_one_prompt_go_to_one_server_while_it_has_room(store, three):
    systems = [f"{SYSTEM} Variant {i}." for i in range(9)]
    got, _ = answers([request(0, system, r) for r in range(6) for system in systems], model(*three), store,
                     limits=Limits(concurrency=1))  # fmt: skip
    assert whole(got, 54)
    for system in systems:
        homes = Counter(
            number for number, server in enumerate(three) for body in server.bodies if f'{system}"'.encode() in body
        )
        assert len(homes) == 1, homes
    assert len([server for server in three if server.bodies]) > 1


# -- with a clock of its own ----------------------------------------------------------------------------------------


class Stub:
    """A connection that answers, fails or waits as told."""

    def __init__(self):
        self.calls = 0
        self.error = None
        self.gate = None

    async def call(self, body, timeout_s):
        self.calls += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return Sample(text="A", stop=Stop.END, model="m")

    async def close(self):
        self.closed = True


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def fleet(count=3):
    stubs, clock = [Stub() for _ in range(count)], Clock()
    servers = [Server(address=f"http://s{i}/v1", connection=stub) for i, stub in enumerate(stubs)]
    return Fleet(servers, clock), servers, stubs, clock


async def tried(line, body):
    try:
        return await line.call(body, 5)
    except (Retryable, Fatal) as error:
        return error


def home_of(servers, body):
    return max(range(len(servers)), key=lambda i: servers[i].weight(prefix(body)))


DOWN = Retryable(Trouble.CONNECTION, "gone", advice="look")


def test_a_failing_server_is_left_out_for_a_growing_time_and_probed_by_one_call():
    async def go():
        line, servers, stubs, clock = fleet()
        body = b"x" * 500
        bad = stubs[home_of(servers, body)]
        bad.error = DOWN
        for _ in range(30):
            await tried(line, body)
        assert bad.calls == 3
        for hold in (1.0, 2.0, 4.0):  # each probe fails and doubles the time
            clock.now += hold - 0.01
            await tried(line, body)
            before = bad.calls
            clock.now += 0.02
            bad.gate = asyncio.Event()
            together = [asyncio.create_task(tried(line, body)) for _ in range(8)]
            await asyncio.sleep(0)
            assert bad.calls == before + 1  # a single call probes, the others go elsewhere
            bad.gate.set()
            await asyncio.gather(*together)
            bad.gate = None
        bad.error = None
        clock.now += 60
        assert isinstance(await tried(line, body), Sample)
        before = bad.calls
        for _ in range(5):
            await tried(line, body)
        assert bad.calls == before + 5  # home again
        await line.close()
        assert all(stub.closed for stub in stubs)

    asyncio.run(go())


def test_a_burst_of_failures_counts_once():
    async def go():
        line, servers, stubs, _ = fleet(1)
        stubs[0].gate, stubs[0].error = asyncio.Event(), DOWN
        together = [asyncio.create_task(tried(line, b"x")) for _ in range(50)]
        await asyncio.sleep(0)
        stubs[0].gate.set()
        await asyncio.gather(*together)
        assert servers[0].opened == 1
        # With no other server, it is asked all the same.
        assert await tried(line, b"x") is DOWN

    asyncio.run(go())


def test_a_server_that_stalls_gets_no_more_calls_until_it_speaks():
    async def go():
        line, servers, stubs, clock = fleet()
        body = b"y" * 500
        stuck = stubs[home_of(servers, body)]
        stuck.gate = asyncio.Event()
        waiting = asyncio.create_task(tried(line, body))
        await asyncio.sleep(0)
        clock.now += 11
        for _ in range(9):
            assert isinstance(await tried(line, body), Sample)
        assert stuck.calls == 1
        stuck.gate.set()
        await waiting
        await tried(line, body)
        assert stuck.calls == 2

    asyncio.run(go())


def test_no_server_ever_has_more_than_a_quarter_above_its_share_of_one_prefix():
    async def go():
        line, servers, stubs, _ = fleet(4)
        for stub in stubs:
            stub.gate = asyncio.Event()
        tasks = [asyncio.create_task(tried(line, b"z" * 500)) for _ in range(100)]
        await asyncio.sleep(0)
        most, least = max(s.in_flight for s in servers), min(s.in_flight for s in servers)
        assert most <= 1.25 * 100 / 4 + 1
        assert least >= 20
        for stub in stubs:
            stub.gate.set()
        await asyncio.gather(*tasks)
        assert all(server.in_flight == 0 for server in servers)

    asyncio.run(go())


@pytest.mark.parametrize("seed", range(5))
def test_adding_a_server_moves_only_the_prefixes_that_it_takes(seed):
    rng = random.Random(seed)
    _, servers, _, _ = fleet(4)
    bodies = [rng.randbytes(400) for _ in range(400)]
    before = [home_of(servers[:3], body) for body in bodies]
    after = [home_of(servers, body) for body in bodies]
    moved = [new for old, new in zip(before, after, strict=True) if old != new]
    assert set(moved) == {3}
    assert 60 <= len(moved) <= 140  # a quarter of 400


# -- how it is written, and what is in the key -----------------------------------------------------------------------


def own(tmp_path, text):
    path = tmp_path / "models.toml"
    path.write_text(f'[models.x]\nprovider = "openai_compatible"\nname = "q"\n{text}\n', encoding="utf-8")
    return path


def test_the_first_address_alone_is_the_identity_so_that_a_new_server_buys_nothing_again(tmp_path):
    one = find_model("x", own(tmp_path, 'base_url = "http://a:8000/v1"'))
    two = find_model("x", own(tmp_path, 'base_urls = ["http://a:8000/v1", "http://b:8000/v1"]'))
    spec = find_model("openai_compatible/q@http://a:8000/v1,http://b:8000/v1")
    endpoint = find("openai_compatible").endpoint
    assert endpoint(one) == endpoint(two) == endpoint(spec) == "http://a:8000/v1"
    assert two.addresses == spec.addresses == ("http://a:8000/v1", "http://b:8000/v1")
    assert one.base_urls == find_model("x", own(tmp_path, 'base_urls = ["http://a:8000/v1"]')).base_urls == ()
    assert elsewhere(two) == "http://a:8000/v1 and http://b:8000/v1, with no key"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('base_urls = ["http://a/v1", "http://me:hunter2@b/v1"]', "holds a user name"),
        ('base_urls = ["http://a/v1", "http://a:80/v1/"]', "twice"),
        ('base_url = "http://a/v1"\nbase_urls = ["http://b/v1"]', "put every address into base_urls"),
        ("base_urls = []", "base_urls"),
    ],
)
def test_addresses_that_cannot_be_meant_are_refused(tmp_path, text, said):
    with pytest.raises(BrokenFile, match=said) as error:
        find_model("x", own(tmp_path, text))
    assert "hunter2" not in str(error.value)


def test_a_spec_that_names_one_more_server_does_not_get_the_key_of_the_entry(tmp_path, monkeypatch):
    monkeypatch.setenv("MINE", "sk-mine-0123456789")
    path = own(tmp_path, 'base_urls = ["http://a/v1", "http://b/v1"]\nkey_env = "MINE"\nusd_per_mtok_in = 1.0')
    lent = find_model("openai_compatible/q@http://a/v1,http://b/v1", path)
    assert (lent.key_env, lent.usd_per_mtok_in) == ("MINE", 1.0)
    assert find_model("openai_compatible/q@http://a/v1", path).base_urls == ()
    assert find_model("openai_compatible/q@http://a/v1,http://other/v1", path).key_env is None


def test_a_wrong_address_behind_the_first_is_found_before_any_call():
    who = model("http://a/v1", "nowhere")
    assert "'nowhere' is not an address" in (providers.problem(who) or "")
    with pytest.raises(Fatal):
        providers.connect(who, 4)
