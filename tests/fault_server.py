"""A local server of both wires that misbehaves by a schedule and remembers which replies it has sent whole."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from email.utils import formatdate

from campaign_faults import FAULTS, GOOD, LATER, Call, write


def mark_of(texts: Iterable[str]) -> str:
    """What tells one prompt from another, whatever the wire wraps around its texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def _texts(data: Mapping[str, object]) -> list[str]:
    found: list[str] = []
    for content in [data.get("system"), *(turn["content"] for turn in data["messages"])]:
        parts = content if isinstance(content, list) else [{"text": content}] if content else []
        found.append("".join(part["text"] for part in parts))
    return [text for text in found if text]


class FaultServer:
    """Runs in a thread. ``schedule(call)`` names what happens to each call: a fault of ``FAULTS``, a status, or "ok".

    ``secret`` is what it echoes wherever a careless server might; ``moment(call, event)`` is told, in the server's own
    thread, when a call has "arrived", when "half" of a good reply is out, and when all of it is "sent".
    """

    def __init__(
        self, schedule: Callable[[Call], str] = lambda _: "ok", secret: str = "",
        moment: Callable[[Call, str], None] = lambda _call, _event: None,
    ) -> None:  # fmt: skip
        self.schedule, self.secret, self.moment = schedule, secret, moment
        self.held: Callable[[Call], bool] = lambda _: False  # who is kept waiting for a reply while it says so
        self.calls: list[Call] = []
        self.open = 0  # connections
        self.changed = threading.Condition()
        self._turns: dict[tuple[str, str], int] = {}
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> FaultServer:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def wait_until(self, true: Callable[[], bool], timeout_s: float = 60) -> None:
        """Block until something holds; looked at whenever a call arrives or is answered, and now and then."""
        with self.changed:
            for _ in range(int(timeout_s / 0.05)):
                if true():
                    return
                self.changed.wait(0.05)
        raise AssertionError("what was waited for did not come about")

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
                length = head.lower().partition("content-length:")[2].partition("\r\n")[0]
                call = self._arrive(head, json.loads(await reader.readexactly(int(length))))
                if not await self._answer(call, writer):
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):  # cancelled at the end alone
            pass
        finally:
            self.open -= 1
            writer.close()

    def _arrive(self, head: str, data: Mapping[str, object]) -> Call:
        path, mark = head.split(" ", 2)[1], mark_of(_texts(data))
        with self.changed:
            model = str(data["model"])
            self._turns[model, mark] = turn = self._turns.get((model, mark), -1) + 1
            call = Call(number=len(self.calls), path=path, model=model, head=head, mark=mark, turn=turn)
            call.text = f"A {mark} {call.number}"
            self.calls.append(call)
            self.changed.notify_all()
        self.moment(call, "arrived")
        return call

    async def _answer(self, call: Call, writer: asyncio.StreamWriter) -> bool:
        while self.held(call):  # noqa: ASYNC110  (what is waited for is said by another thread)
            await asyncio.sleep(0.005)
        call.fault = name = self.schedule(call)
        if act := (GOOD | LATER | FAULTS).get(name):
            return await act(self, call, writer)
        status, _, pause = name.partition(" ")  # "429", "429 0.01", "503 date"
        said = f"planned {status}, your key {self.secret} was seen"
        kind = {"message": said, "type": f"kind {self.secret}", "code": None}
        more = {"x-request-id": self.secret, "server": self.secret}
        if pause:
            more["retry-after"] = formatdate(usegmt=True) if pause == "date" else pause
        await write(writer, json.dumps({"type": "error", "error": kind}).encode(), status=int(status), **more)
        return True

    async def good(self, call: Call, writer: asyncio.StreamWriter, *parts: bytes) -> bool:
        """Send a whole reply in parts; it counts as whole before the last of them can have arrived."""
        for part in parts[:-1]:
            writer.write(part)
            await writer.drain()
            self.moment(call, "half")
            await asyncio.sleep(0)
        call.whole = True
        writer.write(parts[-1])
        await writer.drain()
        with self.changed:
            call.sent = True
            self.changed.notify_all()
        self.moment(call, "sent")
        return True
