"""How long effects take beside scipy and statsmodels: 100,000 scored samples of 50 conditions, the same data, one run.

Run it alone: ``python benchmarks/effects.py``. The bars are 50 ms for every rate, contrast and p from cells and 100 ms
for collapsing the scored rows to cells, on two quiet cores. The peers answer a part of the question only: scipy's
bootstrap gives intervals and no tests, and a GEE gives the rates with a robust covariance, all contrasts to come.
Ratios are of best times, ours of 15 and theirs of 4: on a busy machine one and the same GEE has taken 1 and 10 s, so a
ratio from a single timing, or from a run under load, says nothing.
"""

from __future__ import annotations

import os
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import statsmodels.api as sm
from scipy import stats

from dashboard.effects.cells import Cells, collapse
from dashboard.effects.contrasts import contrast_intervals, query_contrasts
from dashboard.effects.looks import plan_looks
from dashboard.effects.observation import Columns, Observation, columns
from dashboard.effects.planned import planned, weight_matrix
from dashboard.effects.rates import rate_intervals
from dashboard.effects.sign_flips import sign_flip_ps, sign_flips
from dashboard.effects.table import effect_rows, rate_rows
from facts.condition import Condition, Tier
from facts.designs import fractional, one_at_a_time
from facts.salience import Polarity

TIMES = 15
PEER_TIMES = 4
FRAMES = 16
POLARITIES = [Polarity.AFFIRMED, Polarity.PLACEBO]
ARMS = one_at_a_time([f"fact_{i}" for i in range(6)], [0, 2, 5], POLARITIES)
CONDITIONS = tuple(Condition(setting="s", doses=arm, tier=tier) for arm in ARMS for tier in Tier)


def rows(queries: int, replicates: int) -> list[Observation]:
    """Shuffled: rows that happen to be sorted collapse many times faster than those of a real run."""
    random = np.random.default_rng(0)
    rates = random.beta(0.5, 4, queries)
    made = [
        Observation(model="m", condition=condition, query=f"q{g:03}", replicate=r,
                    measures={"refused": bool(random.random() < rates[g])})
        for condition, g, r in product(CONDITIONS, range(queries), range(replicates))
    ]  # fmt: skip
    return [made[index] for index in random.permutation(len(made))]


def framed(table: Columns) -> Columns:
    """The same rows, each with a frame drawn for its query and replicate and a wording of every fact it says."""
    draw = np.random.default_rng(1).integers(0, FRAMES, (len(table.queries), int(table.replicate_R.max()) + 1))
    facts = tuple(dict.fromkeys(dose.fact for condition in table.conditions for dose in condition.doses))
    says = np.array([[fact in {d.fact for d in c.doses} for c in table.conditions] for fact in facts])
    drawn = draw[table.query_R, table.replicate_R]
    wording = np.where(says[:, table.condition_R], drawn % 8, -1)
    names = tuple(f"frame {i}" for i in range(FRAMES))
    return replace(table, frames=names, frame_R=drawn, facts=facts, wording_FR=wording)


def timed(name: str, work: Callable[[], object], times: int = TIMES) -> float:
    """Prints and gives the best of some times, in milliseconds."""
    took: list[float] = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        took.append((time.perf_counter() - start) * 1000)
    print(f"  {name:<62} best {min(took):8.1f} ms   median {statistics.median(took):8.1f} ms")
    return min(took)


def arrays(cells: Cells) -> tuple[object, ...]:
    """Every rate, contrast and sign-flip p, as arrays."""
    c_KC = weight_matrix(planned(cells.conditions), len(cells.conditions))
    D_KG = query_contrasts(cells.Y_CG, cells.N_CG, c_KC)
    return (
        rate_intervals(cells.Y_CG, cells.N_CG),
        contrast_intervals(cells.Y_CG, cells.N_CG, c_KC, comparisons_K=len(c_KC)),
        sign_flip_ps(D_KG, sign_flips(D_KG.shape[1], 0)),
    )


