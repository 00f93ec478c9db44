"""How fast a finished comparison opens from derived tables, and how fast new samples are added to it.

    python benchmarks/opening.py [FOLDER] [samples] [--quick] [--json PATH]

Writes (once) what ``big_workspace.py`` writes, and measures beside it what doing all anew costs at a smaller size. The
time of the same code differs on a busy machine by a factor of several: CPU seconds and ratios are what holds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.big_workspace import big_comparison, big_workspace
from benchmarks.figures import Figure, give, options
from cache.store import Store
from dashboard.cell_table import forget_tables
from dashboard.launch import models_of
from dashboard.measured import cells_of, measures
from dashboard.results import Results, load_results
from dashboard.workspace import Workspace
from facts.catalog import load
from runners import providers
from runners.keep import from_record, to_record
from runners.planning import block, queries_of
from runners.trial import Trial

_FEW, _MORE, _TIMES, _BARRED = 2_000, 100, 5, 100_000
Made = TypeVar("Made")


def timed(what: str, do: Callable[[], Made], times: int = 1, walls: list[float] | None = None) -> tuple[Made, float]:
    """The best of several, printed as wall and CPU seconds; the CPU seconds are given back, all wall seconds added."""
    best = (float("inf"), float("inf"))
    made = None
    for _ in range(times):
        wall, used = time.perf_counter(), time.process_time()
        made = do()
        took = time.perf_counter() - wall
        best = min(best, (took, time.process_time() - used))
        if walls is not None:
            walls.append(took)
    assert made is not None
    print(f"{what:<58} {best[0]:8.3f} s wall {best[1]:8.3f} s CPU")
    return made, best[1]


def measure(root: Path, samples: int) -> list[Figure]:
    """All of it on one workspace, which grows by a few hundred samples."""
    first: list[float] = []
    more: list[float] = []
    workspace, comparison = Workspace(root=root), big_comparison(samples)
    library = load(workspace.facts, workspace.documents)
    with Store(workspace.store) as store:

        def opened(derived: bool = True) -> Results:
            return load_results(now, library, workspace, store, derived=derived)

        def from_disk() -> Results:
            forget_tables()
            return opened()

        def charted() -> object:
            found = from_disk()
            return cells_of(found, next(iter(measures(found))))

        now = comparison
        timed("first opening, or one from tables that lie there", opened)
        results, again = timed("opening from disk", from_disk, _TIMES)
        timed("opening again, nothing is new", opened, _TIMES)
        timed("opening from disk with a chart's counts", charted, _TIMES, first)
        timed("a chart's counts", lambda: cells_of(results, next(iter(measures(results)))), _TIMES)
        print(f"{results.kept:,} samples of {results.planned:,}")

        # New samples at random places: those of one more replicate, with the texts of the first.
        model, queries = (
            models_of(comparison, workspace)[0],
            queries_of(comparison, library.setting(comparison.setting)),
        )
        endpoint = providers.find(model.provider).endpoint(model)

        def of(replicate: int) -> list[Trial]:
            return [trial for query in queries for trial in
                    block(comparison, library, model, endpoint, comparison.conditions(), query, replicate)]  # fmt: skip

        extra = next(n for n in count(comparison.replicates) if not store.has_many(t.key for t in of(n)))
        now = replace(comparison, replicates=extra + 1)
        timed("one more replicate is planned", opened)
        fresh = sorted(zip(of(extra), of(0), strict=True), key=lambda pair: pair[0].key)
        best = float("inf")
        for start in range(0, min(_TIMES * _MORE, len(fresh)), _MORE):
            for trial, like in fresh[start : start + _MORE]:
                value = store.get(like.key)
                assert value is not None
                store.add(trial.key, to_record(trial.request, from_record(like.key, value))).result()
            best = min(best, timed(f"{_MORE} more samples", opened, 1, more)[1])

    with tempfile.TemporaryDirectory() as folder:
        few, small = Workspace(root=Path(folder)), big_workspace(Path(folder), _FEW)
        with Store(few.store) as store:
            anew = timed(
                f"all anew, {_FEW:,} samples", lambda: load_results(small, library, few, store, derived=False)
            )[1]
    print(f"opening is {anew / _FEW * samples / again:,.0f} times faster than doing all anew, and "
          f"{_MORE} more samples {anew / _FEW * samples / best:,.0f} times (CPU, by the cost of a sample)")  # fmt: skip
    large = samples >= _BARRED
    return [
        Figure(name=f"{samples:,} kept samples opened from disk to a chart's counts", unit="s", values=tuple(first),
               bar=1.5 if large else None, better="less", note="wall; tables derived before"),
        Figure(name=f"{_MORE} more samples read into them", unit="s", values=tuple(more), bar=0.2 if large else None,
               better="less", note="wall"),
        Figure(name="opening / doing all anew", unit="×", values=(anew / _FEW * samples / again,),
               note="CPU, by the cost of a sample"),
    ]  # fmt: skip


def memory(root: Path, samples: int) -> None:
    """What a process holds that has only opened the comparison and made one chart's counts."""
    code = f"import pathlib; from benchmarks import opening; opening.open_once(pathlib.Path({str(root)!r}), {samples})"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent.parent)


def open_once(root: Path, samples: int) -> None:
    """In a process of its own: open, count, and say what memory that took."""
    workspace, comparison = Workspace(root=root), big_comparison(samples)
    with Store(workspace.store) as store:
        results = load_results(comparison, load(workspace.facts, workspace.documents), workspace, store)
        cells_of(results, next(iter(measures(results))))
        before = _megabytes()
        rows = sum(row.stop is not None for row in results.models[0].rows)
    print(f"memory: {before} MB after a chart's counts, {_megabytes()} MB after going through {rows:,} rows one by one")


def _megabytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="a workspace to write into, or one written before")
    parser.add_argument("samples", nargs="?", type=int, default=_BARRED)
    args = parser.parse_args()
    size = _FEW if args.quick else args.samples
    with tempfile.TemporaryDirectory() as own:
        place = args.folder or Path(own)
        if not (place / "comparisons" / "big.toml").exists():
            big_workspace(place, size)
        print(f"load average {os.getloadavg()[0]:.1f}")
        give(measure(place, size), args.json)
        memory(place, size)
        print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
