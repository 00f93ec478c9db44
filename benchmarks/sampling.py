"""What a sample costs: our sampler, the bare SDK call and inspect_ai, against one fake server, in one run.

    python benchmarks/sampling.py [--samples 2000] [--inspect /path/to/python-with-inspect_ai]

Prints CPU milliseconds per sample, requests per second at 0 ms with 64 concurrent, and warm replay. The machine is
shared, so what counts are the ratios of one run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
PROMPT = "The filing cabinets were moved to the second floor. " * 235  # about 12 KB
CONCURRENT = 64


def _start_server(python: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen([python, str(HERE / "fake_server.py")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def _ours(url: str, count: int, folder: Path) -> tuple[float, float]:
    from cache.store import Store
    from runners import sampler
    from runners.budget import Budget
    from runners.limits import Limits
    from runners.model import Model
    from runners.request import Request, Turn

    model = Model(label="fake", provider="openai_compatible", name="fake-1", base_url=url)

    def requests():
        for number in range(count):
            request = Request(provider="openai_compatible", endpoint=url, model="fake-1", system=PROMPT, max_tokens=300,
                              turns=(Turn(role="user", text=f"q{number}"),), temperature=1.0)  # fmt: skip
            yield request.key, request

    async def go(store: Store) -> int:
        line = sampler.Line(model=model, store=store, limits=Limits(concurrency=CONCURRENT), budget=Budget(),
                            cancelled=asyncio.Event())  # fmt: skip
        return len([answer async for answer in sampler.sample(requests(), line)])

    with Store(folder) as store:
        cpu, wall = time.process_time(), time.perf_counter()
        assert asyncio.run(go(store)) == count
        return time.process_time() - cpu, time.perf_counter() - wall


def _bare(url: str, count: int, *, raw: bool) -> tuple[float, float]:
    import httpx2
    from openai import AsyncOpenAI, DefaultAioHttpClient

    async def go() -> None:
        http = DefaultAioHttpClient(limits=httpx2.Limits(max_connections=CONCURRENT))
        client = AsyncOpenAI(api_key="none", base_url=url, max_retries=0, http_client=http)
        room = asyncio.Semaphore(CONCURRENT)

        async def one(number: int) -> None:
            body = {"model": "fake-1", "max_tokens": 300, "temperature": 1.0, "messages": [
                {"role": "system", "content": PROMPT}, {"role": "user", "content": f"q{number}"}]}  # fmt: skip
            async with room:
                if raw:
                    await client.post("/chat/completions", body=body, cast_to=httpx2.Response)
                else:
                    await client.chat.completions.create(**body)

        await asyncio.gather(*(one(number) for number in range(count)))
        await client.close()

    cpu, wall = time.process_time(), time.perf_counter()
    asyncio.run(go())
    return time.process_time() - cpu, time.perf_counter() - wall


def _inspect(python: str, url: str, count: int) -> tuple[float, float]:
    code = (HERE / "peer_inspect.py").read_text(encoding="utf-8")
    environment = {**os.environ, "INSPECT_DISPLAY": "none"}
    words = [python, "-c", code, url, str(count), str(CONCURRENT)]
    out = subprocess.run(words, check=True, capture_output=True, text=True, env=environment, cwd=tempfile.mkdtemp())
    cpu, wall = json.loads(out.stdout.strip().splitlines()[-1])
    return cpu, wall


def main() -> None:
    """Run it all and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument(
        "--inspect", help="a Python that has inspect_ai and openai (default: none, the peer is left out)"
    )
    args = parser.parse_args()
    process, url = _start_server(sys.executable)
    folder = Path(tempfile.mkdtemp())
    try:
        _bare(url, 100, raw=True)  # warm imports and sockets
        rows = {
            "ours, uncached": _ours(url, args.samples, folder / "s"),
            "bare SDK, post()": _bare(url, args.samples, raw=True),
            "bare SDK, create()": _bare(url, args.samples, raw=False),
            "ours, replay": _ours(url, args.samples, folder / "s"),
        }
        if args.inspect:
            few = max(100, args.samples // 10)
            cpu, wall = _inspect(args.inspect, url, few)
            rows["inspect_ai"] = (cpu * args.samples / few, wall * args.samples / few)
    finally:
        process.kill()
        shutil.rmtree(folder)
    for name, (cpu, wall) in rows.items():
        print(f"{name:20} {1000 * cpu / args.samples:8.2f} CPU ms/sample {args.samples / wall:10,.0f} /s")
    ours = rows["ours, uncached"]
    print(f"CPU ours / bare post():   {ours[0] / rows['bare SDK, post()'][0]:.2f}")
    print(f"CPU ours / bare create(): {ours[0] / rows['bare SDK, create()'][0]:.2f}")
    if "inspect_ai" in rows:
        print(f"requests/s ours / inspect_ai: {rows['inspect_ai'][1] / ours[1]:.1f}")


if __name__ == "__main__":
    main()
