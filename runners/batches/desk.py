"""Where the batches of one model are looked after: what is shared by filling, waiting and harvesting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from typing import BinaryIO, TypeVar

from filelock import FileLock, Timeout

from runners import batches
from runners.attempts import failure
from runners.batches.batch import Api, Batch
from runners.batches.ledger import Ledger, Requests
from runners.budget import most_usd
from runners.line import Line
from runners.model import Model
from runners.request import Request
from runners.sample import Failure, Trouble
from runners.sampler import Answer
from runners.trouble import CallError, Fatal

T = TypeVar("T")
CRUMB = 1e-9  # USD; less is left of a sum by rounding
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
    ``grace_s`` have passed without a trace of it. A request is in at most ``tries`` batches. No answer makes us wait
    longer than ``most_wait_s`` before the next call. ``leaves`` says that a cancelled run leaves its batches to go on,
    because only its process ends: the next run brings them in.
    """

    ledger: Ledger
    comparison: str = ""
    held: Callable[[], bool] = lambda: False
    connect: Callable[[Model], Api] = batches.connect
    poll_s: float = 5.0
    longest_s: float = 60.0
    grace_s: float = 60.0
    tries: int = 3
    most_wait_s: float = 600.0
    leaves: Callable[[], bool] = lambda: False


@dataclass(slots=True, eq=False)
class Open:
    """A batch that replies may still come of. ``wanted`` are those of its requests that this run asked for and has not
    answered, with the most that each can cost; ``reserved`` is what the budget sets aside for them. What else is in it
    is others' and none of this run's money.
    """

    batch: Batch
    requests: Requests
    marks: frozenset[bytes] | set[bytes]
    wanted: dict[bytes, float | None] = field(default_factory=dict[bytes, "float | None"])
    reserved: float = 0.0
    lock: FileLock | None = None


class GaveUpError(Exception):
    """An API call cannot bring anything now; the batch stays open in the ledger."""


class Desk:
    """State that the parts of the route share, in one event loop."""

    def __init__(self, line: Line, way: Way, standing: Standing) -> None:
        self.line, self.way, self.standing = line, way, standing
        self._api: Api | None = None
        self._opening = asyncio.Lock()
        self.model = batches.priced(line.model)
        self.answers: asyncio.Queue[tuple[Answer, ...] | BaseException | None] = asyncio.Queue(maxsize=100)
        self.opens: dict[str, Open] = {}  # with requests of this run
        self.others: dict[str, Open] = {}  # without, as yet: neither waited for nor cancelled
        self.again: list[BinaryIO] = []  # requests to ask in another batch, in files without a name
        self.blocked: Failure | None = None  # why nothing may be bought: it is not known what was
        self.error: BaseException | None = None
        self.changed = asyncio.Event()
        self.harvesting = asyncio.Lock()  # one batch's results in memory at a time

    @property
    def api(self) -> Api:
        """The open API; see ``open``."""
        assert self._api is not None  # noqa: S101  (opened before the first batch)
        return self._api

    async def open(self) -> None:
        """Open the API, once it is needed: whoever only reads what is kept needs no key. Raises ``CallError``."""
        async with self._opening:
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
        self.standing.requests = sum(len(one.wanted) for one in opens)
        self.standing.batches = len(opens)
        self.standing.since = min((one.batch.began for one in opens), default="")
        self.changed.set()

    def stop(self, error: CallError) -> None:
        """Give the model up, as a live call would that met this error."""
        self.line.stop(Failure(
            trouble=Trouble.STOPPED, message=f"{self.line.model.label} was stopped: {error.message.rstrip('.')}.",
            advice=error.advice, status=error.status,
        ))  # fmt: skip

    def hopeless(self, error: CallError, tries: int) -> None:
        """Give the model up after so many tries in a row to send something to it."""
        self.stop(CallError(error.trouble, f"{error.message} ({tries} times in a row)", status=error.status,
                            advice="This batch was not sent. Check the address, the network and the provider's status, "
                            "then run again: what is kept is not asked again."))  # fmt: skip

    async def rest(self, seconds: float) -> None:
        """Wait; cancelling the run ends the wait."""
        if self.line.cancelled.is_set():
            await asyncio.sleep(seconds)
            return
        try:
            await asyncio.wait_for(self.line.cancelled.wait(), seconds)
        except TimeoutError:
            return

    def pause_after(self, error: CallError, pause: float) -> float:
        """How long to wait after an error: as long as the provider asks, within reason."""
        return max(pause, min(error.retry_after_s or 0.0, self.way.most_wait_s))

    def longer(self, pause: float) -> float:
        """The next pause after this one."""
        return min(pause * 1.5, self.way.longest_s)

    async def asked(self, call: Callable[[], Awaitable[T]], patience: float = inf) -> T:
        """What a call brings, made again until it does, or so many times. Raises ``GaveUpError``, the model then being
        stopped or the run cancelled.
        """
        pause, late, tries = self.way.poll_s, 0, 0
        while True:
            try:
                return await call()
            except Fatal as error:
                self.stop(error)
                raise GaveUpError from None
            except CallError as error:
                self.note(words(error))
                wait = self.pause_after(error, pause)
                tries += 1
                if tries >= patience:
                    self.hopeless(error, tries)
                    raise GaveUpError from None
            late += self.line.cancelled.is_set()
            if late > _LAST_TRIES or self.line.stopped:
                raise GaveUpError
            await self.rest(wait)
            pause = self.longer(pause)

    def most(self, request: Request) -> float | None:
        """The most that a request can cost in a batch (USD)."""
        texts = [request.system or "", *(turn.text for turn in request.turns)]
        return most_usd(self.model, texts, request.max_tokens + (request.thinking_tokens or 0))

    def own(self, one: Open) -> bool:
        """Whether the batch is cancelled with the run: it was sent for this comparison, and is not to be left."""
        return one.batch.comparison == self.way.comparison and not self.way.leaves()

    def holder(self, name: bytes) -> Open | None:
        """The open batch that a request lies in, whoever sent it."""
        return next((one for one in (*self.opens.values(), *self.others.values()) if name in one.marks), None)

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


def words(error: CallError) -> str:
    """What an error says, and what to do, as two sentences."""
    return f"{error.message.rstrip('.')}. {error.advice}".strip()


def now() -> str:
    """The time, as it is written down."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def gone(error: Fatal, batch_id: str, tag: str) -> Fatal:
    """The error of a batch that the provider does not show us, with what to do."""
    if error.status not in {403, 404}:
        return error
    return Fatal(
        error.trouble, f"batch {batch_id}: {error.message}", status=error.status,
        advice="See that the key is of the workspace in which it was sent. If its replies are gone (they are kept for "
        f"about a month), `salience batches --forget {tag}` lets its requests be bought again.",
    )  # fmt: skip
