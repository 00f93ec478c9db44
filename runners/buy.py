"""Buys what the store does not have: one request, one call at a time, kept before anybody is told."""

from __future__ import annotations

import asyncio
import random
from concurrent.futures import Future

from cache.errors import StoreError
from cache.store import Store
from runners import providers
from runners.attempts import attempt, failure
from runners.budget import Verdict, cost_usd, most_usd
from runners.keep import keep_anyway, to_record
from runners.line import Line
from runners.providers import Connection
from runners.request import Request
from runners.sample import Failure, Outcome, Sample, Trouble
from runners.trouble import Fatal

_BILLABLE = {Trouble.CONNECTION, Trouble.TIMEOUT, Trouble.UNREADABLE}


class _Gate:
    """Admits attempts of one request while nothing stands in the way, and settles what each cost."""

    def __init__(self, line: Line, request: Request) -> None:
        self._line = line
        texts = [request.system or "", *(turn.text for turn in request.turns)]
        self._most = most_usd(line.model, texts, request.max_tokens + (request.thinking_tokens or 0))

    async def enter(self) -> Failure | None:
        line = self._line
        while True:
            if line.stopped:
                return line.stopped
            if line.cancelled.is_set():
                return Failure(trouble=Trouble.CANCELLED, message="the run was cancelled before this call")
            # A call that has its slot already, but waits for the budget, is held as well.
            verdict = Verdict.WAIT if line.pace.held else line.budget.reserve(self._most)
            if verdict is not Verdict.WAIT:
                break
            await asyncio.sleep(0.02)  # near the limit only: calls in flight may turn out cheaper than their most
        if verdict is Verdict.STOP:
            line.pace.let_go()
            return Failure(trouble=Trouble.BUDGET, message=line.budget.reached or "the budget is used up",
                           advice="raise the budget and run again: what is kept costs nothing")  # fmt: skip
        return None

    def leave(self, sample: Sample | None, trouble: Trouble | None) -> None:
        if sample is None:
            self._line.budget.lost(self._most, billable=trouble in _BILLABLE)
        else:
            cost = cost_usd(self._line.model, sample.usage)
            self._line.budget.settle(self._most, cost)
            self._line.spent_usd += (self._most or 0.0) if cost is None else cost


async def _buy(line: Line, connection: Connection, request: Request, key: str, jitter: random.Random) -> Outcome:
    body = providers.find(line.model.provider).body(request)  # built once: every attempt sends these very bytes
    try:
        outcome = await attempt(
            connection, body, line.limits, line.pace, _Gate(line, request), line.cancelled, jitter,
            tokens=len(body) / 4 + request.max_tokens + (request.thinking_tokens or 0),
        )  # fmt: skip
    except Fatal as error:
        outcome = failure(error, 1)
        line.stop(Failure(
            trouble=Trouble.STOPPED, message=f"{line.model.label} was stopped: {error.message}", advice=error.advice,
            status=error.status,
        ))  # fmt: skip
    line.note(outcome)
    if isinstance(outcome, Sample):
        try:
            # queued before the first await: a paid reply is kept even if the run is torn down at this very moment
            record = to_record(request, outcome)
            await asyncio.shield(_kept(line.store, key, record, line.store.add(key, record)))
        except StoreError as error:
            lost = Failure(
                trouble=Trouble.STORE, message=str(error), advice="Then run again: what is kept costs nothing."
            )
            line.stop(lost)
            return lost
    return outcome


async def _kept(store: Store, key: str, value: bytes, added: Future[bool]) -> None:
    if not await asyncio.wrap_future(added):  # whole already, or damaged: then every run would buy it again
        await asyncio.to_thread(keep_anyway, store, key, value)


async def ask(line: Line, connection: Connection, request: Request, key: str, jitter: random.Random) -> Outcome:
    """The outcome of one request that the store does not have; concurrent identical requests make one call."""
    if (flight := line.flights.get(key)) is not None:
        return await asyncio.shield(flight)
    flight = asyncio.get_running_loop().create_future()
    line.flights[key] = flight
    try:
        outcome = await _buy(line, connection, request, key, jitter)
        flight.set_result(outcome)
    except BaseException as error:
        flight.set_exception(error)
        flight.exception()  # marked as seen: others may not be waiting
        raise
    finally:
        del line.flights[key]
    return outcome
