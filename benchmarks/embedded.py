"""How fast the embedded model samples pairs of tiers: naive layouts of llama.cpp against the provider's engines.

    python benchmarks/embedded.py [pairs]

Each pair shares a system prompt of about 350 tokens and has a user message of about 120 that differs in its tier; 60
tokens are written. CPU seconds a sample is the figure that holds on a busy machine.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time

import orjson

from facts.filler import sentences
from facts.tokens import count_tokens
from runners.models import find_model
from runners.providers import _engines, _llama, embedded
from runners.request import Request, Turn

MODEL = find_model("embedded")
LAYOUTS = {
    "one server, 4 slots, all threads": _llama.Shape(servers=1, threads=_engines._cores(), slots=4),
    "one server, 1 slot, all threads": _llama.Shape(servers=1, threads=_engines._cores(), slots=1),
    "a server a core, 1 thread, 2 slots each": _llama.Shape(servers=_engines._cores(), threads=1, slots=2),
    "a server a core, 1 thread (ours)": _llama.Shape(servers=_engines._cores(), threads=1, slots=1),
}


def text(tokens: int, draw: random.Random) -> str:
    said: list[str] = []
    while sum(map(count_tokens, said)) < tokens:
        said.append(draw.choice(sentences()))
    return " ".join(said)


def bodies(pairs: int, *, alike: bool, seed: int) -> list[bytes]:
    """Tier by tier next to each other as the planner yields them; ``alike`` False: nothing is shared."""
    draw = random.Random(seed)
    made: list[bytes] = []
    for number in range(pairs):
        system, user = text(350, draw), text(110, draw)
        for tier in ("free", "paid"):
            asked = Request(
                provider="embedded",
                endpoint="",
                model="",
                max_tokens=60,
                temperature=1.0,
                replicate=number,
                system=system if alike else f"{tier} {number} {system}",
                turns=(Turn(role="user", text=f"<tier>{tier}</tier> {user}"),),
            )
            made.append(orjson.dumps(orjson.loads(embedded.body(asked)) | {"ignore_eos": True}))
    return made


async def measure(name: str, shape: _llama.Shape, wires: list[bytes]) -> None:
    path = embedded.weights_of(MODEL)
    assert path is not None
    engines = _engines.Engines(path, 2048, shape)
    line = embedded._Line(engines=engines, name=name, context=2048)
    await line.call(wires[-1], 600)  # load
    began, cpu = time.perf_counter(), time.process_time()
    samples = await asyncio.gather(*(line.call(wire, 600) for wire in wires[:-2]))
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    written = sum(sample.usage.output_tokens or 0 for sample in samples)
    reused = sum(sample.usage.cache_read_tokens or 0 for sample in samples)
    read = sum(sample.usage.input_tokens or 0 for sample in samples)
    print(
        f"{name:48} {60 * len(samples) / wall:5.0f} samples/min {written / wall:5.0f} tokens/s out "
        f"{cpu / len(samples):6.2f} CPU s a sample {reused / (read + reused):4.0%} of the prompt reused",
        flush=True,
    )
    engines.shut(60)


def main() -> None:
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    print(f"{pairs} pairs, {_engines._cores()} cores, load {os.getloadavg()[0]:.1f}")
    for name, shape in LAYOUTS.items():
        asyncio.run(measure(f"{name}, nothing shared", shape, bodies(pairs + 1, alike=False, seed=1)))
        asyncio.run(measure(f"{name}, pairs", shape, bodies(pairs + 1, alike=True, seed=2)))


if __name__ == "__main__":
    main()
