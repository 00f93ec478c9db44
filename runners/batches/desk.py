"""Where the batches of one model are looked after: what is shared by filling, waiting and harvesting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO, TypeVar

from filelock import FileLock, Timeout

from runners import batches
from runners.attempts import failure
from runners.batches.batch import Api, Batch
from runners.batches.ledger import Ledger, Requests
from runners.line import Line
from runners.model import Model
from runners.sample import Failure, Trouble
from runners.sampler import Answer
from runners.trouble import CallError, Fatal

T = TypeVar("T")
_LAST_TRIES = 5  # of a call that fails after the run was cancelled: the batch waits for the next run


@dataclass(slots=True, kw_only=True)
class Standing:
    """What of one model lies in batches now: how many requests, in how many batches, since when (ISO 8601, UTC), and
    the last thing that went wrong or was odd about them.
    """

    requests: int = 0
    batches: int = 0
    since: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How batches are sent: whose ledger, for which comparison, how often to look, and when to give up.

    ``held`` says that the run pauses: nothing new is sent. A batch whose creation broke off is looked for until
    ``grace_s`` have passed without a trace of it. A request is in at most ``tries`` batches.
    """

    ledger: Ledger
    comparison: str = ""
    held: Callable[[], bool] = lambda: False
    connect: Callable[[Model], Api] = batches.connect
    poll_s: float = 5.0
    longest_s: float = 60.0
    grace_s: float = 60.0
    tries: int = 3


@dataclass(slots=True, eq=False)
class Open:
    """A batch that replies may still come of. ``wanted`` are those of its requests that this run asked for and has not
    answered; ``reserved`` is what the budget sets aside for it.
    """

    batch: Batch
    requests: Requests
    marks: frozenset[bytes] | set[bytes]
    wanted: set[bytes] = field(default_factory=set[bytes])
    reserved: float = 0.0
    lock: FileLock | None = None


class GaveUpError(Exception):
    """An API call cannot bring anything now; the batch stays open in the ledger."""


class Desk:
    """State that the parts of the route share, in one event loop."""

    def __init__(self, line: Line, way: Way, standing: Standing) -> None:
        self.line, self.way, self.standing = line, way, standing
        self._api: Api | None = None
        self.model = batches.priced(line.model)
        self.answers: asyncio.Queue[tuple[Answer, ...] | BaseException | None] = asyncio.Queue(maxsize=100)
        self.opens: dict[str, Open] = {}
        self.again: list[BinaryIO] = []  # requests to ask in another batch, in files without a name
        self.changed = asyncio.Event()
        self.harvesting = asyncio.Lock()  # one batch's results in memory at a time

    @property
    def api(self) -> Api:
        """The open API; see ``open``."""
        assert self._api is not None  # noqa: S101  (opened before the first batch)
        return self._api

    async def open(self) -> None:
        """Open the API, once it is needed: whoever only reads what is kept needs no key. Raises ``CallError``."""
        if self._api is None:
            self._api = await asyncio.to_thread(self.way.connect, self.line.model)

    async def close(self) -> None:
        """Give back the sockets."""
        if self._api is not None:
            await self._api.close()

    @property
    def over(self) -> bool:
        """Whether nothing new may be sent."""
        return self.line.over

    async def say(self, *answers: Answer) -> None:
        """Hand answers on."""
        if answers:
            await self.answers.put(answers)

    def note(self, words: str) -> None:
        """Remember the last thing to be told about batches."""
        self.standing.note = words

    def stand(self) -> None:
        """Count what lies in batches."""
        opens = self.opens.values()
        self.standing.requests = sum(one.batch.requests for one in opens)
        self.standing.batches = len(opens)
        self.standing.since = min((one.batch.began for one in opens), default="")
        self.changed.set()

    def stop(self, error: CallError) -> None:
        """Give the model up, as a live call would that met this error."""
        self.line.stop(Failure(
            trouble=Trouble.STOPPED, message=f"{self.line.model.label} was stopped: {error.message}",
            advice=error.advice, status=error.status,
        ))  # fmt: skip

    async def rest(self, seconds: float) -> None:
        """Wait; cancelling the run ends the wait."""
        if self.line.cancelled.is_set():
            await asyncio.sleep(seconds)
            return
        try:
            await asyncio.wait_for(self.line.cancelled.wait(), seconds)
        except TimeoutError:
            return

    def longer(self, pause: float) -> float:
        """The next pause after this one."""
        return min(pause * 1.5, self.way.longest_s)

    async def asked(self, call: Callable[[], Awaitable[T]]) -> T:
        """What a call brings, made again until it does. Raises ``GaveUpError``, the model then being stopped or the
        run cancelled.
        """
        pause, late = self.way.poll_s, 0
        while True:
            try:
                return await call()
            except Fatal as error:
                self.stop(error)
                raise GaveUpError from None
            except CallError as error:
                self.note(f"{error.message} {error.advice}".strip())
                wait = max(pause, error.retry_after_s or 0.0)
            late += self.line.cancelled.is_set()
            if late > _LAST_TRIES or self.line.stopped:
                raise GaveUpError
            await self.rest(wait)
            pause = self.longer(pause)

    def release(self, one: Open, most: float | None, *, billable: bool) -> None:
        """Give back what was set aside for a request that brought no sample."""
        self.line.budget.lost(most, billable=billable)
        one.reserved -= most or 0.0

    async def locked(self, lock: FileLock) -> bool:
        """Whether the lock could be taken now."""
        try:
            await asyncio.to_thread(lock.acquire, blocking=False)
        except Timeout:
            return False
        return True


def failed(error: CallError, tries: int) -> Failure:
    """A request's failure after so many batches."""
    return failure(error, tries)


def now() -> str:
    """The time, as it is written down."""
    return datetime.now(UTC).isoformat(timespec="seconds")
