"""How the adaptive pace finds a limit that it is not told: a server with so many places, and one with a rate.

    python benchmarks/adaptive.py [--quick] [--json PATH]

The share of the capacity that is used and the share of requests that are refused are counted by the server, after a
warm-up and before the last calls run out. Refusals come with ``Retry-After: 89`` now and then in one of the worlds:
those calls wait, the rest must not.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.figures import Figure, give, options, write
from benchmarks.workload import draws, log_of, serving

MOST = 128  # what the user allows; every limit is below it
Log = Sequence[tuple[float, int, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A server and what is sent to it. ``per_s`` is what it can do a second when it is always full."""

    name: str
    words: tuple[str, ...]
    mean_s: float
    per_s: float
    seconds: float = 35.0
    warm_up_s: float = 12.0
    bars: bool = True
    own_rate: int | None = None  # requests a minute that the user allows


def worlds(quick: bool) -> list[World]:
    """The servers: 40 places, 40 places with Retry-After on each 5th refusal, 3,000 requests a minute.

    The rate is kept to itself, said in headers as the large providers do, or set by the user.
    """
    short = {"seconds": 12.0, "warm_up_s": 5.0, "bars": False} if quick else {}
    places, rate = ("--capacity", "40"), ("--per-minute", "3000")
    return [
        World(name="40 places", words=places, mean_s=0.4, per_s=40 / 0.4, **short),
        World(name="40 places, Retry-After: 89 on some", mean_s=0.4, per_s=40 / 0.4, **short,
              words=(*places, "--retry-after", "89", "--retry-after-every", "5")),
        World(name="3,000 a minute, told to nobody", words=rate, mean_s=0.4, per_s=50.0, **short),
        World(name="3,000 a minute, said in headers", words=(*rate, "--headers"), mean_s=0.4, per_s=50.0, **short),
        World(name="3,000 a minute, set by the user", words=rate, mean_s=0.4, per_s=50.0, own_rate=3000, **short),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What the server saw after the warm-up: shares of its capacity used and of requests refused, and cuts."""

    used: float
    refused: float
    idle_s: float
    target: int


def settled(log: Log, per_s: float, warm_up_s: float, until_s: float) -> tuple[float, float, float]:
    """From a server's log: share of capacity, share refused, and the longest time without an admitted request.

    Both ends are seconds after the first request.
    """
    start = log[0][0]
    part = [entry for entry in log if warm_up_s <= entry[0] - start < until_s]
    good = [at for at, _, admitted in part if admitted]
    edges = [start + warm_up_s, *good, start + until_s]
    longest = max(b - a for a, b in pairwise(edges))
    refused = (len(part) - len(good)) / len(part) if part else 0.0
    return len(good) / ((until_s - warm_up_s) * per_s), refused, longest


def measure(world: World, seed: int) -> Settled:
    """Run it for its seconds against an endless list of requests, then cancel."""
    from cache.store import Store
    from runners import sampler
    from runners.budget import Budget
    from runners.limits import Limits
    from runners.model import Model
    from runners.request import Request, Turn

    latencies = draws(100_000, world.mean_s, 0.5, seed)

    async def go(url: str, store: Store) -> int:
        line = sampler.Line(
            model=Model(label="fake", provider="openai_compatible", name="fake-1", base_url=url,
                        requests_per_minute=world.own_rate), store=store,
            limits=Limits(concurrency=MOST, attempts=100), budget=Budget(), cancelled=asyncio.Event(),
        )  # fmt: skip

        def requests() -> Iterator[tuple[str, Request]]:
            for number, latency in enumerate(latencies):
                said = f"q{number} wait-ms={1000 * latency:.2f};"
                request = Request(provider="openai_compatible", endpoint=url, model="fake-1", max_tokens=300,
                                  system="s", turns=(Turn(role="user", text=said),), temperature=1.0)  # fmt: skip
                yield request.key, request

        asyncio.get_running_loop().call_later(world.seconds, line.cancelled.set)
        target = 0
        async for _ in sampler.sample(requests(), line):
            if not line.cancelled.is_set():
                target = line.pace.target
        return target

    with serving(*world.words) as url, tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
        target = asyncio.run(asyncio.wait_for(go(url, store), world.seconds + 60))
        log = log_of(url)
    used, refused, idle_s = settled(log, world.per_s, world.warm_up_s, world.seconds - 1)
    return Settled(used=used, refused=refused, idle_s=idle_s, target=target)


def main() -> None:
    args = options(__doc__).parse_args()
    figures: list[Figure] = []
    for world in worlds(args.quick):
        found = measure(world, 0)
        note = (
            f"{world.seconds:g} s, the first {world.warm_up_s:g} are warm-up; {MOST} allowed; at the end {found.target}"
        )
        bars = (0.85, 0.02, 2.0) if world.bars else (None, None, None)
        figures += [
            Figure(name=f"share of capacity used, {world.name}", values=(found.used,), bar=bars[0], note=note),
            Figure(name=f"share of requests refused, {world.name}", values=(found.refused,), bar=bars[1],
                   better="less"),
            Figure(name=f"longest time without a call, {world.name}", unit="s", values=(found.idle_s,), bar=bars[2],
                   better="less"),
        ]  # fmt: skip
        write(figures, args.json)
    give(figures, args.json)


if __name__ == "__main__":
    main()
