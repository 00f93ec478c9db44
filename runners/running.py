"""The state of a run inside its event loop: one line a model, what it has counted, and where it stands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from cache.store import Store
from facts.catalog import Library
from runners import providers
from runners.attempts import failure
from runners.batches import folder_beside, offered
from runners.batches.desk import Standing, Way
from runners.batches.ledger import Ledger
from runners.batches.route import live_around
from runners.batches.route import sample as batched
from runners.budget import Budget
from runners.estimate import ModelPlan, Plan
from runners.limits import Limits
from runners.line import Line
from runners.model import Model
from runners.prefix_cache import followers_later
from runners.progress import Progress, State
from runners.providers import Connection
from runners.request import Request
from runners.sample import Failure, Outcome, Trouble
from runners.sampler import Answer, sample
from runners.sizes import requests
from runners.tally import Tally
from runners.trouble import CallError

_TICK_S = 0.2


class Run:
    """The state of one run inside its event loop."""

    def __init__(
        self, plan: Plan, limits: Limits, store: Store, report: Callable[[Progress], None],
        connect: Callable[[Model, int], Connection] = providers.connect, way: Way | None = None,
    ) -> None:  # fmt: skip
        self.connect = connect
        self.way = replace(way or Way(ledger=Ledger(folder_beside(store.folder))), comparison=plan.comparison.name,
                           held=lambda: self.held)  # fmt: skip
        self.plan = plan
        self.limits = limits
        self.store = store
        self.report = report
        self.budget = Budget(limits.max_calls, limits.max_usd)
        self.cancelled = asyncio.Event()
        self.flights: dict[str, asyncio.Future[Outcome]] = {}
        self.began = time.monotonic()
        self.tallies = {
            m.model.label: Tally(label=m.model.label, planned=m.calls, simulated=m.simulated, known_kept=m.kept)
            for m in plan.models
        }
        self.lines: dict[str, Line] = {}
        self.held = False
        self.paused_s = 0.0

    def line(self, model: Model) -> Line:
        """The model's line; a model that is under test and judges has one pace for both."""
        if model.label not in self.lines:
            self.lines[model.label] = Line(
                model=model, store=self.store, limits=self.limits, budget=self.budget, cancelled=self.cancelled,
                flights=self.flights, connect=self.connect,
            )  # fmt: skip
        return self.lines[model.label]

    @property
    def over(self) -> bool:
        """Whether no model may be called any more."""
        return self.cancelled.is_set() or self.budget.reached is not None

    def snapshot(self, state: State, message: str = "") -> Progress:
        """How far everything is now."""
        models = tuple(tally.progress(self.lines.get(label)) for label, tally in self.tallies.items())
        return Progress(
            comparison=self.plan.comparison.name, state=state, models=models, calls=self.budget.calls,
            spent_usd=self.budget.spent_usd, maybe_usd=self.budget.maybe_usd,
            cost_known=not self.budget.unknown_cost, elapsed_s=time.monotonic() - self.began, message=message,
            paused_s=self.paused_s, most=self.plan.calls,
            samples=0 if self.plan.only_kept else sum(m.trials for m in self.plan.models),
            updated_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )  # fmt: skip

    async def model(self, item: ModelPlan, library: Library) -> None:
        """Sample one model to the end of its plan; its troubles are its own."""
        tally = self.tallies[item.model.label]
        if item.problem and item.new:
            tally.fail(Failure(trouble=Trouble.NOT_READY, message=item.problem), item.new)
            tally.kept_before = item.kept
            return
        line = self.line(item.model)
        try:
            async for answer in self.answers(requests(self.plan.comparison, library, item.model), item):
                tally.add(answer)
        except CallError as error:  # the provider could not even be opened
            tally.fail(failure(error, 0), item.new)
        if line.stopped and (rest := tally.progress(line).left):
            tally.fail(line.stopped, rest)

    def answers(self, asked: Iterator[tuple[str, Request]], item: ModelPlan) -> AsyncIterator[Answer]:
        """What a model under test answers: in batches where the plan says so, else live.

        What an earlier run left in a batch is waited for either way: it is paid for.
        """
        line = self.line(item.model)
        standing = self.tallies[item.model.label].batched = Standing()
        if item.by_batch:
            return batched(asked, line, self.way, standing)
        asked = followers_later(asked, 2 * self.limits.concurrency)
        return live_around(asked, line, self.way, standing) if offered(item.model) else sample(asked, line)

    async def tick(
        self, cancel: Callable[[], bool], pause: Callable[[], bool], at_once: Callable[[], int | None]
    ) -> None:
        """Look for cancellation, a pause and another concurrency, and report, several times a second, for ever."""
        before = time.monotonic()
        while True:
            if cancel():
                self.cancelled.set()
                for line in self.lines.values():
                    line.pace.let_go()
            now = time.monotonic()
            self.paused_s += now - before if self.held else 0.0
            before = now
            # Cancelled first: what is let go of by a cancelled run must find that it may not call.
            self.held = pause() and not self.cancelled.is_set()
            for line in tuple(self.lines.values()):
                await line.pace.hold(self.held)
            if (most := at_once()) and most != self.limits.concurrency:
                self.limits = replace(self.limits, concurrency=most)
                for line in tuple(self.lines.values()):
                    await line.pace.resize(most)
            self.report(self.snapshot(self.standing))
            await asyncio.sleep(_TICK_S)

    @property
    def standing(self) -> State:
        """What a run that has not ended is doing."""
        return State.CANCELLING if self.cancelled.is_set() else State.PAUSED if self.held else State.RUNNING

    def verdict(self) -> Progress:
        """The last progress: how the run ended."""
        done = self.snapshot(State.FINISHED)
        left = sum(m.left + m.cancelled for m in done.models)
        if self.cancelled.is_set() and left:
            return self.snapshot(State.CANCELLED, "cancelled; everything received is kept, run again to resume")
        if self.budget.reached and left + done.failed:
            return self.snapshot(State.STOPPED, f"{self.budget.reached}; raise it and run again, kept samples are free")
        if done.models and all(m.failed for m in done.models) and not done.finished:
            return self.snapshot(State.STOPPED, next(iter(done.models[0].messages.values()), ""))
        return done
