"""Keeps one place of work manned: ships bodies in groups, hands replies to those who wait, replaces what dies."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from runners.cluster.parcel import Body, Broken, Greeting, Reply, unpacked
from runners.sample import Sample, Trouble
from runners.trouble import Fatal, Retryable

_GATHER_S = 0.002  # bodies come in bursts, after each group of replies
_POLL_S, _GRACE_S = 10.0, 30.0  # a worker that is silent so long is taken for dead
_HELLO_S = 180.0
_BYE_S = 5.0
_HIRES = 3  # workers in a row that die without one reply


class WorkerLost(Exception):  # noqa: N818
    """The worker is gone, or nobody can say whether it is there."""


class Worker(Protocol):
    """A process that holds a ``runners.cluster.desk.Desk``. Every method raises ``WorkerLost`` once it is dead."""

    async def hello(self) -> Greeting:
        """Who is there."""
        ...

    async def put(self, bodies: list[Body]) -> None:
        """Begin these calls; returns when the worker has them."""
        ...

    async def take(self, wait_s: float, linger_s: float) -> list[Reply]:
        """Replies, [] when none came in that time."""
        ...

    async def bye(self) -> None:
        """Close the connection."""
        ...

    def kill(self) -> None:
        """End the process, dead or alive; never raises."""
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class Waiting:
    """One call and who waits for it."""

    body: bytes
    timeout_s: float
    future: asyncio.Future[Sample]


class Pump:
    """One place in a crew. ``hire`` starts a worker for it; ``changed`` is called when it is manned or has lost one.

    ``expected`` is what a worker must say of its code and of the endpoint. ``loose`` collects what was never sent.
    """

    def __init__(
        self, hire: Callable[[], Worker], expected: Greeting, linger_s: float, changed: Callable[[], None],
        pause_s: float = 0.5,
    ) -> None:  # fmt: skip
        self._hire = hire
        self._expected = expected
        self._linger_s = linger_s
        self._changed = changed
        self._pause_s = pause_s
        self._numbers = itertools.count()
        self._sent: dict[int, Waiting] = {}
        self._queue: list[Waiting] = []
        self._more = asyncio.Event()
        self._heard = False
        self.manned = False
        self.out: Fatal | None = None
        self.loose: list[Waiting] = []

    @property
    def load(self) -> int:
        """Calls that are with this worker or on their way to it."""
        return len(self._sent) + len(self._queue)

    def give(self, waiting: Waiting) -> None:
        """Queue a call for the worker."""
        self._queue.append(waiting)
        self._more.set()

    async def work(self) -> None:
        """Man the place until cancelled, or until ``out`` says why nobody can work here."""
        fruitless = 0
        while self.out is None:
            self._heard = False
            worker: Worker | None = None
            try:
                worker = self._hire()
                await self._greet(worker)
                self.manned = True
                self._changed()
                await self._serve(worker)
            except WorkerLost as lost:
                fruitless = 0 if self._heard else fruitless + 1
                if fruitless >= _HIRES:
                    self.out = Fatal(
                        Trouble.CONNECTION, f"{fruitless} workers in a row were lost before they answered: {lost}",
                        advice="See that the package is installed where the workers run, and that there is memory.",
                    )  # fmt: skip
                self._lose(str(lost))
            except Fatal as error:
                self.out = error
            except Exception as error:  # noqa: BLE001  (whatever it is, nobody may be left waiting for ever)
                self.out = Fatal(
                    Trouble.CONNECTION,
                    f"the workers cannot be reached ({type(error).__name__})",
                    advice="See that the cluster runs, then run again: what is kept is not asked again.",
                )
                self._lose(type(error).__name__)
            finally:
                self.manned = False
                self._changed()
                if worker is not None:
                    await self._part(worker)
            if self.out is None:
                await asyncio.sleep(self._pause_s * 2.0**fruitless)

    async def _part(self, worker: Worker) -> None:
        try:
            async with asyncio.timeout(_BYE_S):
                await worker.bye()
        except (WorkerLost, TimeoutError):
            pass
        finally:
            worker.kill()

    async def _greet(self, worker: Worker) -> None:
        try:
            async with asyncio.timeout(_HELLO_S):
                found = await worker.hello()
        except TimeoutError:
            raise WorkerLost(f"no worker started within {_HELLO_S:g} s") from None
        if found.problem is not None:
            raise Fatal(Trouble.NOT_READY, f"the worker on {found.place} cannot call the model: {found.problem}",
                        advice=f"A worker reads keys from the environment that Ray was started in on {found.place}: "
                        "set the variable there and start Ray again.")  # fmt: skip
        wanted = self._expected
        if found.release != wanted.release:
            raise Fatal(Trouble.NOT_READY, f"the worker on {found.place} has Fact Salience {found.release}, this is "
                        f"{wanted.release}", advice="Install the same version on every node.")  # fmt: skip
        if found.endpoint != wanted.endpoint:
            raise Fatal(Trouble.NOT_READY, f"the model is another one on {found.place}: {found.endpoint!r}, here "
                        f"{wanted.endpoint!r}", advice="Put the same files on every node.")  # fmt: skip

    async def _serve(self, worker: Worker) -> None:
        tasks = [asyncio.create_task(self._ship(worker)), asyncio.create_task(self._fetch(worker))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error

    async def _ship(self, worker: Worker) -> None:
        while True:
            await self._more.wait()
            await asyncio.sleep(_GATHER_S)
            self._more.clear()
            queue, self._queue = self._queue, []
            bodies: list[Body] = []
            for waiting in queue:
                if waiting.future.done():  # given up meanwhile
                    continue
                number = next(self._numbers)
                self._sent[number] = waiting
                bodies.append((number, waiting.body, waiting.timeout_s))
            if bodies:
                await worker.put(bodies)

    async def _fetch(self, worker: Worker) -> None:
        while True:
            try:
                async with asyncio.timeout(_POLL_S + _GRACE_S):
                    replies = await worker.take(_POLL_S, self._linger_s)
            except TimeoutError:
                raise WorkerLost(f"silent for {_POLL_S + _GRACE_S:g} s") from None
            for number, reply in replies:
                self._heard = True
                waiting = self._sent.pop(number, None)
                if waiting is None or waiting.future.done():
                    continue
                if isinstance(reply, Broken):
                    waiting.future.set_exception(unpacked(reply))
                else:
                    waiting.future.set_result(reply)

    def _lose(self, why: str) -> None:
        sent, self._sent = self._sent, {}
        for waiting in sent.values():
            if not waiting.future.done():
                # The provider may have answered a dead worker: counted as a cut connection, and asked again.
                waiting.future.set_exception(
                    Retryable(Trouble.CONNECTION, f"the worker was lost during the call: {why}",
                              advice="Asked again on another worker by itself.")
                )  # fmt: skip
        self.loose, self._queue = [*self.loose, *self._queue], []
