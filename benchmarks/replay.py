"""How fast kept samples are replayed by the sampler: keys hashed, looked up, parsed, no call made.

    python benchmarks/replay.py [--quick] [--json PATH]

The caches of peers are measured in the rounds of sampling.py. safety-tooling is on no registry: its 2,670 replays a
second were measured on another day, so no ratio to it is given.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.figures import Figure, give, options
from benchmarks.workload import MAX_TOKENS, PROMPT, Cost

COUNT, CONCURRENT = 10_000, 64
URL = "http://127.0.0.1:9/v1"  # nothing listens there: a replay that calls fails


def kept(folder: Path, count: int, times: int) -> list[Cost]:
    """Fill a store with samples of the size that all of these benchmarks have; then what replaying it costs."""
    from cache.store import Store
    from runners import sampler
    from runners.budget import Budget
    from runners.keep import to_record
    from runners.limits import Limits
    from runners.model import Model
    from runners.request import Request, Turn
    from runners.sample import Sample, Stop, Usage

    def requests() -> Iterator[tuple[str, Request]]:
        for number in range(count):
            request = Request(
                provider="openai_compatible", endpoint=URL, model="fake-1", system=PROMPT, max_tokens=MAX_TOKENS,
                turns=(Turn(role="user", text=f"q{number}"),), temperature=1.0,
            )  # fmt: skip
            yield request.key, request

    said = Sample(
        text="A. The filing cabinets stay where they are. " * 30, stop=Stop.END, model="fake-1", latency_s=1.0,
        usage=Usage(input_tokens=2900, output_tokens=300), received_at="2026-01-01T00:00:00.000+00:00",
    )  # fmt: skip

    async def go(store: Store) -> int:
        line = sampler.Line(
            model=Model(label="fake", provider="openai_compatible", name="fake-1", base_url=URL), store=store,
            limits=Limits(concurrency=CONCURRENT, max_calls=0), budget=Budget(0), cancelled=asyncio.Event(),
        )  # fmt: skip
        return sum([answer.was_kept async for answer in sampler.sample(requests(), line)])

    costs: list[Cost] = []
    with Store(folder) as store:
        last = [store.add(key, to_record(request, said)) for key, request in requests()]
        last[-1].result()
        for _ in range(times + 1):
            cpu, wall = time.process_time(), time.perf_counter()
            found = asyncio.run(go(store))
            costs.append(Cost(count=count, cpu_s=time.process_time() - cpu, wall_s=time.perf_counter() - wall))
            assert found == count, f"only {found} of {count} were replayed"
    return costs[1:]  # the first round also loads code and fills the cache of pages


def main() -> None:
    args = options(__doc__).parse_args()
    count, times = (2000, 1) if args.quick else (COUNT, 5)
    with tempfile.TemporaryDirectory() as folder:
        give(figures(kept(Path(folder), count, times)), args.json)


def figures(mine: Sequence[Cost]) -> list[Figure]:
    """Ours, with the bars."""
    note = f"{mine[0].count:,} a round, 12 KB prompts; the floor on a loaded machine is 12,000"
    return [
        Figure(name="replays a second, ours", unit="/s", values=tuple(c.per_s for c in mine), bar=25_000, note=note),
        Figure(name="CPU of a replay, ours", unit="µs", values=tuple(1000 * c.cpu_ms for c in mine), bar=25.0,
               better="less"),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
