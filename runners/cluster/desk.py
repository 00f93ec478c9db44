"""The worker's side: makes one attempt for each body it is given, all at once, and hands replies back in groups."""

from __future__ import annotations

import asyncio
import platform

from runners import providers
from runners.cluster.parcel import Body, Broken, Greeting, Reply, packed, release
from runners.model import Model
from runners.providers import Connection
from runners.sample import Sample, Trouble
from runners.trouble import CallError


class Desk:
    """Holds one provider connection, opened with the key in this process's own environment.

    Retries nothing and keeps nothing: what was not handed over when the process dies is asked again by the driver.
    """

    def __init__(self, model: Model, concurrency: int) -> None:
        self._model = model
        self._concurrency = concurrency
        self._connection: Connection | None = None
        self._done: list[Reply] = []
        self._ready = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    async def hello(self) -> Greeting:
        """Open the connection and say who is here; ``problem`` says why nothing can be called from this process."""
        problem = providers.problem(self._model)
        if problem is None and self._connection is None:
            try:
                self._connection = await asyncio.to_thread(providers.connect, self._model, self._concurrency)
            except CallError as error:
                problem = f"{error.message}: {error.advice}"
        endpoint = providers.find(self._model.provider).endpoint(self._model)
        return Greeting(place=platform.node(), release=release(), endpoint=endpoint, problem=problem)

    async def put(self, bodies: list[Body]) -> None:
        """Begin these calls."""
        for body in bodies:
            task = asyncio.create_task(self._call(body))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def take(self, wait_s: float, linger_s: float) -> list[Reply]:
        """What has come back: waits up to ``wait_s`` for the first reply, then ``linger_s`` for others to join it."""
        try:
            await asyncio.wait_for(self._ready.wait(), wait_s)
        except TimeoutError:
            return []
        await asyncio.sleep(linger_s)
        done, self._done = self._done, []
        self._ready.clear()
        return done

    async def bye(self) -> None:
        """Drop what is under way and give back the sockets."""
        for task in self._running:
            task.cancel()
        if self._connection is not None:
            await self._connection.close()

    async def _call(self, body: Body) -> None:
        number, content, timeout_s = body
        reply: Sample | Broken
        try:
            assert self._connection is not None  # noqa: S101  (nothing is put before hello found no problem)
            reply = await self._connection.call(content, timeout_s)
        except CallError as error:
            reply = packed(error)
        except Exception as error:  # noqa: BLE001  (a defect must reach the driver; its text may hold anything)
            reply = Broken(fatal=True, trouble=Trouble.UNREADABLE, advice="Run without --ray to see where.",
                           message=f"a worker on {platform.node()} failed with {type(error).__name__}")  # fmt: skip
        self._done.append((number, reply))
        self._ready.set()
