"""One model being called: how fast, under what budget, and whether anything has stopped it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from cache.store import Store
from runners import providers
from runners.budget import Budget
from runners.fleet import Fleet
from runners.limits import Limits
from runners.model import Model
from runners.pace import Pace
from runners.providers import Connection
from runners.rate import per_minute
from runners.sample import Failure, Outcome, Sample, Trouble

_START = 64  # calls at once before anything is known of the provider; see Pace
_PATIENCE = 20  # requests in a row that fail every try, before the model is given up
_HOPELESS = {Trouble.CONNECTION, Trouble.TIMEOUT, Trouble.UNREADABLE, Trouble.SERVER, Trouble.OVERLOADED,
             Trouble.RATE_LIMIT}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Line:
    """One model being called: how fast, under what budget, and whether anything has stopped it.

    ``flights`` are the calls under way by key; models that share a store in one process share it too, so that
    identical concurrent requests make one call. ``connect`` opens the way to the model for so many calls at once.
    """

    model: Model
    store: Store
    limits: Limits
    budget: Budget
    cancelled: asyncio.Event
    flights: dict[str, asyncio.Future[Outcome]] = field(default_factory=dict[str, "asyncio.Future[Outcome]"])
    connect: Callable[[Model, int], Connection] = providers.connect
    pace: Pace = field(init=False)
    stopped: Failure | None = None
    failed_in_row: int = 0
    spent_usd: float = 0.0
    connection: Connection | None = None

    def __post_init__(self) -> None:
        set_by_user = {"requests": self.model.requests_per_minute, "tokens": self.model.tokens_per_minute}
        self.pace = Pace(
            self.limits.concurrency, start=min(self.limits.concurrency, _START),
            rates=[per_minute(name, most) for name, most in set_by_user.items() if most],
            gap_s=self.limits.backoff_s / 5,
        )  # fmt: skip

    def stop(self, why: Failure) -> None:
        """Call this model no more; the first reason stays."""
        self.stopped = self.stopped or why
        self.pace.let_go()

    def note(self, outcome: Outcome) -> None:
        """Give the model up once a whole round of requests, each tried as often as allowed, has brought nothing."""
        if isinstance(outcome, Sample):
            self.failed_in_row = 0
        elif outcome.trouble in _HOPELESS:
            self.failed_in_row += 1
            if self.failed_in_row >= _PATIENCE:
                self.stop(Failure(
                    trouble=Trouble.STOPPED, status=outcome.status,
                    message=f"{self.model.label} was stopped: {self.failed_in_row} requests in a row failed every try, "
                    f"the last with: {outcome.message}",
                    advice="See that it answers, then run again: what is kept is not asked again.",
                ))  # fmt: skip

    @property
    def remark(self) -> str:
        """What is worth knowing of the way to the model, such as servers that are left out."""
        return self.connection.remark if isinstance(self.connection, Fleet) else ""

    @property
    def over(self) -> bool:
        """Whether no new call may start: a fatal error, a cancelled run, or a used-up budget."""
        return self.stopped is not None or self.cancelled.is_set() or self.budget.reached is not None