def scipy_bootstrap(cells: Cells, resamples: int = 10_000) -> object:
    """Percentile intervals of every rate and contrast, queries resampled, all of them in one vectorised statistic."""
    c_KC = weight_matrix(planned(cells.conditions), len(cells.conditions))
    rates = cells.Y_CG / cells.N_CG
    values = np.concatenate([rates, query_contrasts(cells.Y_CG, cells.N_CG, c_KC)])

    def mean(index: np.ndarray, axis: int = -1) -> np.ndarray:
        return values[:, index].mean(axis=axis)

    return stats.bootstrap((np.arange(values.shape[1]),), mean, n_resamples=resamples, batch=100, vectorized=True,
                           method="percentile", rng=0)  # fmt: skip


def scipy_permutation(cells: Cells, contrasts: int) -> None:
    """The sign-flip test of the first few contrasts by ``scipy.stats.permutation_test``."""
    c_KC = weight_matrix(planned(cells.conditions), len(cells.conditions))[:contrasts]
    for row in query_contrasts(cells.Y_CG, cells.N_CG, c_KC):
        stats.permutation_test((row,), np.mean, permutation_type="samples", n_resamples=9_999, rng=0, vectorized=True)


def statsmodels_gee(table: Columns) -> object:
    """A logit GEE of all samples on condition, exchangeable within queries."""
    design = np.zeros((len(table.condition_R), len(table.conditions)))
    design[np.arange(len(design)), table.condition_R] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sm.GEE(table.value_MR[0].astype(float), design, groups=table.query_R, family=sm.families.Binomial(),
                      cov_struct=sm.cov_struct.Exchangeable()).fit()  # fmt: skip


def beside(queries: int, replicates: int) -> None:
    observed = rows(queries, replicates)
    table = columns(observed)
    (cells,) = collapse(table)
    effects = len(effect_rows([cells]))
    size = f"{len(observed):,} samples, {len(CONDITIONS)} conditions, {queries} queries, {effects} effects"
    print(f"{size}; load {os.getloadavg()[0]:.1f}")
    timed("rows to columns", lambda: columns(observed), times=5)
    timed("columns to cells (bar 100)", lambda: collapse(table))
    ours = timed("every rate, contrast and p as arrays (bar 50)", lambda: arrays(cells))
    timed("effect rows with max-T and bounds, as objects (bar 50)", lambda: effect_rows([cells]))
    named = framed(table)
    timed("the same with the spread between frames and wordings", lambda: effect_rows([cells], rows=named), times=5)
    first = plan_looks(5 * queries, 5)[0]
    timed(f"the same at a first look, {first.flips:,} flips", lambda: effect_rows([cells], look=first), times=2)
    timed("rate rows", lambda: rate_rows([cells]))
    peers = {
        "scipy.stats.bootstrap, 10,000 resamples of queries": timed(
            "scipy.stats.bootstrap, every rate and contrast", lambda: scipy_bootstrap(cells), PEER_TIMES),
        f"scipy.stats.permutation_test, scaled up to {effects} effects": effects / 5 * timed(
            f"scipy.stats.permutation_test, 5 of {effects} effects", lambda: scipy_permutation(cells, 5), PEER_TIMES),
        "statsmodels GEE, exchangeable within queries": timed(
            "statsmodels GEE, every rate", lambda: statsmodels_gee(table), PEER_TIMES),
    }  # fmt: skip
    for name, took in peers.items():
        print(f"    about {took / ours:5.0f} × ours: {name}")


def main() -> None:
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    facts = [f"fact_{i}" for i in range(20)]
    timed("arms of a fraction of 20 facts, 2 levels, placebos", lambda: fractional(facts, [0, 2, 5], POLARITIES))
    for queries, replicates in ((20, 100), (50, 40), (100, 20)):
        beside(queries, replicates)


if __name__ == "__main__":
    main()
