"""Runs a model's servers in threads of their own, shared by every connection of this process, gone when long idle."""

from __future__ import annotations

import atexit
import os
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from runners.providers import _llama, _prefix
from runners.providers._reply import Object, items, text
from runners.trouble import CallError

IDLE_S = 120.0  # after this long without a call the weights are let go; loading them again takes under a second


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """One reply to be written. ``prompt`` is what the model reads, as far as it matters for what prompts share."""

    body: Object
    prompt: str
    future: Future[Object | None] = field(default_factory=Future[Object | None])
    started: float | None = None  # time.monotonic() when an engine took it
    overtaken: int = 0
    abandoned: bool = False


class Engines:
    """The seats at which replies are written; started as calls come, as many as the machine has room for."""

    def __init__(self, path: Path, context: int, shape: _llama.Shape, adapter: Path | None = None) -> None:
        self._path, self._context, self._shape, self._adapter = path, context, shape, adapter
        self._change = threading.Condition()
        self._waiting: list[Job] = []
        self._seats: dict[int, str] = {}  # seat → the prompt that its memory holds
        self._busy: dict[int, Job] = {}
        self._threads: dict[int, threading.Thread] = {}
        self._servers: dict[int, _llama.Server] = {}
        self._loading = threading.Lock()
        self._over = False

    def server(self, number: int = 0) -> _llama.Server:
        """That server, loaded if need be. Raises ``Fatal``."""
        with self._loading:
            if number not in self._servers:
                self._servers[number] = _llama.load(self._path, self._shape, self._context, self._adapter)
            return self._servers[number]

    def submit(self, job: Job) -> None:
        """Line a job up; its future gets the reply, None when it was abandoned, or the error."""
        with self._change:
            if self._over:
                job.future.cancel()
                return
            self._waiting.append(job)
            idle = len(self._seats) - len(self._busy)
            if not idle and len(self._seats) < self._shape.seats and not self._over:
                seat = next(number for number in range(self._shape.seats) if number not in self._seats)
                self._seats[seat] = ""
                self._threads[seat] = threading.Thread(
                    target=self._work, args=(seat,), name=f"embedded-{seat}", daemon=True
                )
                self._threads[seat].start()
            self._change.notify_all()

    def abandon(self, job: Job) -> None:
        """The caller has gone: drop the job from the line, or break it off at its next token."""
        with self._change:
            job.abandoned = True
            if job in self._waiting:
                self._waiting.remove(job)
                job.future.cancel()

    def shut(self, wait_s: float) -> None:
        """Break off what is being written and let the weights go, waiting at most ``wait_s`` for each thread."""
        with self._change:
            self._over = True
            for job in [*self._busy.values(), *self._waiting]:
                job.abandoned = True
            self._change.notify_all()
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(wait_s)

    def _work(self, seat: int) -> None:
        try:
            server = self.server(seat // self._shape.slots)
        except CallError as error:
            self._fail(seat, error)
            return
        while (job := self._take(seat)) is not None:
            try:
                reply = _llama.write(server, job.body, seat % self._shape.slots, lambda job=job: job.abandoned)
                job.future.set_result(reply)
            except Exception as error:  # noqa: BLE001  (whatever it is belongs to the caller who waits)
                job.future.set_exception(error)
            with self._change:
                del self._busy[seat]
                self._change.notify_all()

    def _take(self, seat: int) -> Job | None:
        with self._change:
            quiet_since = time.monotonic()
            while not self._over:
                prompts = [job.prompt for job in self._waiting]
                overtaken = self._waiting[0].overtaken if self._waiting else 0
                others = [prompt for number, prompt in self._seats.items() if number != seat]
                index = _prefix.choose(prompts, overtaken, self._seats[seat], others)
                if index is None:
                    left = quiet_since + IDLE_S - time.monotonic()
                    if left <= 0 and not self._waiting:
                        break
                    self._change.wait(max(left, 1.0))
                    continue
                job = self._waiting.pop(index)
                for passed in self._waiting[:index]:
                    passed.overtaken += 1
                if job.future.set_running_or_notify_cancel():
                    job.started = time.monotonic()
                    self._busy[seat], self._seats[seat] = job, job.prompt
                    return job
            self._leave(seat)  # under the same lock: a job that comes now must not count on this seat
            return None

    def _leave(self, seat: int) -> None:
        self._seats.pop(seat)
        self._threads.pop(seat)
        number = seat // self._shape.slots
        if not any(other // self._shape.slots == number for other in self._seats):
            self._servers.pop(number, None)

    def _fail(self, seat: int, error: CallError) -> None:
        with self._change:
            self._leave(seat)
            if self._seats:
                return  # the other seats carry on with what waits
            for job in self._waiting:
                if job.future.set_running_or_notify_cancel():
                    job.future.set_exception(error)
            self._waiting.clear()


_all: dict[tuple[object, ...], Engines] = {}
_finding = threading.Lock()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def engines(path: Path, context: int, adapter: Path | None = None) -> Engines:
    """The process's engines for these files as they are now; the same ones for every connection."""
    key = (context, *(_as_it_is(file) for file in (path, adapter) if file is not None))
    with _finding:
        if key not in _all:
            _all[key] = Engines(path, context, _llama.shape(path.stat().st_size, _cores()), adapter)
        return _all[key]


def _as_it_is(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return str(path.resolve()), status.st_size, status.st_mtime_ns


@atexit.register
def _shut() -> None:
    for one in _all.values():
        one.shut(5.0)


def prompt_of(body: Object) -> str:
    """What the model reads, roughly: the messages one after the other."""
    return "\n".join(text(turn, "content") or "" for turn in items(body, "messages") or ())
