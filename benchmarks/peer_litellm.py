"""Runs litellm's acompletion against the fake server, then from its cache; prints [CPU, wall] seconds (peers.py)."""

import argparse
import asyncio
import json
import os
import time

PROMPT = "The filing cabinets were moved to the second floor. " * 235


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("count", type=int)
    parser.add_argument("concurrent", type=int)
    args = parser.parse_args()
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # its list of prices, or each import waits for the network
    import litellm
    from litellm.caching.caching import Cache

    async def measure(count: int, caching: bool) -> list[float]:
        numbers = iter(range(count))

        async def lane() -> None:
            for n in numbers:
                await litellm.acompletion(
                    model="openai/fake-1", api_base=args.url, api_key="none", max_tokens=300, temperature=1.0,
                    max_retries=0, caching=caching,
                    messages=[{"role": "system", "content": PROMPT}, {"role": "user", "content": f"q{n}"}],
                )  # fmt: skip

        cpu, wall = time.process_time(), time.perf_counter()
        await asyncio.gather(*(lane() for _ in range(args.concurrent)))
        return [time.process_time() - cpu, time.perf_counter() - wall]

    async def go() -> dict[str, object]:
        await measure(20, caching=False)  # what the first call of all loads
        fresh = await measure(args.count, caching=False)
        litellm.cache = Cache(type="local")
        litellm.cache.cache.max_size_in_memory = 10 * args.count  # it keeps 200 by itself
        try:
            await measure(args.count, caching=True)
            again = await measure(args.count, caching=True)
        except ImportError as error:  # a hit of this version's cache imports packages of its proxy
            return {"fresh": fresh, "replay": None, "note": f"its cache fails: {error}"}
        return {"fresh": fresh, "replay": again, "note": "its cache in memory: 1.110.2 has none on disk any more"}

    print("\n" + json.dumps(asyncio.run(go())))


if __name__ == "__main__":
    main()
