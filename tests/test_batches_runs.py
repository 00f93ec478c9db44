"""Batches in a comparison: planned at their price, mixed with live models, shown, and read back from its file."""

import signal
import threading
from dataclasses import replace

import pytest

from batch_maker import KEY, QUICK, model
from batch_server import BatchServer
from cache.store import Store
from dashboard.commands.run import stopping_signals
from dashboard.methods import _sentences
from dashboard.plan_problems import batch_room, plan_problems
from dashboard.plan_text import batch_words, plan_lines, progress_line
from facts.catalog import shipped
from facts.errors import FactError
from runners.batches.desk import Way
from runners.batches.ledger import Ledger
from runners.comparison import Comparison
from runners.comparison_file import comparison_toml, parse_comparison
from runners.estimate import estimate
from runners.limits import Limits
from runners.models import find_model
from runners.progress import ModelProgress, State
from runners.run import run

LADDER = Comparison(name="mixed", setting="value_conflict", models=("a",), facts=("objections_read",), levels=(0, 5),
                    queries=3, replicates=2, metrics=("option",), via="batch")  # fmt: skip


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("TEST_KEY", KEY)


def go(plan, store, folder, **limits):
    way = Way(ledger=Ledger(folder / "batches"), **QUICK)
    return run(plan, shipped(), store, Limits(**limits), lambda _p: None, threading.Event(), way=way)


def test_a_plan_in_batches_costs_half_and_takes_up_to_a_day(tmp_path):
    who = (model("anthropic", "http://127.0.0.1:9"),)
    batch, live = (estimate(replace(LADDER, via=via), shipped(), who, None) for via in ("batch", "live"))
    assert batch.new == live.new
    for which in ("low", "expected", "high"):
        assert batch.cost(which) == pytest.approx(live.cost(which) / 2)
    assert batch.models[0].in_batches == batch.new
    assert any("in batches at 50% of the live price" in line for line in plan_lines(batch))


def test_a_budget_that_would_send_batches_one_after_another_is_said_before():
    who = (model("anthropic", "http://127.0.0.1:9"),)
    high = estimate(LADDER, shipped(), who, None).cost("high")
    room = batch_room(estimate(LADDER, shipped(), who, None))
    assert room > high
    for usd, said in ((high * 1.05, True), (room * 1.01, False)):
        plan = estimate(replace(LADDER, max_usd=usd), shipped(), who, None)
        assert any("one after another" in found.text for found in plan_problems(plan)) == said
    assert batch_room(estimate(replace(LADDER, via="live"), shipped(), who, None)) == 0


def test_what_is_said_to_be_room_enough_sends_all_at_once(tmp_path):
    with BatchServer() as server, Store(tmp_path / "store") as store:
        who = (model("anthropic", server.url),)
        plan = estimate(LADDER, shipped(), who, store)
        assert go(plan, store, tmp_path, max_usd=batch_room(plan)).state is State.FINISHED
        assert len(server.batches) == 1


def test_models_with_and_without_batches_are_asked_in_one_run(tmp_path):
    with BatchServer(looks=1) as server, Store(tmp_path / "store") as store:
        models = (model("anthropic", server.url), model("openai", server.url), find_model("organism/paper_like"))
        plan = estimate(LADDER, shipped(), models, store)
        last = go(plan, store, tmp_path)
        assert last.state is State.FINISHED
        assert [m.done for m in last.models] == [m.calls for m in plan.models]
        assert len(server.batches) == 2
        assert not server.live
        assert last.spent_usd == pytest.approx(sum(m.spent_usd for m in last.models))
        again = estimate(LADDER, shipped(), models, store)
        assert again.new == 0


def test_a_live_run_waits_for_what_lies_in_a_batch_and_buys_only_the_rest(tmp_path):
    with BatchServer() as server, Store(tmp_path / "store") as store:
        who = (model("anthropic", server.url),)
        server.open = True
        small = estimate(LADDER, shipped(), who, store)
        stop = threading.Event()
        thread = threading.Thread(target=lambda: server.wait_for(lambda s: s.calls["look"] >= 1) or stop.set())
        thread.start()
        server.faults = lambda call, _n: 401 if call == "look" and not server.live else None
        go(small, store, tmp_path)  # the key is refused: the batch stays open
        server.open, server.faults = False, lambda _c, _n: None
        larger = estimate(replace(LADDER, via="live", replicates=3), shipped(), who, store)
        last = go(larger, store, tmp_path)
        assert last.finished == larger.calls
        assert sum(server.live.values()) == larger.calls - small.calls
        assert sum(server.billed.values()) == small.calls
        thread.join()


@pytest.mark.parametrize("wire", ["anthropic", "openai"])
def test_a_run_that_only_leaves_lets_its_batches_go_on_and_the_next_brings_them_in(tmp_path, wire):
    """Closing the dashboard or a scheduler's SIGTERM ends a process, not a day's place in the provider's queue."""
    with BatchServer() as server, Store(tmp_path / "store") as store:
        who = (model(wire, server.url),)
        server.open = True
        plan, stop = estimate(LADDER, shipped(), who, store), threading.Event()
        thread = threading.Thread(target=lambda: server.wait_for(lambda s: s.calls["look"] >= 2) or stop.set())
        thread.start()
        way = Way(ledger=Ledger(tmp_path / "batches"), **QUICK, leaves=lambda: True)
        last = run(plan, shipped(), store, Limits(), lambda _p: None, stop, way=way)
        thread.join()
        assert last.state is State.CANCELLED
        assert (server.calls["cancel"], store.count()) == (0, 0)
        server.open = False
        assert go(estimate(LADDER, shipped(), who, store), store, tmp_path).finished == plan.calls
        assert sum(server.billed.values()) == plan.calls
        assert len(server.batches) == 1


def test_sigterm_leaves_batches_and_ctrl_c_cancels_them(capsys):
    for number, left, said in ((signal.SIGTERM, True, "batches go on"), (signal.SIGINT, False, "are cancelled")):
        with stopping_signals(in_batches=True) as stopping:
            assert not stopping()
            signal.raise_signal(number)
            assert (stopping(), stopping.leaves()) == (True, left)
        assert said in capsys.readouterr().err


def test_the_way_stands_in_the_file_and_files_of_before_stay_as_they_were():
    assert parse_comparison("x", comparison_toml(LADDER)) == LADDER
    assert "via" not in comparison_toml(replace(LADDER, via="live"))
    with pytest.raises(FactError, match="via is 'live' or 'batch'"):
        replace(LADDER, via="pigeon")


def test_a_run_says_what_waits_and_since_when():
    waits = ModelProgress(label="a", planned=9, in_batches=9, batches=2, batched_since="2026-11-27T23:04:00+00:00")
    assert "9 requests wait at the provider in 2 batches, the first sent at 23:04 UTC" in batch_words(waits)
    assert batch_words(ModelProgress(label="a", planned=9)) == ""
    assert _sentences().batched


def test_progress_counts_what_lies_in_batches(tmp_path):
    seen = []
    with BatchServer(looks=60) as server, Store(tmp_path / "store") as store:
        plan = estimate(LADDER, shipped(), (model("openai", server.url),), store)
        way = Way(ledger=Ledger(tmp_path / "batches"), **QUICK)
        run(plan, shipped(), store, Limits(), seen.append, threading.Event(), way=way)
    waiting = [p for p in seen if p.models and p.models[0].in_batches]
    assert waiting
    assert waiting[0].models[0].in_batches == plan.new
    assert "in batches since" in progress_line(waiting[0])
