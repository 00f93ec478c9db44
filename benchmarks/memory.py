"""The most memory that a run takes, planned and sampled to its end, by how many samples it has.

    python benchmarks/memory.py [--quick] [--json PATH]

Each size runs in a process of its own, the same way as from the command line: planned, sampled 64 at once, kept. What
answers is a stand-in inside the process, at once and with 1 KB: no network, because what is measured is what the run
holds and not what waits on sockets. Sampling ends after MINUTES: the plan is whole by then, the queue is as long as it
ever gets, and how many samples it came to is said.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.figures import Figure, give, options, write

SIZES, QUICK = (10_000, 100_000, 1_000_000), (1_000,)
BAR_MB, MINUTES, PLAN_S = 200.0, 1.0, 240.0
TEXT = "A. The filing cabinets stay where they are. " * 23  # about 1 KB


def _own_mb() -> float:
    """Memory of the process alone: without the pages of files that it has mapped, which the system may take back."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts kilobytes


def once(count: int, minutes: float) -> Iterator[dict[str, float]]:
    """Plan and run so many samples in this process: peak MB and seconds, after planning and again at the end."""
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
            row = {"imported_mb": imported, "planned_mb": _peak_mb(), "plan_s": time.perf_counter() - began}
            yield row
            ends = time.perf_counter() + 60 * minutes
            run(plan, library, store, Limits(concurrency=64), lambda _: own.append(_own_mb()),
                lambda: time.perf_counter() > ends, connect=connect)  # fmt: skip
            yield {**row, "peak_mb": _peak_mb(), "own_mb": max(own), "sampled": float(store.count()),
                   "run_s": time.perf_counter() - began - row["plan_s"]}  # fmt: skip


def measured(count: int, minutes: float) -> list[Figure]:
    """The figures of one size, from a process of its own; why there are none where it did not end in time."""
    words = [sys.executable, __file__, "--once", str(count), "--minutes", str(minutes)]
    whole, unit = f"peak memory, {count:,} planned samples", "MB"
    with tempfile.TemporaryFile("w+") as said:
        try:
            code = subprocess.run(words, stdout=said, check=False, timeout=60 * minutes + PLAN_S).returncode
            trouble = f"ended with exit status {code}" if code else ""
        except subprocess.TimeoutExpired:
            trouble = "stopped when its time was over"
        said.seek(0)
        rows = [json.loads(line) for line in said if line.startswith("{")]
    if not rows:
        return [Figure(name=whole, unit=unit, bar=BAR_MB, better="less", note=trouble)]
    row = rows[-1]
    note = f"{row['imported_mb']:.0f} MB before, {row['planned_mb']:.0f} MB after planning in {row['plan_s']:.0f} s"
    if "peak_mb" not in row:
        return [Figure(name=whole, unit=unit, bar=BAR_MB, better="less", note=f"planned only ({note}): {trouble}")]
    note = f"{row['sampled']:,.0f} sampled and kept in {row['run_s']:.0f} s; {note}"
    return [
        Figure(name=whole, unit=unit, values=(row["peak_mb"],), bar=BAR_MB, better="less", note=note),
        Figure(name=f"{whole}, without pages of mapped files", unit=unit, values=(row["own_mb"],)),
    ]


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--once", type=int, metavar="K", help="one size in this process")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of sampling, at most, a size")
    args = parser.parse_args()
    if args.once:
        for row in once(args.once, args.minutes):
            print(json.dumps(row), flush=True)
        return
    figures: list[Figure] = []
    for count in QUICK if args.quick else SIZES:
        figures += measured(count, args.minutes)
        write(figures, args.json)
    give(figures, args.json)


if __name__ == "__main__":
    main()
