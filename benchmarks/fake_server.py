"""The fastest server that speaks Chat Completions: one canned 300-token reply, jittered latency; prints its URL.

python benchmarks/fake_server.py [MEAN_LATENCY_MS] [JITTER_SHARE]
"""

from __future__ import annotations

import asyncio
import json
import random
import sys

REPLY = json.dumps({
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "fake-1",
    "choices": [{"index": 0, "finish_reason": "stop",
                 "message": {"role": "assistant", "content": "A. The filing cabinets stay where they are. " * 30}}],
    "usage": {"prompt_tokens": 2900, "completion_tokens": 300, "total_tokens": 3200},
}).encode()  # fmt: skip
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(REPLY), REPLY)


class Protocol(asyncio.Protocol):
    """Counts bytes of requests and answers each whole one."""

    def __init__(self, mean_s: float, jitter: float) -> None:
        self.mean_s, self.jitter, self.data = mean_s, jitter, bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.data[:end]).lower()
            at = head.index(b"content-length:") + 15
            total = end + 4 + int(head[at:].split(b"\r\n", 1)[0])
            if len(self.data) < total:
                return
            del self.data[:total]
            delay = self.mean_s * (1 + random.uniform(-self.jitter, self.jitter))
            if delay:
                asyncio.get_running_loop().call_later(delay, self.transport.write, ANSWER)
            else:
                self.transport.write(ANSWER)


async def main() -> None:
    """Serve until killed."""
    mean_s = float(sys.argv[1]) / 1000 if len(sys.argv) > 1 else 0.0
    jitter = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Protocol(mean_s, jitter), "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


asyncio.run(main())
