"""How much of long system texts a provider's cache serves, and what prompts then cost, in the plan's order and in ours.

    python benchmarks/prompt_caching.py [pairs]

Real sampler, real Anthropic SDK, real sockets; the server implements the rule: a marked prefix can be read from when
the first reply that wrote it begins (here: ends, the harder case) until five minutes later. Replies take 100 ms ± 50 %.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import orjson

from cache.store import Store
from runners import sampler
from runners.budget import Budget
from runners.limits import Limits
from runners.model import Model
from runners.prefix_cache import followers_later
from runners.request import Request, Turn

MEAN_S, JITTER, KEPT_S = 0.1, 0.5, 300.0
SYSTEM = "The filing cabinets were moved to the second floor. " * 120  # about 1,300 tokens
WRITE, READ = 1.25, 0.1  # of the price of a prompt token


class Server:
    """Speaks Messages and keeps prefixes as Anthropic does; counts tokens as a quarter of the characters."""

    def __init__(self) -> None:
        self.ready: dict[str, float] = {}
        self.draw = random.Random(0)

    def usage(self, body: dict[str, object], takes_s: float) -> dict[str, int]:
        system, now = body["system"], time.monotonic()
        user = len(orjson.dumps(body["messages"])) // 4
        if not isinstance(system, list):
            return {"input_tokens": user + len(str(system)) // 4, "output_tokens": 5}
        text = cast("list[dict[str, str]]", system)[0]["text"]
        hit = self.ready.get(text, now + 1) <= now <= self.ready.get(text, 0.0) + KEPT_S
        if not hit:
            self.ready[text] = min(self.ready.get(text, now + takes_s), now + takes_s)
        kind = "cache_read_input_tokens" if hit else "cache_creation_input_tokens"
        return {"input_tokens": user, "output_tokens": 5, kind: len(text) // 4}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                takes_s = MEAN_S * self.draw.uniform(1 - JITTER, 1 + JITTER)
                usage = self.usage(orjson.loads(await reader.readexactly(length)), takes_s)
                await asyncio.sleep(takes_s)
                said = orjson.dumps({"id": "m", "type": "message", "role": "assistant", "model": "fake",
                                     "content": [{"type": "text", "text": "A"}], "stop_reason": "end_turn",
                                     "usage": usage})  # fmt: skip
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                             % (len(said), said))  # fmt: skip


def pairs(count: int, url: str) -> Iterator[tuple[str, Request]]:
    """Both tiers of each query side by side, as the plan has them."""
    for number in range(count):
        for tier in ("free", "paid"):
            one = Request(provider="anthropic", endpoint=url, model="claude-sonnet-4-5", system=f"{number} {SYSTEM}",
                          turns=(Turn(role="user", text=f"<tier>{tier}</tier> A or B?"),), max_tokens=50)  # fmt: skip
            yield one.key, one


async def measure(count: int, concurrency: int, lag: int) -> str:
    server = await asyncio.start_server(Server().serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    model = Model(label="m", provider="anthropic", name="claude-sonnet-4-5", base_url=url, key_env="BENCH_KEY")
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
        line = sampler.Line(model=model, store=store, limits=Limits(concurrency=concurrency), budget=Budget(),
                            cancelled=asyncio.Event())  # fmt: skip
        asked = followers_later(pairs(count, url), lag) if lag else pairs(count, url)
        began = time.perf_counter()
        usages = [a.outcome.usage async for a in sampler.sample(asked, line) if isinstance(a.outcome, sampler.Sample)]
        took = time.perf_counter() - began
    server.close()
    plain, read, written = (sum(getattr(u, name) or 0 for u in usages)
                            for name in ("input_tokens", "cache_read_tokens", "cache_write_tokens"))  # fmt: skip
    every = plain + read + written
    return (f"{concurrency:4} at once, {'ours, lag ' + str(lag) if lag else 'tiers side by side':18} "
            f"{read / every:5.1%} of prompt tokens from the cache, prompts cost "
            f"{(plain + read * READ + written * WRITE) / every:.2f} of uncached, {took:5.1f} s")  # fmt: skip


def main() -> None:
    os.environ["BENCH_KEY"] = "unused"
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print(f"{count} pairs, load {os.getloadavg()[0]:.1f}")
    for concurrency in (4, 16, 64):
        for lag in (0, concurrency // 2, concurrency, 2 * concurrency, 0, 2 * concurrency):
            print(asyncio.run(measure(count, concurrency, lag)), flush=True)


if __name__ == "__main__":
    main()
