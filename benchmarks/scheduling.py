"""How near the sampler comes to ideal list scheduling of the very latencies that the server keeps, 256 at once.

    python benchmarks/scheduling.py [--quick] [--json PATH]

The ideal starts each call, in order, on the first free one of 256 lanes, and costs no CPU at all. Ours starts at its
usual pace and grows, as for everybody; the first round of imports and sockets is over before the clock starts.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.figures import Figure, give, options, write
from benchmarks.workload import bare, draws, ideal_s, ours, serving

LANES, JITTER, COUNT = 256, 0.5, 5000


def share(url: str, mean_s: float, count: int, seed: int, *, sdk: bool) -> float:
    """Ideal seconds by measured seconds: ours, or the bare SDK call with as many lanes."""
    latencies = draws(count, mean_s, JITTER, seed)
    if sdk:
        cost = bare(url, count, LANES, raw=True, latencies_s=latencies)
    else:
        with tempfile.TemporaryDirectory() as folder:
            cost = ours(url, count, LANES, Path(folder) / "store", latencies)
    return ideal_s(latencies, LANES) / cost.wall_s


def main() -> None:
    args = options(__doc__).parse_args()
    plan = [(0.5, 0.88, 1 if args.quick else 3), (2.0, 0.96, 0 if args.quick else 1)]
    count = 1500 if args.quick else COUNT
    found: list[Figure] = []
    note = "small: a shorter run is further from the ideal, so no bar" if args.quick else f"n = {count:,}"
    with serving() as url:
        share(url, 0.0, 300, 0, sdk=False)
        share(url, 0.0, 300, 0, sdk=True)
        for mean_s, bar, times in plan:
            name = f"share of the list-scheduling ideal, {mean_s:g} s ± 50 %, {LANES} at once"
            shares: list[float] = []
            for seed in range(times):
                shares.append(share(url, mean_s, count, seed, sdk=False))
                mine = Figure(name=f"{name}, ours", values=tuple(shares), bar=None if args.quick else bar, note=note)
                write([*found, mine], args.json)
            if shares:
                theirs = share(url, mean_s, count, 0, sdk=True)
                found += [mine, Figure(name=f"{name}, bare SDK call", values=(theirs,), note="no store and no pace")]
    give(found, args.json)


if __name__ == "__main__":
    main()
