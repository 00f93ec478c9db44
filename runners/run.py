"""Runs a comparison: samples every model's missing requests at once, and says how far it has come."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from cache.errors import StoreError
from cache.store import Store
from facts.catalog import Library
from facts.errors import FactError
from runners import providers
from runners.batches.desk import Way
from runners.estimate import Plan
from runners.judged_run import judged_run
from runners.limits import Limits
from runners.model import Model
from runners.progress import Progress, State
from runners.providers import Connection
from runners.running import Run


def run(
    plan: Plan, library: Library, store: Store, limits: Limits, report: Callable[[Progress], None],
    cancel: Callable[[], bool] | threading.Event, pause: Callable[[], bool] = lambda: False,
    at_once: Callable[[], int | None] = lambda: None,
    connect: Callable[[Model, int], Connection] = providers.connect, way: Way | None = None,
) -> Progress:  # fmt: skip
    """Sample what the plan lacks and return the last progress; ``report`` is called several times a second.

    ``cancel`` is polled; once true no new call starts and what is in flight is kept. While ``pause`` is true the same
    holds, and the run waits. ``at_once`` is how many calls a model may have at once from now on, None as the limits
    say. ``connect`` opens the way to a model for so many calls at once, ``way`` says how
    batches are sent (their ledger lies beside the store). Blocks; call it in a thread.
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
        state = Run(plan, limits, store, report, connect, way)
        ticker = asyncio.create_task(state.tick(asked, pause, at_once))
        work = judged_run(state, library) if plan.judges else [state.model(item, library) for item in plan.models]
        # Gathered with exceptions: what breaks one model must not tear down paid calls of another.
        ended = await asyncio.gather(*work, return_exceptions=True)
        ticker.cancel()
        broken = [error for error in ended if error is not None]
        for error in broken:
            if not isinstance(error, FactError | StoreError):
                raise error
        last = state.snapshot(State.BROKEN, str(broken[0])) if broken else state.verdict()
        report(last)
        return last

    return asyncio.run(go())
