"""The only way to a model: looks in the store, makes one call per key, keeps what comes back before saying so."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from cache.store import Store
from runners.buy import ask
from runners.inbox import Inbox
from runners.keep import kept
from runners.line import Line
from runners.pace import Pace
from runners.providers import Connection
from runners.providers._http import HttpConnection
from runners.request import Request
from runners.sample import Outcome, Sample

_ROOM = 4096  # the most that a comparison may have in flight: a running one can be given more
_LOOK = 200  # requests looked up in the store at a time
_AWAY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one request. ``was_kept`` says that it was in the store already and cost nothing."""

    request: Request
    key: str
    outcome: Outcome
    was_kept: bool = False


_Item = tuple[Answer, ...] | BaseException | None


class _Seats:
    """How many requests are begun: twice as many as may be in flight, so that the next ones are at hand.

    Those that wait to be made again leave their seat to others, up to ``_AWAY`` of them: a provider that sends some
    calls away for a minute must not stop the rest, and a million must not be begun.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace, self._taken, self._free = pace, 0, asyncio.Event()
        pace.listeners.append(self._free.set)

    async def take(self) -> None:
        """Wait for a seat."""
        while self._taken >= 2 * self._pace.most + min(self._pace.backing, _AWAY):
            self._free.clear()
            await self._free.wait()
        self._taken += 1

    def give_back(self) -> None:
        """A request is settled."""
        self._taken -= 1
        self._free.set()

    def close(self) -> None:
        """Nobody waits any more."""
        self._pace.listeners.remove(self._free.set)


_Looked = list[tuple[Request, str, Sample | None]]


def _find(chunk: list[tuple[str, Request]], store: Store) -> _Looked:
    found = kept(store, [key for key, _ in chunk])
    return [(request, key, found.get(key)) for key, request in chunk]


def _look(requests: Iterator[tuple[str, Request]], store: Store) -> _Looked:
    return _find(list(islice(requests, _LOOK)), store)


async def _next(source: Iterator[tuple[str, Request]] | Inbox, line: Line) -> _Looked:
    if not isinstance(source, Inbox):
        return await asyncio.to_thread(_look, source, line.store)
    chunk = await source.take(_LOOK, lambda: line.over)
    return await asyncio.to_thread(_find, chunk, line.store) if chunk else []


class _Sampling:
    """One pass over requests: a feeder that looks up and begins, a task a call, and a queue of answers."""

    def __init__(self, source: Iterator[tuple[str, Request]] | Inbox, line: Line) -> None:
        self.source, self.line = source, line
        self.answers: asyncio.Queue[_Item] = asyncio.Queue(maxsize=_LOOK)
        self.seats = _Seats(line.pace)
        self.running: set[asyncio.Task[None]] = set()
        self.connection: Connection | None = None
        self.jitter = random.Random()
        self.feeder = asyncio.create_task(self.feed())
        self.feeder.add_done_callback(lambda task: _report(task, self.answers))

    async def open(self) -> Connection:
        """The connection, opened when it is needed first: whoever only reads what is kept needs none."""
        if self.connection is None:
            self.connection = await asyncio.to_thread(self.line.connect, self.line.model, _ROOM)
            self.line.connection = self.connection
            if isinstance(self.connection, HttpConnection):
                self.connection.listener = self.line.pace.told
        return self.connection

    async def one(self, request: Request, key: str, connection: Connection) -> None:
        """Answer one request that was not kept when it was looked up."""
        # Another run on this store may have bought it since the look-up, which is up to a whole look old.
        if self.line.store.has_many([key]) and (have := kept(self.line.store, [key]).get(key)):
            await self.answers.put((Answer(request=request, key=key, outcome=have, was_kept=True),))
            return
        outcome = await ask(self.line, connection, request, key, self.jitter)
        await self.answers.put((Answer(request=request, key=key, outcome=outcome),))

    def settled(self, task: asyncio.Task[None]) -> None:
        """A request has its answer."""
        self.running.discard(task)
        self.seats.give_back()
        _report(task, self.answers)

    async def feed(self) -> None:
        """Look up what is wanted and begin what is not kept, to the end; then wait for what was begun."""
        while not self.line.over and (chunk := await _next(self.source, self.line)):
            free = tuple(
                Answer(request=r, key=k, outcome=have, was_kept=True) for r, k, have in chunk if have is not None
            )
            if free:
                await self.answers.put(free)  # in one hop: replaying a hundred thousand kept samples is mostly this
            for request, key, have in chunk:
                if have is not None:
                    continue
                connection = await self.open()
                await self.seats.take()
                if self.line.over:
                    break
                task = asyncio.create_task(self.one(request, key, connection))
                self.running.add(task)
                task.add_done_callback(self.settled)
        while self.running:
            await asyncio.wait(self.running)
        await self.answers.put(None)

    async def close(self) -> None:
        """End what is still under way and let go of the connection."""
        self.seats.close()
        self.feeder.cancel()
        for task in self.running:
            task.cancel()
        await asyncio.gather(self.feeder, *self.running, return_exceptions=True)
        if self.connection is not None:
            await self.connection.close()


async def sample(requests: Iterable[tuple[str, Request]] | Inbox, line: Line) -> AsyncIterator[Answer]:
    """Each (key, request)'s answer as it comes, kept ones first within a look-up; taken lazily, in order.

    From an inbox, what comes up meanwhile, until it is closed.

    Composing prompts and reading the store happen in a thread. After cancellation, a used-up budget or a fatal error
    no new call starts, what is in flight is kept and answered, and requests not reached yet are not answered at all.
    """
    sampling = _Sampling(requests if isinstance(requests, Inbox) else iter(requests), line)
    try:
        while (item := await sampling.answers.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            for answer in item:
                yield answer
    finally:
        await sampling.close()


def _report(task: asyncio.Task[None], answers: asyncio.Queue[_Item]) -> None:
    if task.cancelled() or (error := task.exception()) is None:
        return
    try:
        answers.put_nowait(error)
    except asyncio.QueueFull:  # the reader will get here; nothing may be dropped
        reporting = asyncio.get_running_loop().create_task(answers.put(error))
        reporting.add_done_callback(lambda _: None)
