"""Means of a number from 0 to 1 that is known exactly for each prompt, with an interval over queries."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.effects.quantiles import query_df, t_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """``queries`` means of one query each, averaged. ``low`` and ``high`` are None with fewer than two queries."""

    value: float
    low: float | None
    high: float | None
    queries: int


def mean_over_queries(by_query: Mapping[str, Sequence[float]], *, least: float = 0.0) -> Mean | None:
    """The mean of each query's mean, every query weighing the same, with Student's t over queries at 95 %.

    A number has no sampling error of its own, so what varies is the query, and queries are the independent draws
    (clustered errors with equal weights; Miller 2024, arXiv 2411.00640). The interval is cut at ``least`` (0, or −1
    for differences) and 1. None without numbers.
    """
    means = [sum(found) / len(found) for found in by_query.values() if found]
    count = len(means)
    if not count:
        return None
    value = sum(means) / count
    if count < 2:
        return Mean(value=value, low=None, high=None, queries=count)
    spread = math.sqrt(sum((one - value) ** 2 for one in means) / (count - 1) / count)
    reach = float(t_quantile(0.975, query_df(count))) * spread
    return Mean(value=value, low=max(least, value - reach), high=min(1.0, value + reach), queries=count)


def differences(one: Mapping[str, Sequence[float]], other: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """``one − other`` of each query that both know, means taken first."""
    return {
        query: [sum(found) / len(found) - sum(other[query]) / len(other[query])]
        for query, found in one.items() if found and other.get(query)
    }  # fmt: skip
