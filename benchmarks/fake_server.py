"""The fastest server that speaks Chat Completions: a canned 300-token reply, drawn or asked latency, hidden limits.

    python benchmarks/fake_server.py [MEAN_LATENCY_MS] [JITTER_SHARE] [--seed N]
        [--capacity C] [--per-minute R [--headers]] [--retry-after S --retry-after-every N]

Prints its URL. A request whose body holds ``wait-ms=12.5;`` is answered after just that long, so that a benchmark can
draw the latencies and know the ideal. Above the capacity (requests at once) or the rate (a bucket that holds two
seconds of it) the answer is 429, with ``Retry-After: S`` on every Nth. GET /log gives what became of each request.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from dataclasses import dataclass, field

REPLY = json.dumps({
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "fake-1",
    "choices": [{"index": 0, "finish_reason": "stop",
                 "message": {"role": "assistant", "content": "A. The filing cabinets stay where they are. " * 30}}],
    "usage": {"prompt_tokens": 2900, "completion_tokens": 300, "total_tokens": 3200},
}).encode()  # fmt: skip
FULL = b'{"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}}'
BUCKET_S = 2.0


def answer(body: bytes, status: str = "200 OK", extra: str = "") -> bytes:
    """One HTTP answer, written out."""
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


ANSWER = answer(REPLY)


def asked_wait_s(body: bytes) -> float | None:
    """The latency that a request asks for in its text, in seconds."""
    at = body.rfind(b"wait-ms=")
    return None if at < 0 else float(body[at + 8 : body.index(b";", at)]) / 1000


@dataclass(slots=True, kw_only=True)
class Limit:
    """What the server allows, unknown to who calls it, and a log: (seconds, in flight, admitted) of each request."""

    capacity: int | None = None
    per_minute: float | None = None
    retry_after_s: float = 0.0
    retry_after_every: int = 0
    headers: bool = False
    in_flight: int = 0
    rejected: int = 0
    tokens: float = 0.0
    filled_at: float = 0.0
    log: list[tuple[float, int, bool]] = field(default_factory=list[tuple[float, int, bool]])

    def admit(self, now: float) -> bool:
        """Whether one more request may be worked on."""
        whole = self.capacity is None or self.in_flight < self.capacity
        if self.per_minute is not None:
            most = self.per_minute / 60 * BUCKET_S
            self.tokens = min(most, self.tokens + (now - self.filled_at) * self.per_minute / 60) if self.log else most
            self.filled_at = now
            whole = whole and self.tokens >= 1
            self.tokens -= whole
        self.in_flight += whole
        self.log.append((now, self.in_flight, whole))
        return whole

    def said(self) -> str:
        """Headers that say how full the bucket is, as OpenAI names them."""
        if not self.headers or self.per_minute is None:
            return ""
        most, left = int(self.per_minute / 60 * BUCKET_S), int(self.tokens)
        reset_ms = max(1, round((most - left) * 60_000 / self.per_minute))
        return (
            f"x-ratelimit-limit-requests: {most}\r\nx-ratelimit-remaining-requests: {left}\r\n"
            f"x-ratelimit-reset-requests: {reset_ms}ms\r\n"
        )

    def refusal(self) -> bytes:
        """The 429, now and then with a time to wait."""
        self.rejected += 1
        often = self.retry_after_every
        header = f"retry-after: {self.retry_after_s:g}\r\n" if often and self.rejected % often == 0 else ""
        return answer(FULL, "429 Too Many Requests", header + self.said())


class Protocol(asyncio.Protocol):
    """Counts bytes of requests and answers each whole one."""

    def __init__(self, mean_s: float, jitter: float, draw: random.Random, limit: Limit | None) -> None:
        self.mean_s, self.jitter, self.draw, self.limit = mean_s, jitter, draw, limit
        self.data = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.data[:end]).lower()
            at = head.find(b"content-length:")
            total = end + 4 + (int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0)
            if len(self.data) < total:
                return
            body = bytes(self.data[end + 4 : total])
            del self.data[:total]
            if head.startswith(b"get "):
                self.transport.write(answer(json.dumps(self.limit.log if self.limit else []).encode()))
            else:
                self._answer(body)

    def _answer(self, body: bytes) -> None:
        limit = self.limit
        if limit is not None and not limit.admit(time.monotonic()):
            self.transport.write(limit.refusal())
            return
        delay = asked_wait_s(body)
        if delay is None:
            delay = self.mean_s * (1 + self.draw.uniform(-self.jitter, self.jitter))
        if delay or limit is not None:
            asyncio.get_running_loop().call_later(delay, self._done)
        else:
            self.transport.write(ANSWER)

    def _done(self) -> None:
        if self.limit is not None:
            self.limit.in_flight -= 1
        said = self.limit.said() if self.limit is not None else ""
        self.transport.write(answer(REPLY, extra=said) if said else ANSWER)


async def serve(args: argparse.Namespace) -> None:
    """Serve until killed."""
    limited = args.capacity is not None or args.per_minute is not None
    limit = Limit(capacity=args.capacity, per_minute=args.per_minute, retry_after_s=args.retry_after,
                  retry_after_every=args.retry_after_every, headers=args.headers) if limited else None  # fmt: skip
    draw, mean_s = random.Random(args.seed), args.mean_ms / 1000
    server = await asyncio.get_running_loop().create_server(
        lambda: Protocol(mean_s, args.jitter, draw, limit), "127.0.0.1", 0, backlog=1024
    )
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("mean_ms", type=float, nargs="?", default=0.0)
    parser.add_argument("jitter", type=float, nargs="?", default=0.0, help="share: 0.5 is mean ± 50 %%")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--capacity", type=int, help="requests at once")
    parser.add_argument("--per-minute", type=float, help="requests a minute")
    parser.add_argument("--headers", action="store_true", help="say how many requests remain")
    parser.add_argument("--retry-after", type=float, default=0.0, help="seconds, on some refusals")
    parser.add_argument("--retry-after-every", type=int, default=0, help="0: never")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
