"""Rates corrected for a judge's errors by labels of each condition, with intervals for the population of queries."""
# ruff: noqa: N815  (arrays carry axis letters, as fields too)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special  # pyright: ignore[reportMissingTypeStubs]  # scipy ships none

from dashboard.effects.clustering import effective_trials
from dashboard.effects.counts import BoolArray, FloatArray, exact_zeros
from dashboard.effects.gold import Gold
from dashboard.effects.products import product
from dashboard.effects.quantiles import query_df, t_quantile
from dashboard.effects.wilson import wilson_limits

# As for plain rates (statistics.md), an ICC that few labels can tell is drawn to 0.2.
_PRIOR_ICC = 0.2
_PRIOR_WEIGHT = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class CorrectedRates:
    """Arrays over conditions, fractions; ``raw`` is what the judge alone says.

    ``rate`` is NaN where a stratum that has samples has no label (``unlabelled_CV``); the limits then allow every
    value that the stratum could have. ``icc`` is what was assumed of true outcomes within a query.
    """

    raw: FloatArray
    rate: FloatArray
    low: FloatArray
    high: FloatArray
    icc: float
    unlabelled_CV: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class CorrectedContrasts:
    """Arrays over contrasts, unclipped limits; NaN where a condition with a weight has an unlabelled stratum."""

    estimate: FloatArray
    low: FloatArray
    high: FloatArray


def corrected_rates(counts: Gold) -> CorrectedRates:
    """Σ over verdicts of share × P(true | verdict), with 95 % limits.

    The error is the sum of uncorrelated parts, put together by MOVER (Zou & Donner 2008): that of the sampled
    queries and replicates, had every sample been labelled (Wilson with an effective sample size, as for a plain
    rate), and in each stratum that of labelling some samples only (Jeffreys, with the finite-population factor).
    """
    parts = _parts(counts)
    # An unlabelled stratum may be all of one kind: no error to be added in squares, but a bound.
    bound = (counts.share_CV * counts.unlabelled_CV).sum(axis=1) / 2
    low, high = _sums(parts.below_CP) + bound, _sums(parts.above_CP) + bound
    return CorrectedRates(
        raw=np.where(parts.empty_C, np.nan, counts.share_CV[:, 0]),
        rate=np.where(parts.unknown_C, np.nan, parts.rate),
        low=np.where(parts.empty_C, 0.0, np.clip(parts.rate - low, 0, 1)),
        high=np.where(parts.empty_C, 1.0, np.clip(parts.rate + high, 0, 1)),
        icc=parts.icc,
        unlabelled_CV=counts.unlabelled_CV,
    )


