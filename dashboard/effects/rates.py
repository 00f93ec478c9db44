"""One rate per condition with an interval that holds for the population of queries."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from dashboard.effects.clustering import effective_trials, intraclass_correlation
from dashboard.effects.counts import FloatArray, checked, mean_rates
from dashboard.effects.quantiles import NORMAL_975, query_df, t_quantile
from dashboard.effects.wilson import wilson_limits


@dataclass(frozen=True, slots=True, eq=False)
class RateIntervals:
    """Arrays over conditions, all fractions 0–1 except ``n_eff`` (trials).

    A condition without any scored trial has rate NaN and the interval 0–1: nothing is known about it.
    """

    rate: FloatArray
    low: FloatArray
    high: FloatArray
    n_eff: FloatArray
    icc: FloatArray


def rate_intervals(Y_CG: ArrayLike, N_CG: ArrayLike, *, these_queries_only: bool = False) -> RateIntervals:
    """95 % intervals: Wilson with an effective sample size and the t quantile at max(G − 1, 7).

    ``Y_CG`` successes and ``N_CG`` scored trials, conditions × queries; 0 trials is a missing cell. All conditions of
    one comparison belong in one call, because they share what they say about the ICC. ``these_queries_only`` treats
    the queries as all there is. Raises ``ValueError`` for counts that cannot be. Source: statistics.md, "One rate".
    """
    successes, trials = checked(Y_CG, N_CG)
    rate = mean_rates(successes, trials)
    icc = intraclass_correlation(successes, trials)
    n_eff = effective_trials(trials, icc, these_queries_only=these_queries_only)
    quantile = NORMAL_975 if these_queries_only else t_quantile(0.975, query_df((trials > 0).sum(axis=1)))
    low, high = wilson_limits(rate, n_eff, quantile)
    return RateIntervals(rate=rate, low=low, high=high, n_eff=n_eff, icc=icc)
