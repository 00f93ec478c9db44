"""The sign-flip test over queries: how often chance alone moves a contrast as far as the data did."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.effects.counts import FloatArray, exact_zeros
from dashboard.effects.products import product

ALPHA = 0.05
EXACT_QUERIES = 11  # up to here all 2^G flips are counted
RANDOM_FLIPS = 10_000  # the identity and 9,999 seeded ones
LEAST_QUERIES = 6  # with fewer that are not zero, even the most extreme data have p > .05
_BLOCK = 2_000

FlipBlock = NDArray[np.float64] | NDArray[np.float32]
Flips = tuple[FlipBlock, ...]  # blocks of flips × queries, ±1


class Verdict(StrEnum):
    """What a sign-flip test can say about a contrast at all."""

    TESTED = "tested"
    TOO_FEW = "too_few"
    ONE_QUERY = "one_query"
    NO_QUERY = "no_query"

    @property
    def why(self) -> str:
        """The words for the user; empty for a test that could have come out either way."""
        match self:
            case Verdict.TESTED:
                return ""
            case Verdict.TOO_FEW:
                return f"p ≤ .05 is impossible: fewer than {LEAST_QUERIES} queries differ"
            case Verdict.ONE_QUERY:
                return "this query only: one query allows no test"
            case Verdict.NO_QUERY:
                return "no query has scored samples in every condition compared"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipTest:
    """A two-sided p, or ``None`` where no test exists; ``nonzero`` counts the queries that differ from 0."""

    p: float | None
    nonzero: int
    verdict: Verdict


def verdict(queries: int, nonzero: int) -> Verdict:
    """What a test on that many queries, of which that many are not zero, can say."""
    if queries <= 1:
        return Verdict.ONE_QUERY if queries else Verdict.NO_QUERY
    return Verdict.TESTED if nonzero >= LEAST_QUERIES else Verdict.TOO_FEW


def sign_flip_p(d_G: ArrayLike, seed: int) -> float:
    """Two-sided p of the mean of per-query values under random signs, the identity included; 1 without any query.

    All flips if at most 11 queries are not zero (flipping a zero changes nothing), otherwise 10,000 that depend on
    the seed and not on the order of the queries. Raises ``ValueError`` for NaN, infinity or another shape.
    """
    values = np.asarray(d_G, dtype=np.float64)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise ValueError("a sign-flip test needs one finite value per query; leave dropped queries out")
    values = exact_zeros(np.sort(values))
    return float(sign_flip_ps(values[None], sign_flips(len(values), seed))[0])


def sign_flip_test(d_G: ArrayLike, seed: int) -> FlipTest:
    """The same test with what it can and cannot say; ``d_G`` holds the used queries only."""
    values = np.asarray(d_G, dtype=np.float64)
    p, nonzero = sign_flip_p(values, seed), int(np.count_nonzero(exact_zeros(values)))
    says = verdict(len(values), nonzero)
    return FlipTest(p=None if says in {Verdict.ONE_QUERY, Verdict.NO_QUERY} else p, nonzero=nonzero, verdict=says)


def sign_flip_ps(D_KG: FloatArray, flips: Flips) -> FloatArray:
    """p of many contrasts (contrasts × queries, 0 where dropped) under flips that all of them share.

    A contrast in which at most 11 queries are not zero gets its exact p instead.
    """
    p = exact_ps(D_KG)
    rows = np.flatnonzero(np.isnan(p))
    if len(rows):
        p[rows] = _reached(D_KG[rows], flips)
    return p


def exact_ps(D_KG: FloatArray) -> FloatArray:
    """p over all flips of the queries that are not zero; NaN where more than 11 are not."""
    nonzero = np.count_nonzero(D_KG, axis=1)
    p = np.where(nonzero == 0, 1.0, np.nan)
    for count in range(1, min(EXACT_QUERIES, D_KG.shape[1]) + 1):
        rows = np.flatnonzero(nonzero == count)
        if len(rows):
            p[rows] = _reached(D_KG[rows][D_KG[rows] != 0].reshape(len(rows), count), all_flips(count))
    return p


def _reached(D_KG: FloatArray, flips: Flips) -> FloatArray:
    sizes = standardised(D_KG)
    least = np.abs(sizes.sum(axis=1, keepdims=True))
    reached = np.zeros(len(D_KG), dtype=np.int64)
    for signs in flips:
        reached += np.count_nonzero(flipped(sizes, signs) >= tied(least, signs), axis=1)
    return reached / count_flips(flips)


def flipped(sizes_KG: FloatArray, signs_FG: FlipBlock) -> FlipBlock:
    """|Σ| of standardised contrasts under each flip of a block, contrasts × flips, in the block's precision."""
    # Narrowing tells the type checker what the block's dtype tells numpy.
    if signs_FG.dtype == np.float32:
        single = np.asarray(signs_FG, dtype=np.float32)
        return np.abs(product(single, sizes_KG.astype(np.float32).T).T, order="C")
    return np.abs(product(np.asarray(signs_FG, dtype=np.float64), sizes_KG.T).T, order="C")


