"""The most memory that a run takes, planned and sampled to its end, by how many samples it has.

    python benchmarks/memory.py [--quick] [--json PATH]

Each size runs in a process of its own, the same way as from the command line: planned, sampled 64 at once, kept. What
answers is a stand-in inside the process, at once and with 1 KB: no network, because what is measured is what the run
holds and not what waits on sockets. Of the largest size the run ends after MINUTES: its plan is whole, its queue is
as long as it ever gets, and how many samples it came to is said.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.figures import Figure, give, options, write

SIZES, QUICK = (10_000, 100_000, 1_000_000), (1_000,)
BAR_MB, MINUTES = 200.0, 1.5
TEXT = "A. The filing cabinets stay where they are. " * 23  # about 1 KB


def _own_mb() -> float:
    """Memory of the process alone: without the pages of files that it has mapped, which the system may take back."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts kilobytes


def once(count: int, minutes: float) -> dict[str, float]:
    """Plan and run so many samples in this process: peak MB after each, seconds, and how many were sampled."""
    from benchmarks.big_workspace import big_comparison
    from cache.store import Store
    from dashboard.launch import models_of
    from dashboard.workspace import Workspace
    from facts.catalog import load
    from runners.estimate import estimate
    from runners.limits import Limits
    from runners.model import Model
    from runners.providers import Connection
    from runners.run import run
    from runners.sample import Sample, Stop, Usage

    said = Sample(text=TEXT, stop=Stop.END, model="stand-in", usage=Usage(input_tokens=900, output_tokens=250),
                  simulated=True)  # fmt: skip

    class StandIn:
        async def call(self, body: bytes, timeout_s: float) -> Sample:
            del body, timeout_s
            return said

        async def close(self) -> None:
            """Nothing to give back."""

    def connect(model: Model, concurrency: int) -> Connection:
        del model, concurrency
        return StandIn()

    with tempfile.TemporaryDirectory() as folder:
        workspace, comparison = Workspace(root=Path(folder)), big_comparison(count)
        library = load(workspace.facts, workspace.documents)
        imported, own = _peak_mb(), [_own_mb()]
        with Store(workspace.store) as store:
            began = time.perf_counter()
            plan = estimate(comparison, library, models_of(comparison, workspace), store)
            planned, plan_s = _peak_mb(), time.perf_counter() - began
            ends = time.perf_counter() + 60 * minutes
            done = run(plan, library, store, Limits(concurrency=64), lambda _: own.append(_own_mb()),
                       lambda: time.perf_counter() > ends, connect=connect)  # fmt: skip
            sampled = float(store.count())
            seconds = time.perf_counter() - began - plan_s
    return {"imported_mb": imported, "planned_mb": planned, "peak_mb": _peak_mb(), "own_mb": max(own),
            "plan_s": plan_s, "run_s": seconds,
            "planned": float(done.samples), "sampled": sampled}  # fmt: skip


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--once", type=int, metavar="K", help="one size in this process")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of sampling, at most, a size")
    args = parser.parse_args()
    if args.once:
        print(json.dumps(once(args.once, args.minutes)))
        return
    figures: list[Figure] = []
    for count in QUICK if args.quick else SIZES:
        words = [sys.executable, __file__, "--once", str(count), "--minutes", str(args.minutes)]
        try:
            done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60 * args.minutes + 200)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            words_of = str(error.stderr or error).strip().splitlines()
            figures.append(Figure(name=f"peak memory, {count:,} planned samples", unit="MB", bar=BAR_MB, better="less",
                                  note=f"not measured: {words_of[-1][:200] if words_of else error}"))  # fmt: skip
            continue
        row = json.loads(done.stdout)
        figures.append(Figure(name=f"peak memory without mapped file pages, {count:,} planned samples", unit="MB",
                              values=(row["own_mb"],)))  # fmt: skip
        figures.append(Figure(
            name=f"peak memory, {count:,} planned samples", unit="MB", values=(row["peak_mb"],), bar=BAR_MB,
            better="less",
            note=f"{row['sampled']:,.0f} sampled and kept in {row['run_s']:.0f} s; {row['imported_mb']:.0f} MB before, "
            f"{row['planned_mb']:.0f} MB after planning in {row['plan_s']:.0f} s",
        ))  # fmt: skip
        write(figures, args.json)
    give(figures, args.json)


if __name__ == "__main__":
    main()
