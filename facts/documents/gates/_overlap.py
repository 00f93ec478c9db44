"""How much documents share: exact Jaccard overlap of their n-grams, of random pairs and of nearest neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facts.word_runs import words

_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Fractions (0–1). ``nearest`` has the nearest neighbour's overlap and row for each document that was looked up.

    ``looked_up`` has their rows: all of them, unless that would take more work than was allowed.
    """

    mean: float
    nearest: NDArray[np.float64]
    neighbours: NDArray[np.int64]
    looked_up: NDArray[np.int64]


def grams(texts: Sequence[str], length: int) -> list[NDArray[np.uint64]]:
    """The different n-grams of words of each text, as sorted 64-bit hashes."""
    known: dict[str, int] = {}
    found: list[NDArray[np.uint64]] = []
    for text in texts:
        ids = np.fromiter((known.setdefault(word, len(known) + 1) for word in words(text)), np.uint64)
        count = max(0, len(ids) - length + 1)
        hashed = np.zeros(count, np.uint64)
        for step in range(length):
            hashed = (hashed ^ ids[step : step + count]) * _MIX
            hashed ^= hashed >> np.uint64(29)
        found.append(np.unique(hashed))
    return found


def overlap(texts: Sequence[str], length: int, pairs: int, work: int, sample: int, seed: int) -> Overlap | None:
    """The overlap of ``pairs`` random pairs on average, and of each document with its nearest; ``None`` below two.

    Exact, by looking every n-gram up in an index of all documents. Where that would take more than ``work`` steps, a
    seeded ``sample`` of documents is looked up among all.
    """
    if len(texts) < 2:
        return None
    each = grams(texts, length)
    sizes = np.array([len(one) for one in each], np.int64)
    rows = np.repeat(np.arange(len(each)), sizes).astype(np.int32)
    flat = np.concatenate(each)
    order = np.argsort(flat, kind="stable")
    rows = rows[order]
    distinct, starts, counts = np.unique(flat[order], return_index=True, return_counts=True)
    draw = np.random.default_rng(seed)
    steps = int((counts.astype(np.int64) ** 2).sum())
    chosen = np.arange(len(each))
    if steps > work:
        chosen = np.sort(draw.choice(len(each), min(sample, len(each)), replace=False))
    nearest, neighbours = np.zeros(len(chosen)), np.zeros(len(chosen), np.int64)
    for place, row in enumerate(chosen):
        at = np.searchsorted(distinct, each[row])
        shared = np.bincount(_ranges(rows, starts[at], counts[at]), minlength=len(each))
        both = sizes[row] + sizes - shared
        ratio = np.divide(shared, both, out=np.zeros(len(each)), where=both > 0)
        ratio[row] = -1.0
        best = int(ratio.argmax())
        nearest[place], neighbours[place] = ratio[best], best
    left, right = draw.integers(len(each), size=pairs), draw.integers(1, len(each), size=pairs)
    drawn = zip(map(int, left), map(int, (left + right) % len(each)), strict=True)
    return Overlap(mean=sum(_jaccard(each[a], each[b]) for a, b in drawn) / pairs,
                   nearest=nearest, neighbours=neighbours, looked_up=chosen)  # fmt: skip


def _ranges(rows: NDArray[np.int32], starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int32]:
    # rows[s : s + c] for every start and count, without a loop.
    ends = np.cumsum(counts)
    if not len(ends):
        return rows[:0]
    return rows[np.arange(int(ends[-1])) + np.repeat(starts - ends + counts, counts)]


def _jaccard(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> float:
    shared = len(np.intersect1d(one, other, assume_unique=True))
    both = len(one) + len(other) - shared
    return shared / both if both else 0.0
