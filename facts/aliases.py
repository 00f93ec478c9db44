"""What a two-level fraction cannot tell apart: the interactions of two facts that each main effect is mixed with."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from facts.fractions import fraction_runs, screening


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """An interaction that a fraction adds to a fact's main effect.

    ``coefficient`` is the correlation of the two contrasts, ±1 where nothing tells them apart. The estimated main
    effect is the true one plus half the coefficient times the interaction (both, less each alone, plus neither).
    """

    fact: str
    pair: tuple[str, str]
    coefficient: float


def aliases(facts: Iterable[str]) -> tuple[Alias, ...]:
    """Which interactions of two facts the fraction of these facts adds to each main effect; those with 0 left out.

    The order of ``facts`` never matters. Interactions of three facts and more are mixed in as well. Raises
    ``FactError`` where there is no such fraction. Source: Box, Hunter & Hunter 2005, chapter 6.
    """
    names = sorted(set(facts))
    signs = screening(len(names)).astype(np.int64)
    pairs = list(itertools.combinations(range(len(names)), 2))
    products = np.stack([signs[:, one] * signs[:, two] for one, two in pairs], axis=1)
    sums = signs.T @ products  # a pair that holds the fact itself sums to 0, as every column does
    return tuple(
        Alias(fact=name, pair=(names[one], names[two]), coefficient=total / len(signs))
        for name, row in zip(names, sums.tolist(), strict=True)
        for (one, two), total in zip(pairs, row, strict=True) if total
    )  # fmt: skip


def alias_words(facts: Iterable[str]) -> str:
    """What must stand below the effects of a fraction, in a sentence."""
    names = sorted(set(facts))
    runs, found = fraction_runs(len(names)), aliases(names)
    screens = f"{runs} runs screen {len(names)} facts"
    if runs >= 2 ** len(names):
        return f"{screens}: these are all combinations, so nothing is mixed."
    if not found:
        return (
            f"{screens}: no main effect is mixed with an interaction of two facts, but those are mixed with each "
            "other and main effects with interactions of three."
        )
    full = sum(abs(alias.coefficient) == 1 for alias in found) / len(names)
    partly = len(found) / len(names) - full
    counts = " and ".join(f"{count:.3g} {how}" for count, how in ((full, "fully"), (partly, "partly")) if count)
    return (
        f"{screens}: each main effect is mixed with interactions of two other facts ({counts}, on average), so a fact "
        "that stands out here may owe it to two others; confirm it with a pairwise or factorial run."
    )