def corrected_contrasts(counts: Gold, c_KC: ArrayLike) -> CorrectedContrasts:
    """Σ c·corrected rate (contrasts × conditions), with 95 % limits; the conditions share their queries.

    Labelling errors are independent from condition to condition; the queries' errors go together as the conditions'
    corrected rates do by query, shrunk by (G−2)/G.
    """
    weights, parts = np.asarray(c_KC, dtype=np.float64), _parts(counts)
    if weights.ndim != 2 or weights.shape[1] != len(parts.rate) or not np.isfinite(weights).all():
        raise ValueError(f"a contrast needs one finite weight per condition ({len(parts.rate)}), got {weights.shape}")
    up = (weights > 0)[:, :, None]
    down_KCP = weights[:, :, None] * np.where(up, parts.below_CP, parts.above_CP)
    up_KCP = weights[:, :, None] * np.where(up, parts.above_CP, parts.below_CP)
    estimate = weights @ parts.rate
    known = ~((weights != 0) & parts.unknown_C).any(axis=1)

    def spread(D_KCP: FloatArray) -> FloatArray:
        queries = (product(np.ascontiguousarray(D_KCP[:, :, 0]), parts.correlation) * D_KCP[:, :, 0]).sum(axis=1)
        return np.sqrt(np.maximum(queries, 0) + (D_KCP[:, :, 1:] ** 2).sum(axis=(1, 2)))

    def where_known(values: FloatArray) -> FloatArray:
        return np.where(known, values, np.nan)

    return CorrectedContrasts(
        where_known(estimate), where_known(estimate - spread(down_KCP)), where_known(estimate + spread(up_KCP))
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Parts:
    """Distances to the limits in P = 3 parts: the queries, the labels under yes, and those under no."""

    rate: FloatArray
    below_CP: FloatArray
    above_CP: FloatArray
    correlation: FloatArray
    icc: float
    unknown_C: BoolArray
    empty_C: BoolArray


def _parts(counts: Gold) -> _Parts:
    share, precision, labels = counts.share_CV, counts.precision_CV, counts.labels_CV
    rate = np.clip((share * precision).sum(axis=1), 0, 1)
    scored = counts.scored_CG
    empty = scored.sum(axis=1) == 0
    unknown = counts.unlabelled_CV.any(axis=1) | empty
    T_CG = _query_estimates(counts)
    icc = _icc(counts, T_CG, rate, ~unknown)
    n_eff = effective_trials(scored, np.full(len(rate), icc))
    low, high = wilson_limits(rate, n_eff, t_quantile(0.975, query_df((scored > 0).sum(axis=1))))
    hits, factor = precision * labels, share * np.sqrt(counts.left_CV) * ~counts.unlabelled_CV
    least, most = jeffreys_limits(hits, labels)
    return _Parts(
        rate=rate, icc=icc, unknown_C=unknown, empty_C=empty, correlation=_correlation(T_CG, rate, scored > 0),
        below_CP=np.concatenate([(rate - low)[:, None], factor * (precision - least)], axis=1),
        above_CP=np.concatenate([(high - rate)[:, None], factor * (most - precision)], axis=1),
    )  # fmt: skip


def jeffreys_limits(hits: FloatArray, trials: FloatArray) -> tuple[FloatArray, FloatArray]:
    """95 % limits, exactly 0 without a hit and 1 without a miss; 0 and 1 without trials. Brown, Cai & DasGupta 2001."""
    misses = np.maximum(trials - hits, 0)
    low = np.where(hits < 1e-9, 0.0, special.betaincinv(hits + 0.5, misses + 0.5, 0.025))
    high = np.where(misses < 1e-9, 1.0, special.betaincinv(hits + 0.5, misses + 0.5, 0.975))
    return low, high


def _query_estimates(counts: Gold) -> FloatArray:
    # Each query's own corrected rate: what its verdicts predict, plus the scaled-up surprises of its labels.
    weight = counts.weight_CG[:, None]
    precision = counts.precision_CV[:, :, None]
    labelled: FloatArray = (counts.labelled_CVG * weight).sum(axis=2)
    scale = np.divide(counts.share_CV, labelled, out=np.zeros(labelled.shape), where=labelled > 0)[:, :, None]
    surprise = scale * (counts.positive_CVG - counts.labelled_CVG * precision)
    scored = counts.scored_CG
    summed = (counts.verdict_CVG * precision + surprise).sum(axis=1)
    return np.divide(summed, scored, out=np.zeros(scored.shape), where=scored > 0)


def _icc(counts: Gold, T_CG: FloatArray, rate: FloatArray, known_C: BoolArray) -> float:
    """How alike true outcomes of one query are, pooled over conditions.

    The spread of the queries' corrected rates holds the spread of their true rates, of their samples and of their
    labels; the latter two are known. (The ICC of the verdicts will not do: errors of a judge dilute it.)
    """
    scored, precision = counts.scored_CG, counts.precision_CV
    present = scored > 0
    queries = present.sum(axis=1)
    labels = counts.labels_CV
    error_CV = np.divide(precision * (1 - precision), labels, out=np.zeros(labels.shape), where=labels > 0)
    labelling = (counts.share_CV**2 * counts.left_CV * error_CV).sum(axis=1)
    squares = np.where(present, (T_CG - rate[:, None]) ** 2, 0).sum(axis=1)
    spread = np.divide(squares, queries - 1, out=np.zeros(len(rate)), where=queries > 1) - queries * labelling
    total = rate * (1 - rate)
    inverse = np.divide(1.0, scored, out=np.zeros(scored.shape), where=present).sum(axis=1) / np.maximum(queries, 1)
    says = known_C & (queries > 1) & (inverse < 1)
    below = float((total * (1 - inverse))[says].sum())
    found = float((spread - total * inverse)[says].sum()) / below if below > 0 else 0.0
    events = float(np.minimum(precision * labels, (1 - precision) * labels)[says].sum())
    return (events * min(max(found, 0.0), 1.0) + _PRIOR_WEIGHT * _PRIOR_ICC) / (events + _PRIOR_WEIGHT)


def _correlation(T_CG: FloatArray, rate: FloatArray, present_CG: BoolArray) -> FloatArray:
    # 0 for a condition that misses a query: as for plain contrasts, nothing is assumed to cancel there.
    whole = np.asarray(present_CG).all(axis=1, keepdims=True)
    Z_CG = np.where(whole, exact_zeros(T_CG - rate[:, None]), 0.0)
    scale = np.sqrt((Z_CG**2).sum(axis=1))
    scales = np.outer(scale, scale)
    found = np.divide(product(Z_CG, np.ascontiguousarray(Z_CG.T)), scales, out=np.zeros(scales.shape), where=scales > 0)
    queries = present_CG.shape[1]
    found *= max(queries - 2, 0) / max(queries, 1)
    np.fill_diagonal(found, 1.0)
    return found


def _sums(D_CP: FloatArray) -> FloatArray:
    return np.sqrt((D_CP**2).sum(axis=1))
