"""A run and others' open batches: it waits for its own requests alone, pays for them alone, and ends no other's."""

import asyncio
import threading
from dataclasses import replace

import pytest

from batch_maker import KEY, QUICK, WIRES, answers, asked, collect, model
from batch_server import BatchServer
from cache.store import Store
from dashboard.plan_text import plan_lines
from facts.catalog import shipped
from runners.batches.desk import Way
from runners.batches.ledger import Ledger
from runners.budget import cost_usd
from runners.comparison import Comparison
from runners.estimate import estimate
from runners.limits import Limits
from runners.progress import State
from runners.run import run
from runners.sample import Sample

FIRST = Comparison(name="first", setting="value_conflict", models=("a",), facts=("objections_read",), levels=(0, 5),
                   queries=3, replicates=2, metrics=("option",), via="batch")  # fmt: skip


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("TEST_KEY", KEY)


@pytest.fixture(params=WIRES)
def wire(request):
    return request.param


def left_open(server, requests, who, folder):
    """A batch of another comparison, whose run ended without it."""
    server.faults = lambda call, _n: 401 if call == "look" else None
    answers(requests, who, folder, comparison="first")
    server.faults = lambda _call, _n: None
    (batch,) = Ledger(folder / "batches").every()
    assert batch.open
    return batch


def samples(got):
    return [answer.outcome for answer in got if isinstance(answer.outcome, Sample)]


def go(plan, store, folder, **limits):
    way = Way(ledger=Ledger(folder / "batches"), **QUICK)
    return run(plan, shipped(), store, Limits(**limits), lambda _p: None, threading.Event(), way=way)


@pytest.mark.parametrize("via", ["live", "batch"])
def test_a_batch_without_a_request_of_the_run_is_left_alone(wire, tmp_path, via):
    with BatchServer() as server, Store(tmp_path / "store") as store:
        who = (model(wire, server.url),)
        server.faults = lambda call, _n: 401 if call == "look" else None
        go(estimate(FIRST, shipped(), who, store), store, tmp_path)
        server.faults = lambda _call, _n: None
        (held,) = server.batches
        second = replace(FIRST, name="second", via=via, temperature=0.5)
        plan = estimate(second, shipped(), who, store)
        last = go(plan, store, tmp_path, max_usd=plan.cost("high") * 4)
        assert (last.state, last.finished) == (State.FINISHED, plan.calls)
        assert not held.cancelling
        assert last.spent_usd <= plan.cost("high")
        assert [b.comparison for b in Ledger(tmp_path / "batches").every() if b.open] == ["first"]
        first = go(estimate(FIRST, shipped(), who, store), store, tmp_path)
        assert first.finished == 36
        assert not [batch for batch in Ledger(tmp_path / "batches").every() if batch.open]
        assert set(server.billed.values()) == {1}


def test_what_a_run_shares_with_a_batch_is_waited_for_and_is_all_that_it_pays_of_it(wire, tmp_path):
    with BatchServer() as server:
        who = model(wire, server.url)
        left_open(server, asked(who, 6), who, tmp_path)
        got, line, _ = answers(asked(who, 4, start=4), who, tmp_path, comparison="second")
        assert len(server.billed) == 8
        assert set(server.billed.values()) == {1}
    assert len(samples(got)) == 4
    assert line.spent_usd == line.budget.spent_usd == pytest.approx(4 * cost_usd(who, samples(got)[0].usage) / 2)
    assert line.budget.maybe_usd == 0
    with Store(tmp_path / "store") as store:
        assert store.count() == 8, "harvested whole"


def test_cancelling_a_run_that_waits_for_another_s_batch_leaves_that_batch_alone(wire, tmp_path):
    with BatchServer() as server:
        server.open = True
        who = model(wire, server.url)
        left_open(server, asked(who, 6), who, tmp_path)
        before = server.calls["look"]

        async def go(store):
            cancelled = asyncio.Event()
            loop = asyncio.get_running_loop()
            watching = threading.Thread(target=lambda: (server.wait_for(lambda s: s.calls["look"] >= before + 2),
                                                        loop.call_soon_threadsafe(cancelled.set)))  # fmt: skip
            watching.start()
            return await collect(asked(who, 2), who, store, tmp_path, cancelled=cancelled, comparison="second")

        with Store(tmp_path / "store") as store:
            got, line, _ = asyncio.run(go(store))
        assert not samples(got)
        assert server.calls["cancel"] == 0
        assert line.budget.maybe_usd == line.budget.spent_usd == 0
        server.open = False
        got, _, _ = answers(asked(who, 6), who, tmp_path, comparison="first")
        assert len(samples(got)) == 6
        assert set(server.billed.values()) == {1}


def test_a_batch_that_ends_while_other_requests_wait_to_be_sent_is_not_bought_again(wire, tmp_path):
    """What stands behind a request that has to wait, in one look at the store, may have come home in the meantime."""
    with BatchServer() as server:
        who = model(wire, server.url)
        tag = left_open(server, asked(who, 6), who, tmp_path).tag
        ledger = Ledger(tmp_path / "batches")
        requests = [*asked(who, 1, start=50), *asked(who, 6)]
        got, _, _ = answers(requests, who, tmp_path, held=lambda: ledger.read(tag).open)
        assert len(server.billed) == 7
        assert set(server.billed.values()) == {1}
    assert len(samples(got)) == 7


def test_a_batch_of_which_all_is_kept_is_closed_without_a_call(wire, tmp_path):
    with BatchServer() as server:
        who = model(wire, server.url)
        batch = left_open(server, asked(who, 3), who, tmp_path)
        ledger = Ledger(tmp_path / "batches")
        kept_list = ledger.requests(batch.tag).path.read_bytes()
        answers(asked(who, 3), who, tmp_path)
        ledger.write(batch)  # as if the process had died before it wrote down that the batch was harvested
        ledger.requests(batch.tag).path.write_bytes(kept_list)
        calls = sum(server.calls.values())
        answers(asked(who, 3), who, tmp_path)
        assert sum(server.calls.values()) == calls
    assert not ledger.read(batch.tag).open


@pytest.mark.parametrize("via", ["live", "batch"])
def test_a_plan_says_what_lies_in_a_batch_already_and_does_not_price_it(wire, tmp_path, via):
    with BatchServer() as server, Store(tmp_path / "store") as store:
        who = (model(wire, server.url),)
        server.faults = lambda call, _n: 401 if call == "look" else None
        go(estimate(FIRST, shipped(), who, store), store, tmp_path)
        server.faults = lambda _call, _n: None
        again = estimate(replace(FIRST, via=via), shipped(), who, store)
        (item,) = again.models
        assert (item.new, item.waiting, item.in_batches) == (36, 36, 0)
        assert again.cost("low") == again.cost("high") == 0
        assert any("36 lie in a batch already and are not paid again" in line for line in plan_lines(again))
        more = estimate(replace(FIRST, replicates=3, via=via), shipped(), who, store)
        two, three = (
            estimate(replace(FIRST, replicates=n, via=via), shipped(), who, None).cost("high") for n in (2, 3)
        )
        assert more.models[0].waiting == 36
        assert more.cost("high") == pytest.approx(three - two)
        go(again, store, tmp_path)
        assert estimate(FIRST, shipped(), who, store).new == 0
