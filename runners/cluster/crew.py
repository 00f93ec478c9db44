"""A connection whose calls are made by a crew of workers; it only chooses who is asked, and says when none is left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from runners.cluster.parcel import Greeting
from runners.cluster.pump import Pump, Waiting, Worker
from runners.sample import Sample
from runners.trouble import Fatal

_log = logging.getLogger(__name__)

_CALLS_S = 0.005  # each group costs the driver about 1.5 ms of CPU, whatever the number of workers
_LONGEST_LINGER_S = 0.1


def linger_s(workers: int) -> float:
    """How long replies wait for company, in seconds: at most 200 groups a second over the whole crew."""
    return min(_LONGEST_LINGER_S, _CALLS_S * workers)


class Crew:
    """A ``runners.providers.Connection`` over workers; ``hires`` start a worker each, for as long as it is needed.

    Every call is one attempt at the worker with the fewest calls. Calls that a dead worker had are ``Retryable``; what
    it had not been sent yet goes to another. Once no place can be manned every call is ``Fatal`` with the reasons.
    """

    def __init__(self, hires: Sequence[Callable[[], Worker]], expected: Greeting, pause_s: float = 0.5) -> None:
        self._hires = tuple(hires)
        self._expected = expected
        self._pause_s = pause_s
        self._pumps: list[Pump] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._backlog: list[Waiting] = []
        self._told: set[int] = set()

    async def call(self, body: bytes, timeout_s: float) -> Sample:
        """One attempt by some worker; waits for the first worker where none is there yet."""
        if not self._pumps:
            self._begin()
        waiting = Waiting(body=body, timeout_s=timeout_s, future=asyncio.get_running_loop().create_future())
        self._place(waiting)
        return await waiting.future

    async def close(self) -> None:
        """End every worker."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self) -> None:
        linger = linger_s(len(self._hires))
        self._pumps = [Pump(hire, self._expected, linger, self._changed, self._pause_s) for hire in self._hires]
        self._tasks = [asyncio.create_task(pump.work()) for pump in self._pumps]

    def _place(self, waiting: Waiting) -> None:
        manned = [pump for pump in self._pumps if pump.manned]
        if manned:
            min(manned, key=lambda pump: pump.load).give(waiting)
        elif all(pump.out is not None for pump in self._pumps):
            waiting.future.set_exception(self._none_left())
        else:
            self._backlog.append(waiting)

    def _changed(self) -> None:
        for number, pump in enumerate(self._pumps):
            self._backlog += pump.loose
            pump.loose = []
            if pump.out is not None and number not in self._told:
                self._told.add(number)
                _log.warning("a worker is left out of this run: %s %s", pump.out.message, pump.out.advice)
        backlog, self._backlog = self._backlog, []
        for waiting in backlog:
            if not waiting.future.done():
                self._place(waiting)

    def _none_left(self) -> Fatal:
        reasons = [pump.out for pump in self._pumps if pump.out is not None]
        return Fatal(
            reasons[0].trouble, "no worker is left: " + "; ".join(dict.fromkeys(why.message for why in reasons)),
            advice=" ".join(dict.fromkeys(why.advice for why in reasons)),
        )  # fmt: skip
