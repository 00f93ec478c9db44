"""How often intervals of corrected rates cover when a judge errs differently in each condition, and how wide they are.

Run it alone: ``python benchmarks/corrected_rates.py [times] [seed]``. Two conditions, a judge with its own sensitivity
and specificity in each (and, where "judge ICC" is above 0, in each query), queries that differ, and labels of a random
sample of each verdict. Coverage is of the population's rate. The bar is .93 on average for what the project shows.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from dashboard.effects.clustering import effective_trials, intraclass_correlation
from dashboard.effects.corrected import corrected_contrasts, corrected_rates, jeffreys_limits
from dashboard.effects.gold import Gold, gold
from dashboard.effects.judges import judge_quality, two_phase_contrasts
from dashboard.effects.quantiles import query_df, t_quantile
from dashboard.effects.rates import rate_intervals
from dashboard.effects.wilson import wilson_limits

Array = NDArray[np.float64]
Limits = tuple[Array, Array]
DIFFERENCE = np.array([[-1.0, 1.0]])
SHOWN = "shown: queries (Wilson, ICC of truth) + labels (Jeffreys)"


@dataclass(frozen=True, slots=True)
class Setting:
    rates: tuple[float, float]
    sensitivity: tuple[float, float]
    specificity: tuple[float, float]
    queries: int
    replicates: int
    icc: float
    labels: int
    judge_icc: float = 0.0


SETTINGS = (
    Setting((0.03, 0.03), (0.8, 0.6), (0.98, 0.90), 20, 5, 0.2, 15),
    Setting((0.05, 0.10), (0.9, 0.7), (0.95, 0.98), 20, 10, 0.05, 20),
    Setting((0.05, 0.05), (0.9, 0.9), (0.98, 0.85), 30, 5, 0.2, 20),
    Setting((0.10, 0.10), (0.7, 0.9), (0.98, 0.85), 40, 5, 0.1, 30),
    Setting((0.10, 0.30), (0.8, 0.8), (0.95, 0.90), 30, 8, 0.2, 20, 0.1),
    Setting((0.20, 0.20), (0.6, 0.9), (0.97, 0.85), 20, 10, 0.3, 30),
    Setting((0.30, 0.30), (0.7, 0.9), (0.95, 0.80), 40, 10, 0.3, 15, 0.1),
    Setting((0.30, 0.15), (0.9, 0.5), (0.90, 0.95), 20, 5, 0.3, 15),
    Setting((0.03, 0.15), (0.5, 0.9), (0.99, 0.99), 40, 10, 0.2, 30),
    Setting((0.10, 0.10), (0.5, 0.5), (0.80, 0.80), 20, 10, 0.3, 30),
    Setting((0.10, 0.20), (0.7, 0.9), (0.98, 0.85), 30, 5, 0.3, 30, 0.3),
    Setting((0.10, 0.10), (0.6, 0.9), (0.90, 0.85), 20, 10, 0.3, 100),
    Setting((0.20, 0.20), (0.6, 0.9), (0.97, 0.85), 20, 10, 0.3, 400),
    Setting((0.15, 0.15), (0.6, 0.9), (0.95, 0.85), 12, 10, 0.3, 30),
)


def simulated(setting: Setting, random: np.random.Generator) -> Gold:
    """True outcomes vary by query (beta-binomial; a query keeps its rank over conditions, correlation 0.7)."""
    queries, size = setting.queries, (1 - setting.icc) / setting.icc
    shared, own = random.normal(size=(1, queries)), random.normal(size=(2, queries))
    p = np.array(setting.rates)[:, None]
    mixed = special.ndtr(np.sqrt(0.7) * shared + np.sqrt(0.3) * own)
    rate_CG = special.betaincinv(p * size, (1 - p) * size, mixed)
    true = random.random((2, queries, setting.replicates)) < rate_CG[..., None]

    def per_query(values: tuple[float, float]) -> Array:
        means = np.broadcast_to(np.array(values)[:, None], (2, queries))
        if not setting.judge_icc:
            return means
        spread = (1 - setting.judge_icc) / setting.judge_icc
        return random.beta(means * spread, (1 - means) * spread)

    caught, cleared = per_query(setting.sensitivity), per_query(setting.specificity)
    yes = random.random(true.shape) < np.where(true, caught[..., None], 1 - cleared[..., None])
    labelled, positive = np.zeros((2, 2, 2, queries))
    for c in range(2):
        for v, stratum in enumerate((yes[c], ~yes[c])):
            g, r = np.nonzero(stratum)
            chosen = random.permutation(len(g))[: setting.labels]
            np.add.at(labelled[c, v], g[chosen], 1)
            np.add.at(positive[c, v], g[chosen], true[c, g[chosen], r[chosen]])
    return gold(yes.sum(axis=2), np.full((2, queries), setting.replicates), labelled, positive)


def pooled_rogan_gladen(counts: Gold) -> Limits:
    """The classical correction with one sensitivity and specificity for all conditions."""
    raw = rate_intervals(counts.verdict_CVG[:, 0], counts.scored_CG)
    samples, precision = counts.verdict_CVG.sum(axis=2), counts.precision_CV
    true, false = (samples * precision).sum(axis=0), (samples * (1 - precision)).sum(axis=0)
    sensitivity, specificity = true[0] / max(true.sum(), 1e-9), false[1] / max(false.sum(), 1e-9)
    youden = max(sensitivity + specificity - 1, 0.05)
    low, high = (np.clip((limit - 1 + specificity) / youden, 0, 1) for limit in (raw.low, raw.high))
    return low, high


def bootstraps(counts: Gold, random: np.random.Generator, draws: int = 1000) -> dict[str, Array]:
    """Draws of corrected rates when queries are resampled with their labels."""
    queries = counts.scored_CG.shape[1]
    W_DG = random.multinomial(queries, np.full(queries, 1 / queries), size=draws).astype(float)
    yes, scored = W_DG @ counts.verdict_CVG[:, 0].T, W_DG @ counts.scored_CG.T
    share = np.stack([yes / scored, 1 - yes / scored], axis=2)
    hits = np.einsum("dg,cvg->dcv", W_DG, counts.positive_CVG)
    labels = np.einsum("dg,cvg->dcv", W_DG, counts.labelled_CVG)
    plain = np.divide(hits, labels, out=np.full(hits.shape, 0.5), where=labels > 0)
    once = (counts.positive_CVG.sum(axis=2), counts.labelled_CVG.sum(axis=2))
    return {
        "bootstrap of queries": (share * plain).sum(axis=2),
        "bootstrap of queries + Jeffreys draws": (share * random.beta(hits + 0.5, labels - hits + 0.5)).sum(axis=2),
        "bootstrap of verdicts only + Jeffreys draws": (
            share * random.beta(once[0] + 0.5, once[1] - once[0] + 0.5, size=share.shape)
        ).sum(axis=2),
    }


def with_verdict_icc(counts: Gold) -> Limits:
    """What is shown, but with the ICC of the verdicts in place of that of true outcomes."""
    icc = intraclass_correlation(counts.verdict_CVG[:, 0], counts.scored_CG)
    share, precision, labels = counts.share_CV, counts.precision_CV, counts.labels_CV
    rate = (share * precision).sum(axis=1)
    df = query_df(np.full(2, counts.scored_CG.shape[1]))
    low, high = wilson_limits(rate, effective_trials(counts.scored_CG, icc), t_quantile(0.975, df))
    factor = share * np.sqrt(counts.left_CV)
    least, most = jeffreys_limits(precision * labels, labels)
    return (
        rate - np.sqrt((rate - low) ** 2 + ((factor * (precision - least)) ** 2).sum(axis=1)),
        rate + np.sqrt((high - rate) ** 2 + ((factor * (most - precision)) ** 2).sum(axis=1)),
    )


def methods(counts: Gold, random: np.random.Generator, seed: int) -> tuple[dict[str, Limits], dict[str, Limits]]:
    """Limits of both rates, and of their difference."""
    raw = rate_intervals(counts.verdict_CVG[:, 0], counts.scored_CG)
    phase = [q.corrected for q in judge_quality(counts, seed=seed, draws=1000)]
    shown, between = corrected_rates(counts), corrected_contrasts(counts, DIFFERENCE)
    two = two_phase_contrasts(counts, DIFFERENCE, seed=seed, draws=1000)
    rates: dict[str, Limits] = {
        "raw judge rate": (raw.low, raw.high),
        "pooled Rogan-Gladen": pooled_rogan_gladen(counts),
        "two-phase Jeffreys, these samples only": (
            np.array([q.low for q in phase], dtype=float), np.array([q.high for q in phase], dtype=float)),
    }  # fmt: skip
    differences: dict[str, Limits] = {"two-phase Jeffreys, these samples only": (two.low, two.high)}
    for name, drawn in bootstraps(counts, random).items():
        rates[name] = tuple(np.quantile(drawn, (0.025, 0.975), axis=0))
        differences[name] = tuple(np.quantile(drawn[:, 1:] - drawn[:, :1], (0.025, 0.975), axis=0))
    rates["queries (Wilson, ICC of verdicts) + labels (Jeffreys)"] = with_verdict_icc(counts)
    rates[SHOWN], differences[SHOWN] = (shown.low, shown.high), (between.low, between.high)
    return rates, differences


def measure(times: int, seed: int) -> None:
    tables: dict[str, dict[str, list[tuple[float, float]]]] = {"rate": {}, "difference": {}}
    print("coverage of the interval that is shown: rates of the two conditions, their difference (width)")
    for index, setting in enumerate(SETTINGS):
        found: dict[tuple[str, str], list[tuple[Array, Array]]] = {}
        truths = {"rate": np.array(setting.rates), "difference": np.diff(setting.rates)}
        for time in range(times):
            random = np.random.default_rng([seed, index, time])
            both = methods(simulated(setting, random), random, time)
            for kind, limits in zip(tables, both, strict=True):
                for name, (low, high) in limits.items():
                    covered = (low <= truths[kind] + 1e-12) & (truths[kind] <= high + 1e-12)
                    found.setdefault((kind, name), []).append((covered, np.clip(high, -1, 1) - np.clip(low, -1, 1)))
        for (kind, name), rows in found.items():
            cover, width = (np.mean([row[i] for row in rows], axis=0) for i in (0, 1))
            tables[kind].setdefault(name, []).extend(zip(cover, width, strict=True))
        (one, w1), (two, w2) = tables["rate"][SHOWN][-2:]
        change, w3 = tables["difference"][SHOWN][-1]
        print(f"  {one:.3f} {two:.3f} {change:.3f} ({w1:.3f} {w2:.3f} {w3:.3f})  {setting}")
    for kind, table in tables.items():
        print(f"\n{kind:<58} {'mean':>6} {'least':>6} {'width':>6}")
        for name, rows in table.items():
            cover, width = np.array(rows).T
            print(f"{name:<58} {cover.mean():6.3f} {cover.min():6.3f} {width.mean():6.3f}")


if __name__ == "__main__":
    measure(*(int(word) for word in [*sys.argv[1:], "300", "0"][: max(2, len(sys.argv) - 1)]))
