"""Runs the calibration and writes docs/calibration.md, its figure and its numbers.

``make calibrate`` runs everything; ``SIMULATIONS=100 ONLY=null-choice,paper-choice JOBS=1 SEED=1`` make it shorter.
"""

from __future__ import annotations

import argparse
import time

from benchmarks.calibration import kept, page
from benchmarks.calibration.grid import WORLDS, world
from benchmarks.calibration.run import collected, run, tasks


def main() -> None:
    """Do what is missing, then write the documents from all that is kept."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--simulations", type=int, default=1_000, help="comparisons a world (default 1,000)")
    asked.add_argument("--only", default="", help="names of worlds, separated by commas")
    asked.add_argument("--seed", type=int, default=7, help="another number draws everything afresh")
    asked.add_argument("--jobs", type=int, default=2, help="processes")
    asked.add_argument("--sources", default="", help="go on with results of these sources (a folder in .cache)")
    asked.add_argument("--also", default="", help="older sources whose complete worlds are taken as they are")
    asked.add_argument("--no-run", action="store_true", help="only write the documents from what is kept")
    given = asked.parse_args()
    digest, also = given.sources or kept.sources(), [name for name in given.also.split(",") if name]
    chosen = [world(name) for name in given.only.split(",")] if given.only else list(WORLDS)
    every = tasks(chosen, given.simulations, given.seed, digest, also)
    began, done = time.perf_counter(), 0
    left = sum(not task.path.exists() for task in every)
    print(f"{len(every)} blocks, {left} to do; sources {digest}", flush=True)
    if not given.no_run:
        for task, took in run(every, given.jobs):
            done += 1
            rest = (time.perf_counter() - began) / done * (left - done)
            print(f"{task.world} block {task.block} in {took:.0f} s; about {rest / 60:.0f} min left", flush=True)
    # The page shows every world that is kept, whichever were asked for now.
    shown = [task for task in tasks(WORLDS, given.simulations, given.seed, digest, also) if task.path.exists()]
    page.write(
        collected(shown), simulations=given.simulations, seed=given.seed,
        sources={task.world: task.path.parent.name for task in shown},
        seconds=sum(kept.seconds(task.path) for task in shown),
    )  # fmt: skip


if __name__ == "__main__":
    main()
