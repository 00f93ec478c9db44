"""Runs a comparison: samples every model's missing requests at once, and says how far it has come."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from cache.errors import StoreError
from cache.store import Store
from facts.catalog import Library
from facts.errors import FactError
from runners.budget import Budget
from runners.estimate import ModelPlan, Plan, requests
from runners.limits import Limits
from runners.progress import Progress, State
from runners.sample import Failure, Outcome, Trouble
from runners.sampler import Line, sample
from runners.tally import Tally
from runners.trouble import CallError

_TICK_S = 0.2


class _Run:
    """The state of one run inside its event loop."""

    def __init__(self, plan: Plan, limits: Limits, store: Store, report: Callable[[Progress], None]) -> None:
        self.plan = plan
        self.limits = limits
        self.store = store
        self.report = report
        self.budget = Budget(limits.max_calls, limits.max_usd)
        self.cancelled = asyncio.Event()
        self.flights: dict[str, asyncio.Future[Outcome]] = {}
        self.began = time.monotonic()
        self.tallies = {
            m.model.label: Tally(label=m.model.label, planned=m.calls, simulated=m.simulated) for m in plan.models
        }
        self.lines: dict[str, Line] = {}

    def snapshot(self, state: State, message: str = "") -> Progress:
        models = tuple(tally.progress(self.lines.get(label)) for label, tally in self.tallies.items())
        return Progress(
            comparison=self.plan.comparison.name, state=state, models=models, calls=self.budget.calls,
            spent_usd=self.budget.spent_usd, maybe_usd=self.budget.maybe_usd,
            cost_known=not self.budget.unknown_cost, elapsed_s=time.monotonic() - self.began, message=message,
            updated_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )  # fmt: skip

    async def model(self, item: ModelPlan, library: Library) -> None:
        """Sample one model to the end of its plan; its troubles are its own."""
        tally = self.tallies[item.model.label]
        if item.problem and item.new:
            tally.fail(Failure(trouble=Trouble.NOT_READY, message=item.problem), item.new)
            tally.kept_before = item.kept
            return
        line = Line(model=item.model, store=self.store, limits=self.limits, budget=self.budget,
                    cancelled=self.cancelled, flights=self.flights)  # fmt: skip
        self.lines[item.model.label] = line
        try:
            async for answer in sample(requests(self.plan.comparison, library, item.model), line):
                tally.add(answer)
        except CallError as error:  # the provider could not even be opened
            tally.fail(Failure(trouble=error.trouble, message=error.message, advice=error.advice), item.new)
        if line.stopped and (rest := tally.progress(line).left):
            tally.fail(line.stopped, rest)

    async def tick(self, cancel: Callable[[], bool]) -> None:
        while True:
            if cancel():
                self.cancelled.set()
            self.report(self.snapshot(State.CANCELLING if self.cancelled.is_set() else State.RUNNING))
            await asyncio.sleep(_TICK_S)

    def verdict(self) -> Progress:
        done = self.snapshot(State.FINISHED)
        left = sum(m.left for m in done.models)
        if self.cancelled.is_set() and left:
            return self.snapshot(State.CANCELLED, "cancelled; everything received is kept, run again to resume")
        if self.budget.reached and left + done.failed:
            return self.snapshot(State.STOPPED, f"{self.budget.reached}; raise it and run again, kept samples are free")
        if done.models and all(m.failed for m in done.models) and not done.finished:
            return self.snapshot(State.STOPPED, next(iter(done.models[0].messages.values()), ""))
        return done


def run(
    plan: Plan, library: Library, store: Store, limits: Limits, report: Callable[[Progress], None],
    cancel: Callable[[], bool] | threading.Event,
) -> Progress:  # fmt: skip
    """Sample what the plan lacks and return the last progress; ``report`` is called several times a second.

    ``cancel`` is polled; once true no new call starts and what is in flight is kept. Blocks; call it in a thread.
    Raises ``FactError`` where a budget in USD cannot be kept because a price is unknown.
    """
    if limits.max_usd is not None:
        for item in plan.models:
            if item.new and item.cost_high is None:
                raise FactError(
                    f"the price of {item.model.label} is unknown, so a budget of ${limits.max_usd:,.2f} cannot be "
                    "kept; add usd_per_mtok_in and usd_per_mtok_out in models.toml, or set a budget in calls instead"
                )
    asked = cancel.is_set if isinstance(cancel, threading.Event) else cancel

    async def go() -> Progress:
        state = _Run(plan, limits, store, report)
        ticker = asyncio.create_task(state.tick(asked))
        # Gathered with exceptions: what breaks one model must not tear down paid calls of another.
        ended = await asyncio.gather(*(state.model(item, library) for item in plan.models), return_exceptions=True)
        ticker.cancel()
        broken = [error for error in ended if error is not None]
        for error in broken:
            if not isinstance(error, FactError | StoreError):
                raise error
        last = state.snapshot(State.BROKEN, str(broken[0])) if broken else state.verdict()
        report(last)
        return last

    return asyncio.run(go())
