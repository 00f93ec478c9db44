"""Runs promptfoo's eval against the fake server and again from its cache; prints [CPU, wall] seconds (peers.py).

CPU and wall seconds are of the whole command less those of an eval of one prompt: starting Node.js is not counted.
"""

import argparse
import json
import os
import resource
import subprocess
import time
from pathlib import Path

PROMPT = "The filing cabinets were moved to the second floor. " * 235


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("url")
    parser.add_argument("count", type=int)
    parser.add_argument("concurrent", type=int)
    args = parser.parse_args()
    programs = Path(os.environ["PEER_FOLDER"]) / "node_modules" / ".bin"
    environment = {
        **os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "OPENAI_API_KEY": "none",
        "PROMPTFOO_CONFIG_DIR": str(Path("config").absolute()), "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1", "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1", "PROMPTFOO_SELF_HOSTED": "1",
        "PROMPTFOO_CACHE_TTL": "1000000",
    }  # fmt: skip
    turns = [{"role": "system", "content": PROMPT}, {"role": "user", "content": "{{q}}"}]
    settings = {"apiBaseUrl": args.url, "max_tokens": 300, "temperature": 1.0}

    def measure(count: int, name: str, *words: str) -> list[float]:
        Path(f"{name}.json").write_text(json.dumps({
            "prompts": [json.dumps(turns)], "providers": [{"id": "openai:chat:fake-1", "config": settings}],
            "tests": [{"vars": {"q": f"{name} {n}"}} for n in range(count)],
        }))  # fmt: skip
        before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            ["promptfoo", "eval", "-c", f"{name}.json", "-j", str(args.concurrent), "--no-progress-bar", "--no-table",
             "-o", f"{name}-out.json", *words],
            env=environment, capture_output=True, text=True, check=False, executable=str(programs / "promptfoo"),
        )  # fmt: skip
        took, after = time.perf_counter() - wall, resource.getrusage(resource.RUSAGE_CHILDREN)
        found = json.loads(Path(f"{name}-out.json").read_text()) if done.returncode == 0 else {}
        good = found.get("results", {}).get("stats", {}).get("successes")
        assert good == count, f"{good} of {count} succeeded: {(done.stderr or done.stdout)[-300:]}"
        return [after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, took]

    measure(1, "first", "--no-cache")  # makes its database
    start = measure(1, "start", "--no-cache")
    found = [measure(args.count, "fresh", "--no-cache"), measure(args.count, "kept"), measure(args.count, "kept")]
    fresh, _, replay = ([a - b for a, b in zip(one, start, strict=True)] for one in found)
    assert min(fresh) > 0, f"starting took longer than {args.count} prompts: {start}, {found[0]}"
    kept = replay if min(replay) > 0.1 * min(start) else None  # less than that is noise of the start
    print(json.dumps({"fresh": fresh, "replay": kept, "note": "without the start of Node.js"}))


if __name__ == "__main__":
    main()
