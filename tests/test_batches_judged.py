"""Judged comparisons by batch: subjects in batches, judges live; each is asked once and costs what was planned."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter

import pytest

from batch_maker import KEY, QUICK
from batch_server import BatchServer
from cache.store import Store
from facts.catalog import shipped
from facts.condition import Reasoning
from facts.salience import Polarity
from http_wires import reply
from judge_maker import good_verdict
from runners.batches.desk import Way
from runners.batches.ledger import Ledger
from runners.comparison import Comparison
from runners.comparison_file import comparison_toml
from runners.estimate import estimate
from runners.limits import Limits
from runners.model import Model
from runners.progress import State
from runners.run import run

JUDGED = Comparison(
    name="judged", setting="value_conflict", models=("subject",), judges=("judge",), facts=("objections_read",),
    levels=(0, 5), queries=3, replicates=2, polarities=(Polarity.AFFIRMED,), reasoning=(Reasoning.SCRATCHPAD,),
    background_tokens=700, metrics=("compliance",), via="batch",
)  # fmt: skip


def counted(sent, text):
    """A reply with the usage that such a prompt has: four letters a token, and four tenths of what it may write."""
    letters = sum(len(message["content"]) for message in sent["messages"])
    most = sent.get("max_completion_tokens") or sent["max_tokens"]
    return reply("openai", text, usage={"prompt_tokens": letters // 4, "completion_tokens": most * 4 // 10})


class Server(BatchServer):
    """Subjects answer in batches, each differently; the judge answers live. ``judged`` counts its questions."""

    def __init__(self) -> None:
        super().__init__()
        self.judged: Counter[str] = Counter()

    def openai_line(self, name, fate):
        line = super().openai_line(name, fate)
        sent = next(held.requests[name] for held in self.batches if name in held.requests)
        line["response"]["body"] = counted(sent, f"I choose option A, and {name[:12]} is why.")
        return line

    def answer(self, _path, body, _query, _http):
        self.judged[body.decode()] += 1
        sent = json.loads(body)
        return counted(sent, good_verdict(sent))


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("TEST_KEY", KEY)
    with Server() as made:
        yield made


def test_subjects_go_by_batch_and_judges_live_each_at_its_price(server, tmp_path):
    prices = {"usd_per_mtok_in": 1.0, "usd_per_mtok_out": 2.0, "base_url": f"{server.url}/v1"}
    subject = Model(label="subject", provider="openai", name="subject", key_env="TEST_KEY", **prices)
    judge = Model(label="judge", provider="openai_compatible", name="judge", **prices)
    with Store(tmp_path / "store") as store:
        plan = estimate(JUDGED, shipped(), (subject,), store, judges=(judge,))
        assert [(m.model.label, m.in_batches, m.new) for m in plan.models] == [("subject", 24, 24), ("judge", 0, 24)]
        way = Way(ledger=Ledger(tmp_path / "batches"), **QUICK)
        last = run(plan, shipped(), store, Limits(), lambda _: None, threading.Event(), way=way)
        assert (last.state, last.failed, last.finished) == (State.FINISHED, 0, 48)
        assert store.count() == 48
    assert len(server.billed) == len(server.judged) == 24
    assert {*server.billed.values(), *server.judged.values()} == {1}
    for planned, done in zip(plan.models, last.models, strict=True):
        assert planned.cost_low <= done.spent_usd <= planned.cost_high
    assert last.spent_usd == pytest.approx(sum(m.spent_usd for m in last.models))


def test_a_judged_run_that_is_killed_twice_buys_its_batch_once_and_asks_the_judge_what_is_missing(server, tmp_path):
    """Once while the batch is waited for, once while the judge is asked."""
    entry = f'base_url = "{server.url}/v1"\nusd_per_mtok_in = 1.0\nusd_per_mtok_out = 2.0\n'
    (tmp_path / "models.toml").write_text(
        f'[models.subject]\nprovider = "openai"\nname = "subject"\nkey_env = "TEST_KEY"\n{entry}'
        f'[models.judge]\nprovider = "openai_compatible"\nname = "judge"\n{entry}', encoding="utf-8",
    )  # fmt: skip
    path = tmp_path / "judged.toml"
    path.write_text(comparison_toml(JUDGED), encoding="utf-8")

    def start():
        return subprocess.Popen(
            [sys.executable, "-m", "dashboard", "--workspace", str(tmp_path), "run", str(path), "--yes", "--no-report",
             "--json", "--concurrency", "4"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "NO_PROXY": "127.0.0.1"},
        )  # fmt: skip

    def kill_when(ready):
        process = start()
        server.wait_for(ready)
        process.send_signal(signal.SIGKILL)
        return process.communicate(timeout=30)[1]

    server.open = True
    assert "the same command brings them in" in kill_when(lambda s: s.calls["look"] >= 1)
    server.open = False
    kill_when(lambda s: s.calls["live"] >= 10)
    before = server.judged.total()
    out, err = start().communicate(timeout=120)
    assert json.loads(out)["state"] == "finished", err
    assert len(server.batches) == 1
    assert (len(server.billed), set(server.billed.values())) == (24, {1})
    assert len(server.judged) == 24
    assert before < server.judged.total() <= 24 + 4 * 4, "again is only what was in flight, or on its way to the disk"
    with Store(tmp_path / "store") as store:
        assert store.count() == 48
