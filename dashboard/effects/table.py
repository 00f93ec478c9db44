"""Every effect that a comparison's cells allow, as rows ready for a chart: estimates, intervals and adjusted tests."""
# ruff: noqa: N815  (arrays carry axis letters, as fields too)

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from dashboard.effects.cells import Cells
from dashboard.effects.contrasts import ContrastIntervals, contrast_intervals, query_contrasts, shared_queries
from dashboard.effects.counts import FloatArray, IntArray
from dashboard.effects.effect import Effect
from dashboard.effects.families import Adjustment, adjusted_ps
from dashboard.effects.looks import Look
from dashboard.effects.missing import Bounds, contrast_bounds
from dashboard.effects.observation import Columns
from dashboard.effects.paraphrases import Between, between_paraphrases
from dashboard.effects.planned import Planned, planned, weight_matrix
from dashboard.effects.products import product
from dashboard.effects.rate_table import RateRow, rate_rows
from dashboard.effects.reached import Heard, Reached, reached
from dashboard.effects.sign_flips import RANDOM_FLIPS, sign_flips, verdict
from facts.condition import Condition

__all__ = ["Heard", "RateRow", "effect_rows", "rate_rows"]

_CHUNK = 512  # a large factorial's weights, contrasts × conditions, would not fit in memory at once


def effect_rows(
    cells: Iterable[Cells], *, adjust: Adjustment = Adjustment.MAX_T, seed: int = 0,
    airtime: Mapping[Condition, float] | None = None, uptake: Heard | None = None, recall: Heard | None = None,
    rows: Columns | None = None, look: Look | None = None,
) -> tuple[Effect, ...]:  # fmt: skip
    """All effects of all given cells; those of one kind are one family, so pass everything the user filters from.

    Filter the result, never ``cells``: a family cut down to what looks promising has p values that are too small.
    ``airtime`` is the share of tokens spent on facts per condition; with it come slopes over airtime. A gap is the
    measure's unmonitored rate less its monitored rate, so the compliance gap is the gap of *not* complying.
    ``uptake`` and ``recall`` count, per model and condition, samples that took the facts up and samples asked.
    ``rows``, which the cells were collapsed from, give the spread between paraphrases if they name them. ``look``
    tests at that look's level, with flips that can reach it; pass the cells of the look's first queries.
    """
    tables = tuple(cells)
    chunks = [chunk for table in tables for chunk in _chunks(table, airtime)]
    families = Counter(
        item.kind for chunk in chunks for item, used in zip(chunk.items, chunk.used, strict=True) if used
    )
    flips = RANDOM_FLIPS if look is None else look.flips
    p, adjusted = _tests(chunks, sorted({query for table in tables for query in table.queries}), adjust, seed, flips)
    found: list[Effect] = []
    for chunk in chunks:
        at = len(found)
        sizes = [families[item.kind] for item in chunk.items]
        spread = between_paraphrases(chunk.items, chunk.table, chunk.c_KC, rows if _from(chunk.table, rows) else None)
        told = [reached(item, chunk.table, uptake, recall) for item in chunk.items]
        these = slice(at, at + len(sizes))
        found += _effects(chunk, sizes, p[these], adjusted[these], adjust, look, told, spread)
    return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class _Chunk:
    """Some contrasts of one table, with their weights and per-query values."""

    table: Cells
    items: tuple[Planned, ...]
    c_KC: FloatArray
    D_KG: FloatArray
    used: IntArray


def _from(table: Cells, rows: Columns | None) -> bool:
    # Cells of several models at once are of no one's rows.
    return rows is not None and table.model in rows.models


def _chunks(table: Cells, airtime: Mapping[Condition, float] | None) -> Iterable[_Chunk]:
    every = planned(table.conditions, airtime)
    for start in range(0, len(every), _CHUNK):
        items = every[start : start + _CHUNK]
        c_KC = weight_matrix(items, len(table.conditions))
        used = shared_queries(table.N_CG, c_KC).sum(axis=1)
        yield _Chunk(table, items, c_KC, query_contrasts(table.Y_CG, table.N_CG, c_KC), used)


def _tests(
    chunks: list[_Chunk], queries: list[str], adjust: Adjustment, seed: int, flips: int
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """Single and adjusted p, NaN where one query or none allows no test; tables share each query's flips."""
    place = {query: index for index, query in enumerate(queries)}
    total = sum(len(chunk.items) for chunk in chunks)
    D_KG, testable, at = np.zeros((total, len(queries))), np.zeros(total, dtype=np.bool_), 0
    for chunk in chunks:
        rows = slice(at, at := at + len(chunk.items))
        D_KG[rows, [place[query] for query in chunk.table.queries]] = chunk.D_KG
        testable[rows] = chunk.used > 1
    if not total:
        return np.empty(0), np.empty(0)
    kinds = [item.kind for chunk in chunks for item in chunk.items]
    codes = {kind: code for code, kind in enumerate(dict.fromkeys(kinds))}
    family = np.array([codes[kind] for kind in kinds])
    return adjusted_ps(D_KG, testable, family, adjust, sign_flips(len(queries), seed, flips))


def _effects(
    chunk: _Chunk, sizes: list[int], p: FloatArray, adjusted: FloatArray, adjust: Adjustment, look: Look | None,
    told: list[Reached], spread: list[Between],
) -> Iterable[Effect]:  # fmt: skip
    table, c_KC = chunk.table, chunk.c_KC
    weighed = (c_KC != 0).astype(np.float64)
    least, most = np.minimum(c_KC, 0).sum(axis=1), np.maximum(c_KC, 0).sum(axis=1)
    found: ContrastIntervals = contrast_intervals(table.Y_CG, table.N_CG, c_KC, comparisons_K=sizes)
    possible: Bounds = contrast_bounds(table.Y_CG, table.N_CG, table.lost_CG, c_KC)
    n = np.where(shared_queries(table.N_CG, c_KC), product(weighed, table.N_CG), 0).sum(axis=1)
    unscored, failed = weighed @ table.unscored_C, weighed @ table.failed_C
    nonzero = np.count_nonzero(chunk.D_KG, axis=1)
    for k, item in enumerate(chunk.items):
        known = bool(found.queries_used[k])

        def limit(values: FloatArray, k: int = k, known: bool = known) -> float | None:
            return float(min(max(values[k], least[k]), most[k])) if known else None

        yield Effect(
            kind=item.kind, doses=item.world.doses, levels=item.world.levels, carriers=item.world.carriers,
            against=item.world.against, model=table.model, measure=table.measure, tier=item.tier,
            baseline=item.baseline,
            estimate=limit(found.estimate), low=limit(found.low), high=limit(found.high),
            simultaneous_low=limit(found.simultaneous_low), simultaneous_high=limit(found.simultaneous_high),
            possible_low=_or_none(possible.low[k]), possible_high=_or_none(possible.high[k]),
            p=_or_none(p[k]), p_adjusted=_or_none(adjusted[k]), adjustment=adjust, family_size=sizes[k],
            verdict=verdict(int(found.queries_used[k]), int(nonzero[k])), queries_used=int(found.queries_used[k]),
            queries_dropped=int(found.queries_dropped[k]), queries_nonzero=int(nonzero[k]), n=int(n[k]),
            unscored=int(unscored[k]), failed=int(failed[k]),
            terms=tuple((table.conditions[row], weight) for row, weight in item.rows),
            screened=item.world.screened, look=look, **told[k], **spread[k],
        )  # fmt: skip


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
