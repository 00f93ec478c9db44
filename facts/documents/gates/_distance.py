"""How far two distributions lie apart, and whether chance could have put them there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def kolmogorov_smirnov(one: Floats, two: Floats) -> float:
    """The widest gap between the two cumulative distributions (0–1)."""
    both = np.sort(np.concatenate((one, two)))
    shares = (np.searchsorted(np.sort(each), both, "right") / len(each) for each in (one, two))
    first, second = shares
    return float(np.abs(first - second).max())


def total_variation(one: Floats, two: Floats) -> float:
    """Half the summed difference between the shares of each kind (0–1); kinds are numbers from 0."""
    kinds = int(max(one.max(), two.max())) + 1
    first, second = (np.bincount(each.astype(np.int64), minlength=kinds) / len(each) for each in (one, two))
    return float(np.abs(first - second).sum() / 2)


def coded(one: Sequence[str], two: Sequence[str]) -> tuple[Floats, Floats]:
    """Words as numbers from 0, the same in both."""
    known = {word: number for number, word in enumerate(sorted({*one, *two}))}
    first, second = ([float(known[word]) for word in each] for each in (one, two))
    return np.array(first), np.array(second)


def by_chance(
    measure: Callable[[Floats, Floats], float], one: Floats, two: Floats, resamples: int, *, paired: bool, seed: int
) -> float:
    """How often a distance at least as large comes from the same documents dealt out at random (a p-value, 0–1).

    ``paired`` documents change sides in pairs.
    """
    found, draw, at_least = measure(one, two), np.random.default_rng(seed), 1
    both = np.concatenate((one, two))
    for _ in range(resamples):
        if paired:
            swap = draw.random(len(one)) < 0.5
            left, right = np.where(swap, two, one), np.where(swap, one, two)
        else:
            mixed = draw.permutation(both)
            left, right = mixed[: len(one)], mixed[len(one) :]
        at_least += measure(left, right) >= found - 1e-12
    return at_least / (resamples + 1)
