"""How long effects take: 100,000 scored samples of 50 conditions, from columns or rows to every rate, contrast and p.

Run it alone: ``python benchmarks/effects.py``. The bar is 50 ms for all effects after collapsing to cells, on two
quiet cores.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from itertools import product

import numpy as np
from scipy import stats

from dashboard.effects.cells import Cells, collapse
from dashboard.effects.contrasts import contrast_intervals, query_contrasts
from dashboard.effects.observation import Columns, Observation, columns
from dashboard.effects.planned import planned, weight_matrix
from dashboard.effects.rates import rate_intervals
from dashboard.effects.sign_flips import sign_flip_ps, sign_flips
from dashboard.effects.table import effect_rows, rate_rows
from facts.condition import Condition, Tier
from facts.designs import one_at_a_time
from facts.salience import Polarity

TIMES = 15
ARMS = one_at_a_time([f"fact_{i}" for i in range(6)], [0, 2, 5], [Polarity.AFFIRMED, Polarity.PLACEBO])
CONDITIONS = tuple(Condition(setting="s", doses=arm, tier=tier) for arm in ARMS for tier in Tier)


def rows(queries: int, replicates: int) -> list[Observation]:
    random = np.random.default_rng(0)
    rates = random.beta(0.5, 4, queries)
    return [
        Observation(model="m", condition=condition, query=f"q{g:03}", replicate=r,
                    measures={"refused": bool(random.random() < rates[g])})
        for condition, g, r in product(CONDITIONS, range(queries), range(replicates))
    ]  # fmt: skip


def timed(name: str, work: Callable[[], object], times: int = TIMES) -> None:
    took: list[float] = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        took.append((time.perf_counter() - start) * 1000)
    print(f"  {name:<58} best {min(took):8.1f} ms   median {statistics.median(took):8.1f} ms")


def arrays(cells: Cells) -> tuple[object, ...]:
    """Every rate, contrast and sign-flip p, as arrays."""
    c_KC = weight_matrix(planned(cells.conditions), len(cells.conditions))
    D_KG = query_contrasts(cells.Y_CG, cells.N_CG, c_KC)
    return (
        rate_intervals(cells.Y_CG, cells.N_CG),
        contrast_intervals(cells.Y_CG, cells.N_CG, c_KC, comparisons_K=len(c_KC)),
        sign_flip_ps(D_KG, sign_flips(D_KG.shape[1], 0)),
    )


def scipys(cells: Cells, contrasts: int) -> None:
    """The same test of the first few contrasts with scipy.stats.permutation_test."""
    c_KC = weight_matrix(planned(cells.conditions), len(cells.conditions))[:contrasts]
    for row in query_contrasts(cells.Y_CG, cells.N_CG, c_KC):
        stats.permutation_test((row,), np.mean, permutation_type="samples", n_resamples=9_999, rng=0, vectorized=True)


def main() -> None:
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for queries, replicates in ((20, 100), (50, 40), (100, 20)):
        observed = rows(queries, replicates)
        table: Columns = columns(observed)
        (cells,) = collapse(table)
        effects = len(effect_rows([cells]))
        print(f"{len(observed):,} samples, {len(CONDITIONS)} conditions, {queries} queries, {effects} effects")
        timed("rows to columns", lambda observed=observed: columns(observed), times=5)
        timed("columns to cells (bar 100)", lambda table=table: collapse(table))
        timed("every rate, contrast and p as arrays (bar 50)", lambda cells=cells: arrays(cells))
        timed("effect rows with max-T and bounds, as objects (bar 50)", lambda cells=cells: effect_rows([cells]))
        timed("rate rows", lambda cells=cells: rate_rows([cells]))
        timed(f"scipy's permutation test, 5 of {effects} effects", lambda cells=cells: scipys(cells, 5), times=3)


if __name__ == "__main__":
    main()
