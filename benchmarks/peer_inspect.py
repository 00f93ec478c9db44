"""Runs inspect_ai against the fake server, then twice with its cache; prints [CPU, wall] seconds as JSON (peers.py)."""

import argparse
import json
import os
import time
from pathlib import Path

PROMPT = "The filing cabinets were moved to the second floor. " * 235


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("count", type=int)
    parser.add_argument("concurrent", type=int)
    args = parser.parse_args()
    os.environ |= {"INSPECT_DISPLAY": "none", "INSPECT_CACHE_DIR": str(Path("cache").absolute())}
    from inspect_ai import Task
    from inspect_ai import eval as run
    from inspect_ai.dataset import Sample
    from inspect_ai.model import CachePolicy, ChatMessageSystem, ChatMessageUser, GenerateConfig, get_model
    from inspect_ai.solver import generate

    model = get_model("openai/fake-1", base_url=args.url, api_key="none", responses_api=False)

    def measure(count: int, cache: object) -> list[float]:
        samples = [
            Sample(id=str(n), input=[ChatMessageSystem(content=PROMPT), ChatMessageUser(content=f"q{n}")], target="x")
            for n in range(count)
        ]
        solver = generate(cache=cache) if cache else generate()
        task = Task(dataset=samples, solver=solver, config=GenerateConfig(max_tokens=300, temperature=1.0))
        cpu, wall = time.process_time(), time.perf_counter()
        logs = run(task, model=model, max_connections=args.concurrent, max_samples=args.concurrent, display="none",
                   log_dir="logs")  # fmt: skip
        assert logs[0].status == "success", logs[0].error
        return [time.process_time() - cpu, time.perf_counter() - wall]

    measure(5, None)  # what the first call of all loads
    fresh = measure(args.count, None)
    forever = CachePolicy(expiry=None)
    measure(args.count, forever)
    print(json.dumps({"fresh": fresh, "replay": measure(args.count, forever)}))


if __name__ == "__main__":
    main()
