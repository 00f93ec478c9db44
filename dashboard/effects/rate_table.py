"""The rate of every condition as rows: with interval, counts, losses and what the losses could change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.effects.cells import Cells
from dashboard.effects.missing import rate_bounds
from dashboard.effects.rates import rate_intervals
from facts.condition import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """A rate as a fraction, queries weighing equally; ``k`` of ``n`` scored samples had the outcome.

    ``rate`` is ``None`` without any scored sample, and the interval then 0–1. ``possible_low`` and ``possible_high``
    are the rate if all lost samples counted 0, and 1.
    """

    model: str
    measure: str
    condition: Condition
    k: int
    n: int
    queries: int
    rate: float | None
    low: float
    high: float
    n_eff: float
    icc: float
    unscored: int
    failed: int
    refused: int
    possible_low: float
    possible_high: float


def rate_rows(cells: Iterable[Cells], *, these_queries_only: bool = False) -> tuple[RateRow, ...]:
    """One row per model, measure and condition, in that order."""
    return tuple(row for table in cells for row in _rows(table, these_queries_only))


def _rows(table: Cells, these_queries_only: bool) -> Iterable[RateRow]:
    found = rate_intervals(table.Y_CG, table.N_CG, these_queries_only=these_queries_only)
    possible = rate_bounds(table.Y_CG, table.N_CG, table.lost_CG)
    hits, queries = table.Y_CG.sum(axis=1), (table.N_CG > 0).sum(axis=1)
    n, unscored, failed, refused = table.n_C, table.unscored_C, table.failed_C, table.refused_C
    for c, condition in enumerate(table.conditions):
        yield RateRow(
            model=table.model, measure=table.measure, condition=condition, k=int(hits[c]), n=int(n[c]),
            queries=int(queries[c]), rate=float(found.rate[c]) if n[c] else None,
            low=float(found.low[c]), high=float(found.high[c]), n_eff=float(found.n_eff[c]), icc=float(found.icc[c]),
            unscored=int(unscored[c]), failed=int(failed[c]), refused=int(refused[c]),
            possible_low=float(possible.low[c]), possible_high=float(possible.high[c]),
        )  # fmt: skip
