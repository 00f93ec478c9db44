"""The only way to a model: looks in the store, makes one call per key, keeps what comes back before saying so."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice

from cache.errors import StoreError
from cache.store import Store
from runners import providers
from runners.attempts import attempt, failure
from runners.budget import Budget, Verdict, cost_usd, most_usd
from runners.inbox import Inbox
from runners.keep import kept, to_record
from runners.limits import Limits
from runners.model import Model
from runners.pace import Pace
from runners.providers import Connection
from runners.request import Request
from runners.sample import Failure, Outcome, Sample, Trouble
from runners.trouble import Fatal

_LOOK = 200  # requests looked up in the store at a time
_PATIENCE = 20  # requests in a row that fail every try, before the model is given up
_HOPELESS = {Trouble.CONNECTION, Trouble.TIMEOUT, Trouble.UNREADABLE, Trouble.SERVER, Trouble.OVERLOADED,
             Trouble.RATE_LIMIT}  # fmt: skip
_BILLABLE = {Trouble.CONNECTION, Trouble.TIMEOUT, Trouble.UNREADABLE}


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

    def __post_init__(self) -> None:
        self.pace = Pace(self.limits.concurrency, start=min(self.limits.concurrency, 16))

    def note(self, outcome: Outcome) -> None:
        """Give the model up once a whole round of requests, each tried as often as allowed, has brought nothing."""
        if isinstance(outcome, Sample):
            self.failed_in_row = 0
        elif outcome.trouble in _HOPELESS:
            self.failed_in_row += 1
            if self.stopped is None and self.failed_in_row >= _PATIENCE:
                self.stopped = Failure(
                    trouble=Trouble.STOPPED, status=outcome.status,
                    message=f"{self.model.label} was stopped: {self.failed_in_row} requests in a row failed every try, "
                    f"the last with: {outcome.message}",
                    advice="See that it answers, then run again: what is kept is not asked again.",
                )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one request. ``was_kept`` says that it was in the store already and cost nothing."""

    request: Request
    key: str
    outcome: Outcome
    was_kept: bool = False


_Item = tuple[Answer, ...] | BaseException | None


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
        outcome = await attempt(connection, body, line.limits, line.pace, _Gate(line, request), line.cancelled, jitter)
    except Fatal as error:
        outcome = failure(error, 1)
        line.stopped = line.stopped or Failure(
            trouble=Trouble.STOPPED, message=f"{line.model.label} was stopped: {error.message}", advice=error.advice,
            status=error.status,
        )  # fmt: skip
    line.note(outcome)
    if isinstance(outcome, Sample):
        try:
            # queued before the first await: a paid reply is kept even if the run is torn down at this very moment
            record = to_record(request, outcome)
            await asyncio.shield(_kept(line.store, key, record, line.store.add(key, record)))
        except StoreError as error:
            line.stopped = Failure(
                trouble=Trouble.STORE, message=str(error), advice="Then run again: what is kept costs nothing."
            )
            return line.stopped
    return outcome


async def _kept(store: Store, key: str, value: bytes, added: Future[bool]) -> None:
    if not await asyncio.wrap_future(added) and not await asyncio.to_thread(kept, store, [key]):
        # What is kept under this key cannot be read: without making room, it would be bought again by every run.
        await asyncio.to_thread(store.set_aside, key)
        await asyncio.wrap_future(store.add(key, value))


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


_Looked = list[tuple[Request, str, Sample | None]]


def _find(chunk: list[tuple[str, Request]], store: Store) -> _Looked:
    found = kept(store, [key for key, _ in chunk])
    return [(request, key, found.get(key)) for key, request in chunk]


def _look(requests: Iterator[tuple[str, Request]], store: Store) -> _Looked:
    return _find(list(islice(requests, _LOOK)), store)


async def _next(source: Iterator[tuple[str, Request]] | Inbox, line: Line) -> _Looked:
    if not isinstance(source, Inbox):
        return await asyncio.to_thread(_look, source, line.store)
    chunk = await source.take(_LOOK, lambda: _over(line))
    return await asyncio.to_thread(_find, chunk, line.store) if chunk else []


async def sample(requests: Iterable[tuple[str, Request]] | Inbox, line: Line) -> AsyncIterator[Answer]:
    """Each (key, request)'s answer as it comes, kept ones first within a look-up; taken lazily, in order.

    From an inbox, what comes up meanwhile, until it is closed.

    Composing prompts and reading the store happen in a thread. After cancellation, a used-up budget or a fatal error
    no new call starts, what is in flight is kept and answered, and requests not reached yet are not answered at all.
    """
    source = requests if isinstance(requests, Inbox) else iter(requests)
    answers: asyncio.Queue[_Item] = asyncio.Queue(maxsize=_LOOK)
    connection: Connection | None = None
    jitter = random.Random()
    running: set[asyncio.Task[None]] = set()

    async def one(request: Request, key: str) -> None:
        assert connection is not None  # noqa: S101  (opened before the first task)
        # Another run on this store may have bought it since the look-up, which is up to a whole look old.
        if line.store.has_many([key]) and (have := kept(line.store, [key]).get(key)):
            await answers.put((Answer(request=request, key=key, outcome=have, was_kept=True),))
            return
        outcome = await ask(line, connection, request, key, jitter)
        await answers.put((Answer(request=request, key=key, outcome=outcome),))

    async def feed() -> None:
        nonlocal connection
        room = asyncio.Semaphore(line.limits.concurrency * 2)  # in flight and next in line, never the whole plan

        def finished(task: asyncio.Task[None]) -> None:
            running.discard(task)
            room.release()
            _report(task, answers)

        while not _over(line) and (chunk := await _next(source, line)):
            free = tuple(
                Answer(request=r, key=k, outcome=have, was_kept=True) for r, k, have in chunk if have is not None
            )
            if free:
                await answers.put(free)  # in one hop: replaying a hundred thousand kept samples is mostly this
            for request, key, have in chunk:
                if have is not None:
                    continue
                if connection is None:
                    connection = await asyncio.to_thread(line.connect, line.model, line.limits.concurrency)
                await room.acquire()
                if _over(line):
                    break
                task = asyncio.create_task(one(request, key))
                running.add(task)
                task.add_done_callback(finished)
        while running:
            await asyncio.wait(running)
        await answers.put(None)

    feeder = asyncio.create_task(feed())
    feeder.add_done_callback(lambda task: _report(task, answers))
    try:
        while (item := await answers.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            for answer in item:
                yield answer
    finally:
        feeder.cancel()
        for task in running:
            task.cancel()
        await asyncio.gather(feeder, *running, return_exceptions=True)
        if connection is not None:
            await connection.close()


def _over(line: Line) -> bool:
    return line.stopped is not None or line.cancelled.is_set() or line.budget.reached is not None


def _report(task: asyncio.Task[None], answers: asyncio.Queue[_Item]) -> None:
    if task.cancelled() or (error := task.exception()) is None:
        return
    try:
        answers.put_nowait(error)
    except asyncio.QueueFull:  # the reader will get here; nothing may be dropped
        reporting = asyncio.get_running_loop().create_task(answers.put(error))
        reporting.add_done_callback(lambda _: None)
