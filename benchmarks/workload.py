"""The calls that all throughput benchmarks make: 12 KB prompts to a fake server, through our sampler or the bare SDK.

Latencies are drawn here, seeded, and asked of the server in the text, so that the ideal is of the very same draws.
"""

from __future__ import annotations

import asyncio
import heapq
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PROMPT = "The filing cabinets were moved to the second floor. " * 235  # about 12 KB
MAX_TOKENS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What ``count`` calls took: CPU and wall seconds of the process that made them."""

    count: int
    cpu_s: float
    wall_s: float

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds a call."""
        return 1000 * self.cpu_s / self.count

    @property
    def per_s(self) -> float:
        """Calls a second."""
        return self.count / self.wall_s


@contextmanager
def serving(*words: str) -> Iterator[str]:
    """A fake server in a process of its own; its URL."""
    command = [sys.executable, str(HERE / "fake_server.py"), *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def log_of(url: str) -> list[tuple[float, int, bool]]:
    """What became of each request of a limited server: seconds, calls in flight, whether it was admitted."""
    import json

    with urllib.request.urlopen(url + "/log", timeout=30) as reply:  # noqa: S310  (our own server)
        return [(at, flying, admitted) for at, flying, admitted in json.loads(reply.read())]


def draws(count: int, mean_s: float, jitter: float, seed: int) -> list[float]:
    """Latencies in seconds, even between mean ± jitter × mean, rounded to what is sent."""
    draw = random.Random(seed)
    return [round(mean_s * (1 + draw.uniform(-jitter, jitter)), 5) for _ in range(count)]


def ideal_s(latencies_s: Iterable[float], lanes: int) -> float:
    """Seconds until the last of these jobs ends if each, in order, starts as soon as one of the lanes is free.

    List scheduling: Graham, Bounds on multiprocessing timing anomalies (1969).
    """
    free = [0.0] * lanes
    last = 0.0
    for latency in latencies_s:
        ends = heapq.heappop(free) + latency
        heapq.heappush(free, ends)
        last = max(last, ends)
    return last


def text(number: int, latencies_s: Sequence[float] | None) -> str:
    """What the user of call ``number`` says; with the latency it asks for."""
    return f"q{number}" if latencies_s is None else f"q{number} wait-ms={1000 * latencies_s[number]:.2f};"


def ours(url: str, count: int, concurrency: int, folder: Path, latencies_s: Sequence[float] | None = None) -> Cost:
    """As many requests through the sampler into a store; the adaptive pace starts as it does for everybody."""
    from cache.store import Store
    from runners import sampler
    from runners.budget import Budget
    from runners.limits import Limits
    from runners.model import Model
    from runners.request import Request, Turn
    from runners.sample import Sample

    model = Model(label="fake", provider="openai_compatible", name="fake-1", base_url=url)

    def requests() -> Iterator[tuple[str, Request]]:
        for number in range(count):
            request = Request(
                provider="openai_compatible", endpoint=url, model="fake-1", system=PROMPT, max_tokens=MAX_TOKENS,
                turns=(Turn(role="user", text=text(number, latencies_s)),), temperature=1.0,
            )  # fmt: skip
            yield request.key, request

    async def go(store: Store) -> int:
        line = sampler.Line(
            model=model, store=store, limits=Limits(concurrency=concurrency, attempts=50), budget=Budget(),
            cancelled=asyncio.Event(),
        )  # fmt: skip
        return sum([isinstance(answer.outcome, Sample) async for answer in sampler.sample(requests(), line)])

    with Store(folder) as store:
        cpu, wall = time.process_time(), time.perf_counter()
        got = asyncio.run(go(store))
        cost = Cost(count=count, cpu_s=time.process_time() - cpu, wall_s=time.perf_counter() - wall)
    assert got == count, f"{count - got} of {count} failed"
    return cost


def bare(url: str, count: int, concurrency: int, *, raw: bool, latencies_s: Sequence[float] | None = None) -> Cost:
    """The same calls with nothing but the official SDK: its low-level ``post`` (raw) or its typed ``create``."""
    import httpx2
    from openai import AsyncOpenAI, DefaultAioHttpClient

    async def go() -> None:
        http = DefaultAioHttpClient(limits=httpx2.Limits(max_connections=concurrency))
        client = AsyncOpenAI(api_key="none", base_url=url, max_retries=0, http_client=http)
        numbers = iter(range(count))

        async def lane() -> None:
            for number in numbers:
                body = {"model": "fake-1", "max_tokens": MAX_TOKENS, "temperature": 1.0, "messages": [
                    {"role": "system", "content": PROMPT},
                    {"role": "user", "content": text(number, latencies_s)},
                ]}  # fmt: skip
                if raw:
                    await client.post("/chat/completions", body=body, cast_to=httpx2.Response)
                else:
                    await client.chat.completions.create(**body)

        await asyncio.gather(*(lane() for _ in range(concurrency)))
        await client.close()

    cpu, wall = time.process_time(), time.perf_counter()
    asyncio.run(go())
    return Cost(count=count, cpu_s=time.process_time() - cpu, wall_s=time.perf_counter() - wall)
