"""Works through the grid block by block, each block a freshly composed comparison, and keeps what it finds."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.calibration import kept
from benchmarks.calibration.corrected import cover_corrected
from benchmarks.calibration.covered import Covered, cover, joined
from benchmarks.calibration.grid import World, world
from benchmarks.calibration.lost import cover_lost
from benchmarks.calibration.simulate import simulate
from benchmarks.calibration.verdicts import LABELS

PER_BLOCK = 20  # simulations that share their prompts


@dataclass(frozen=True, slots=True)
class Task:
    """One block of one world, and where its result is kept."""

    world: str
    block: int
    simulations: int
    seed: int
    path: Path


def tasks(worlds: Iterable[World], simulations: int, seed: int, digest: str, also: Sequence[str] = ()) -> list[Task]:
    """Every block that these worlds need; the last one may be smaller.

    A world that is not complete under ``digest`` takes its blocks from the first of ``also`` where it is.
    """
    found: list[Task] = []
    for each in worlds:
        here = _tasks(each, simulations, seed, digest)
        ways = [here, *(_tasks(each, simulations, seed, source) for source in also)]
        found += next((way for way in ways if all(task.path.exists() for task in way)), here)
    return found


def _tasks(each: World, simulations: int, seed: int, source: str) -> list[Task]:
    folder, counts = kept.folder(source), _counts(simulations)
    return [Task(each.name, block, count, seed, folder / f"{each.name}-{seed}-{block:04}-{count}.npz")
            for block, count in enumerate(counts)]  # fmt: skip


def _counts(simulations: int) -> list[int]:
    return [min(PER_BLOCK, simulations - start) for start in range(0, simulations, PER_BLOCK)]


def run(every: Iterable[Task], jobs: int) -> Iterator[tuple[Task, float]]:
    """Do what is not kept yet; yields each task with the seconds that it took, as it is done."""
    left = [task for task in every if not task.path.exists()]
    if jobs == 1:
        yield from map(_do, left)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_do, left)


def collected(every: Iterable[Task]) -> dict[str, dict[str, Covered]]:
    """All kept results: world → part → rows over all simulations."""
    parts: dict[str, dict[str, list[Covered]]] = {}
    for task in every:
        if task.path.exists():
            for name, part in kept.load(task.path).items():
                parts.setdefault(task.world, {}).setdefault(name, []).append(part)
    return {world: {name: joined(part) for name, part in found.items()} for world, found in parts.items()}


def _do(task: Task) -> tuple[Task, float]:
    began = time.perf_counter()
    found = block(world(task.world), task.block, task.simulations, task.seed)
    took = time.perf_counter() - began
    kept.save(task.path, found, took)
    return task, took


def block(each: World, number: int, simulations: int, seed: int) -> dict[str, Covered]:
    """One block: composed with a seed of its own, its simulations numbered through all blocks."""
    first = seed * 1_000_000 + number * PER_BLOCK
    found = simulate(each, range(first, first + simulations), seed=first)
    parts: dict[str, Covered] = {}
    for size in each.sizes:
        queries, replicates = size
        for measure in each.measures:
            parts[f"{measure}/{queries}x{replicates}"] = cover(each, found, size, measure, seed=first)
            if each.labels and measure in LABELS:
                named = f"{measure} by the judge/{queries}x{replicates}"
                parts[named] = cover_corrected(each, found, size, measure, seed=first)
        if each.loses:
            parts[f"noncompliance of all replies/{queries}x{replicates}"] = cover_lost(each, found, size)
    return parts
