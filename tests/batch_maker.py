"""What the tests of batches share: models at the local server, requests, one pass over them, and a run by file."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from cache.store import Store
from runners.batches.desk import Standing, Way
from runners.batches.ledger import Ledger
from runners.batches.route import sample
from runners.budget import Budget
from runners.limits import Limits
from runners.line import Line
from runners.model import Model
from runners.providers import find
from runners.request import Request, Turn

WIRES = ("anthropic", "openai")
KEY = "sk-planted-0123456789abcdefghij"
QUICK = {"poll_s": 0.01, "longest_s": 0.02, "grace_s": 0.06}


def model(wire, url, **changes):
    settings = {"label": f"{wire} one", "provider": wire, "name": "test-model", "base_url": f"{url}/v1",
                "key_env": "TEST_KEY", "usd_per_mtok_in": 10.0, "usd_per_mtok_out": 100.0}  # fmt: skip
    return Model(**(settings | changes))


def asked(who, count, start=0):
    provider = find(who.provider)
    return [
        Request(provider=who.provider, endpoint=provider.endpoint(who), model=who.name, temperature=1.0, max_tokens=16,
                turns=(Turn(role="user", text=f"question {n}"),), system="Be brief.")
        for n in range(start, start + count)
    ]  # fmt: skip


def way(folder, **changes):
    return Way(ledger=Ledger(Path(folder) / "batches"), **(QUICK | changes))


async def collect(requests, who, store, folder, *, budget=None, cancelled=None, on_line=None, **changes):
    line = Line(
        model=who, store=store, limits=Limits(), budget=budget or Budget(), cancelled=cancelled or asyncio.Event()
    )
    standing = Standing()
    if on_line:
        on_line(line, standing)
    got = [answer async for answer in sample(((r.key, r) for r in requests), line, way(folder, **changes), standing)]
    return got, line, standing


def answers(requests, who, folder, **more):
    """All answers of one pass, the line and what stands in batches after it."""
    with Store(Path(folder) / "store") as store:
        return asyncio.run(collect(requests, who, store, folder, **more))


def main() -> None:
    """One pass in a process of its own, to be killed: WIRE URL FOLDER COUNT [STAGE], where STAGE ends it by itself."""
    wire, url, folder, count, *stage = sys.argv[1:]
    if stage:
        _die_at(stage[0])
    who = model(wire, url)
    got, _, _ = answers(asked(who, int(count)), who, folder)
    print(sum(hasattr(answer.outcome, "text") for answer in got))


def _die_at(stage: str) -> None:
    """Have the process killed at a moment that no server can see: with a batch harvested but not marked, or with an
    intention written down and nothing more.
    """
    real = Ledger.write

    def write(self, batch):
        if stage == "before_mark" and batch.stage == "harvested":
            os.kill(os.getpid(), 9)
        real(self, batch)
        if stage == f"after_{batch.stage}":
            os.kill(os.getpid(), 9)

    Ledger.write = write


if __name__ == "__main__":
    main()