def tied(observed: FloatArray, signs: FlipBlock) -> FlipBlock:
    """The least statistic that counts as reaching the observed one, in the flips' precision.

    Sums that are equal on paper differ in their last bits, and a tie counts as reached.
    """
    if signs.dtype == np.float32:
        return (observed - 1e-5).astype(np.float32)
    return observed - 1e-9


def count_flips(flips: Flips) -> int:
    """How many flips the blocks hold together."""
    return sum(len(signs) for signs in flips)


def standardised(D_KG: FloatArray) -> FloatArray:
    """Each contrast over the root of its sum of squares, which no flip changes: sums become comparable across rows."""
    norm = np.sqrt((D_KG**2).sum(axis=1, keepdims=True))
    return np.divide(D_KG, norm, out=np.zeros(D_KG.shape), where=norm > 0)


def sign_flips(queries: int, seed: int, flips: int = RANDOM_FLIPS) -> Flips:
    """The flips to use for that many queries: all of them up to 11, otherwise as many seeded ones as asked."""
    return all_flips(queries) if queries <= EXACT_QUERIES else random_flips(queries, seed, flips)


def least_p(queries: int, flips: int = RANDOM_FLIPS) -> float:
    """The smallest p that any data on that many queries can have with that many random flips."""
    exact = 2.0 ** (1 - max(queries, 1))
    return exact if queries <= EXACT_QUERIES else max(exact, 1 / flips)


def least_queries(alpha: float) -> int:
    """The fewest queries that, all moving one way, have p ≤ alpha; 6 at 5 %."""
    return 1 + math.ceil(-math.log2(alpha))


def all_flips(queries: int) -> Flips:
    """Every flip but mirror images, which give the same two-sided statistic: one block, 2^(G−1) × queries."""
    codes = np.arange(2 ** max(queries - 1, 0), dtype=np.int64)
    bits = (codes[:, None] >> np.arange(queries, dtype=np.int64)) & 1
    return (1 - 2 * bits.astype(np.float64),)


def random_flips(queries: int, seed: int, flips: int = RANDOM_FLIPS) -> Flips:
    """The identity and seeded flips, in blocks that fit a processor's cache; single precision halves the time.

    More flips begin with the same ones; their number is rounded up to whole blocks of 2,000.
    """
    random, blocks = np.random.default_rng(seed), list[FlipBlock]()
    for _ in range(-(-flips // _BLOCK)):
        coins = np.frombuffer(random.bytes(-(-queries * _BLOCK // 8)), dtype=np.uint8)
        bits = np.unpackbits(coins, count=queries * _BLOCK).reshape(_BLOCK, queries)
        blocks.append(1 - 2 * bits.astype(np.float32))
    blocks[0][0] = 1
    return tuple(blocks)
