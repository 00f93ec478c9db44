"""A local server that speaks the OpenAI wire, counts what it is asked and misbehaves on request; real sockets."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Reply:
    """What the server does with one call; ``cut`` closes the socket after that many bytes of the answer."""

    status: int = 200
    text: str = "A"
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    cut: int | None = None
    body: bytes | None = None
    finish: str = "stop"


class FakeServer:
    """Runs in a thread. ``behave(number, body)`` decides each reply; ``bodies`` are all requests in order."""

    def __init__(self, behave: Callable[[int, bytes], Reply] | None = None) -> None:
        self.behave = behave or (lambda _number, _body: Reply())
        self.bodies: list[bytes] = []
        self.headers: list[str] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.arrived = threading.Condition()

    def __enter__(self) -> FakeServer:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def wait_for(self, calls: int, timeout_s: float = 60) -> None:
        """Block until that many calls have arrived."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.bodies) >= calls, timeout_s)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                text = head.decode("latin-1")
                length = next(
                    int(line.split(":", 1)[1])
                    for line in text.split("\r\n")
                    if line.lower().startswith("content-length:")
                )
                body = await reader.readexactly(length)
                with self.arrived:
                    number = len(self.bodies)
                    self.bodies.append(body)
                    self.headers.append(text)
                    self.arrived.notify_all()
                self.in_flight += 1
                self.most_in_flight = max(self.most_in_flight, self.in_flight)
                try:
                    if not await self._answer(writer, self.behave(number, body)):
                        return
                finally:
                    self.in_flight -= 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, reply: Reply) -> bool:
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
        if reply.body is not None:
            payload = reply.body
        elif reply.status == 200:
            payload = json.dumps({
                "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "fake-1",
                "choices": [{"index": 0, "finish_reason": reply.finish,
                             "message": {"role": "assistant", "content": reply.text}}],
                "usage": {"prompt_tokens": 40, "completion_tokens": 10, "total_tokens": 50},
            }).encode()  # fmt: skip
        else:
            payload = json.dumps({"error": {"message": f"planned {reply.status}", "code": None}}).encode()
        extra = "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
        head = (
            f"HTTP/1.1 {reply.status} X\r\ncontent-type: application/json\r\n"
            f"content-length: {len(payload)}\r\n{extra}\r\n"
        )
        data = head.encode("utf-8", "surrogateescape") + payload
        if reply.cut is not None:
            writer.write(data[: len(head) + reply.cut])
            await writer.drain()
            return False
        writer.write(data)
        await writer.drain()
        return True
