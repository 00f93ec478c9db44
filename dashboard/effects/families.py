"""Adjusts p values and tests for how many comparisons were made."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from dashboard.effects.counts import BoolArray, FloatArray, IntArray
from dashboard.effects.sign_flips import Flips, count_flips, exact_ps, flipped, sign_flip_ps, standardised, tied


class Adjustment(StrEnum):
    """How p values of a family are adjusted: the first two for claims, the last for exploring."""

    MAX_T = "max_t"
    HOLM = "holm"
    BENJAMINI_HOCHBERG = "benjamini_hochberg"

    @property
    def label(self) -> str:
        """The name a methods section would use."""
        return {
            Adjustment.MAX_T: "sign-flip max-T step-down",
            Adjustment.HOLM: "Holm",
            Adjustment.BENJAMINI_HOCHBERG: "Benjamini–Hochberg",
        }[self]

    @property
    def holds(self) -> str:
        """What a claim at 5 % after this adjustment means, in words."""
        if self is Adjustment.BENJAMINI_HOCHBERG:
            return "about 5 % of what is claimed may be false: for exploring, each claim needs a confirming run"
        return "the chance of any false claim among them is at most 5 %"


def adjusted_ps(
    D_KG: FloatArray, testable_K: BoolArray, family_K: IntArray, adjust: Adjustment, flips: Flips
) -> tuple[FloatArray, FloatArray]:
    """Single and adjusted sign-flip p of contrasts × queries, each family for itself; NaN where nothing is testable."""
    if adjust is Adjustment.MAX_T:
        p, adjusted = max_t(np.where(testable_K[:, None], D_KG, 0.0), flips, family_K)
        return np.where(testable_K, p, np.nan), np.where(testable_K, adjusted, np.nan)
    p = np.where(testable_K, sign_flip_ps(D_KG, flips), np.nan)
    adjusted = np.empty(len(p))
    for family in np.unique(family_K):
        members = family_K == family
        adjusted[members] = holm(p[members]) if adjust is Adjustment.HOLM else benjamini_hochberg(p[members])
    return p, adjusted


def holm(p_K: ArrayLike) -> FloatArray:
    """Holm's step-down p values (1979): the chance of any false claim is held, whatever the dependence.

    NaN (no test) stays NaN and does not count. Raises ``ValueError`` for p outside 0–1.
    """
    return _on_tested(p_K, _holm)


def benjamini_hochberg(p_K: ArrayLike) -> FloatArray:
    """Benjamini & Hochberg's step-up p values (1995): the expected share of false claims among claims is held."""
    return _on_tested(p_K, _benjamini_hochberg)


def max_t(D_KG: FloatArray, flips: Flips, family_K: ArrayLike = 0) -> tuple[FloatArray, FloatArray]:
    """Single and sign-flip max-T step-down p values (Westfall & Young 1993) of contrasts × queries, dropped = 0.

    One flip turns a query over in every contrast at once, so correlated contrasts cost little. ``family_K`` numbers
    the family that each contrast belongs to; all share one matrix product.
    """
    sizes, family = standardised(D_KG), np.broadcast_to(np.asarray(family_K, dtype=np.int64), len(D_KG))
    observed = np.abs(sizes.sum(axis=1))
    rising = np.lexsort((observed, family))
    sizes, least, family = sizes[rising], observed[rising][:, None], family[rising]
    weaker = np.flatnonzero(family[1:] == family[:-1]) + 1  # rows whose predecessor is the next weaker of the family
    alone, jointly = np.zeros(len(D_KG), dtype=np.int64), np.zeros(len(D_KG), dtype=np.int64)
    for signs in flips:
        statistics = flipped(sizes, signs)
        alone += np.count_nonzero(statistics >= tied(least, signs), axis=1)
        # Row k becomes the largest statistic among contrasts no stronger than it (7 times accumulate's speed).
        for k in weaker:
            np.maximum(statistics[k], statistics[k - 1], out=statistics[k])
        jointly += np.count_nonzero(statistics >= tied(least, signs), axis=1)
    p, adjusted = np.empty(len(D_KG)), np.empty(len(D_KG))
    p[rising], share = alone / count_flips(flips), jointly / count_flips(flips)
    for k in weaker[::-1]:
        share[k - 1] = max(share[k - 1], share[k])
    adjusted[rising] = share
    exact = exact_ps(D_KG)
    p = np.where(np.isnan(exact), p, exact)
    return p, np.maximum(adjusted, p)


def _on_tested(p_K: ArrayLike, adjust: Callable[[FloatArray], FloatArray]) -> FloatArray:
    given = np.asarray(p_K, dtype=np.float64)
    tested = ~np.isnan(given)
    if given.ndim != 1 or ((given[tested] < 0) | (given[tested] > 1)).any():
        raise ValueError("p values must be one list of numbers from 0 to 1 (NaN: no test)")
    adjusted = given.copy()
    order = np.flatnonzero(tested)[np.argsort(given[tested], kind="stable")]
    adjusted[order] = np.minimum(adjust(given[order]), 1.0)
    return adjusted


def _holm(rising: FloatArray) -> FloatArray:
    return np.maximum.accumulate(rising * np.arange(len(rising), 0, -1))


def _benjamini_hochberg(rising: FloatArray) -> FloatArray:
    scaled = rising * len(rising) / np.arange(1, len(rising) + 1)
    return np.minimum.accumulate(scaled[::-1])[::-1]
