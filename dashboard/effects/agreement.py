"""How far two or more raters, people or judges, agree on the same samples, with intervals over queries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special  # pyright: ignore[reportMissingTypeStubs]  # scipy ships none

from dashboard.effects.counts import FloatArray, IntArray
from dashboard.effects.products import product
from dashboard.effects.quantity import Quantity, unknown

MISSING = -1
_MOST_UNDEFINED = 0.05

# A statistic of tables (draws × categories × categories), NaN where it is not defined.
_Statistic = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """``samples`` were rated by at least two of the ``raters``; ``queries`` is how many queries they come from.

    ``percent`` is the share of pairs of ratings of one sample that are equal (a fraction), ``kappa`` Cohen's (two
    raters only) and ``alpha`` Krippendorff's for categories without an order.
    """

    raters: int
    samples: int
    queries: int
    percent: Quantity
    kappa: Quantity
    alpha: Quantity


def agreement(R_RS: ArrayLike, query_S: ArrayLike, *, seed: int, draws: int = 2_000) -> Agreement:
    """Agreement of raters × samples, category codes from 0, ``MISSING`` (−1) where a rater did not rate.

    ``query_S`` is any code of each sample's query: intervals resample queries, the samples of a query together
    (a shared-weight multinomial; percentiles widened for few queries, Hesterberg 2015, section 5.3). Raises
    ``ValueError`` for arrays that cannot be. Sources: Cohen 1960; Krippendorff 2011, "Computing Krippendorff's
    alpha-reliability", section C.
    """
    ratings, codes = _checked(R_RS, query_S)
    kept = (ratings >= 0).sum(axis=0) >= 2
    ratings = ratings[:, kept]
    names, query = np.unique(codes[kept], return_inverse=True)
    raters, samples, queries = len(ratings), int(kept.sum()), len(names)
    if not samples:
        nothing = unknown("no sample was rated by two raters")
        return Agreement(raters=raters, samples=0, queries=0, percent=nothing, kappa=nothing, alpha=nothing)
    categories = int(ratings.max()) + 1
    weights = np.random.default_rng(seed).multinomial(queries, np.full(queries, 1 / queries), size=draws)
    shares = _Draws(weights=weights.astype(np.float64), queries=queries)
    pairs, coincidences = _pairs(ratings, query, queries, categories)
    kappa = unknown(f"Cohen's kappa compares two raters; there are {raters}, see alpha")
    if raters == 2:
        confusion = np.zeros((queries, categories, categories))
        np.add.at(confusion, (query, ratings[0], ratings[1]), 1)
        kappa = _quantity(confusion, _kappa, shares, "both raters used one and the same category only")
    return Agreement(
        raters=raters, samples=samples, queries=queries, kappa=kappa,
        percent=_quantity(pairs, _equal_share, shares, "no pair of ratings"),
        alpha=_quantity(coincidences, _alpha, shares, "only one category was ever used"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Draws:
    """Resampled queries: how often each occurs in each draw."""

    weights: FloatArray
    queries: int

    def tails(self) -> tuple[float, float]:
        """The percentiles of a 95 % interval, further out with few queries, whose spread is underestimated."""
        g = self.queries
        low = float(special.ndtr(np.sqrt(g / (g - 1)) * special.stdtrit(g - 1, 0.025)))
        return low, 1 - low


def _checked(R_RS: ArrayLike, query_S: ArrayLike) -> tuple[IntArray, IntArray]:
    ratings, query = np.asarray(R_RS), np.asarray(query_S)
    if ratings.ndim != 2 or query.shape != ratings.shape[1:]:
        raise ValueError(f"ratings must be raters × samples with a query each; got {ratings.shape} and {query.shape}")
    if ratings.size and not (np.issubdtype(ratings.dtype, np.integer) and ratings.min() >= MISSING):
        raise ValueError("ratings must be whole numbers from 0, or −1 where there is none")
    return ratings.astype(np.int64), query.astype(np.int64)


def _pairs(ratings: IntArray, query: IntArray, queries: int, categories: int) -> tuple[FloatArray, FloatArray]:
    # Ordered pairs of ratings of one sample, per query: as they are, and with each rating weighing 1 (coincidences).
    counts = np.stack([(ratings == k).sum(axis=0) for k in range(categories)], axis=1).astype(np.float64)
    pairs = counts[:, :, None] * counts[:, None, :]
    diagonal = np.arange(categories)
    pairs[:, diagonal, diagonal] -= counts
    raw, weighed = np.zeros((queries, categories, categories)), np.zeros((queries, categories, categories))
    np.add.at(raw, query, pairs)
    np.add.at(weighed, query, pairs / (counts.sum(axis=1) - 1)[:, None, None])
    return raw, weighed


def _divided(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 1e-9)


def _equal_share(tables: FloatArray) -> FloatArray:
    return _divided(np.trace(tables, axis1=1, axis2=2), tables.sum(axis=(1, 2)))


def _kappa(tables: FloatArray) -> FloatArray:
    total = tables.sum(axis=(1, 2))
    chance = _divided((tables.sum(axis=1) * tables.sum(axis=2)).sum(axis=1), total**2)
    return _divided(_equal_share(tables) - chance, 1 - chance)


def _alpha(tables: FloatArray) -> FloatArray:
    each = tables.sum(axis=2)
    total = each.sum(axis=1)
    observed = total - np.trace(tables, axis1=1, axis2=2)
    expected = _divided(total**2 - (each**2).sum(axis=1), total - 1)
    return 1 - _divided(observed, expected)


def _quantity(tables: FloatArray, statistic: _Statistic, draws: _Draws, undefined: str) -> Quantity:
    value = float(statistic(tables.sum(axis=0, keepdims=True))[0])
    if np.isnan(value):
        return unknown(undefined)
    if draws.queries < 2:
        return Quantity(value=value, reason="one query says nothing about other queries, so there is no interval")
    if value > 1 - 1e-12:
        return Quantity(value=1.0, reason="every rating agrees, so resampling cannot say how far below 1 it may be")
    flat = product(draws.weights, tables.reshape(len(tables), -1))
    found = statistic(flat.reshape(-1, *tables.shape[1:]))
    known = found[~np.isnan(found)]
    if len(known) < (1 - _MOST_UNDEFINED) * len(found):
        return Quantity(value=value, reason="too few ratings of a second category for an interval")
    low, high = np.quantile(known, draws.tails())
    return Quantity(value=value, low=min(float(low), value), high=max(float(high), value))
