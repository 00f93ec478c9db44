"""How good a judge is in each condition, and what its rate would be without its errors, from people's labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dashboard.effects.corrected import CorrectedContrasts
from dashboard.effects.counts import FloatArray
from dashboard.effects.gold import STRATA, Gold
from dashboard.effects.quantity import Quantity, unknown

_NAMES = ("precision", "recall", "specificity", "kappa")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeQuality:
    """One condition: ``samples`` and ``labelled`` count by stratum (judge yes, judge no), ``positive`` true labels.

    ``kappa`` is the judge's with the labels, weighted back from the labelled strata to all samples. ``raw`` is the
    judge's rate and ``corrected`` the share of these samples that is truly positive: both hold for these samples, not
    for the population of queries (see ``corrected.py``). ``unlabelled`` names strata about which nothing is known.
    """

    samples: tuple[int, int]
    labelled: tuple[int, int]
    positive: tuple[int, int]
    precision: Quantity
    recall: Quantity
    specificity: Quantity
    kappa: Quantity
    raw: float | None
    corrected: Quantity
    unlabelled: tuple[str, ...]


def judge_quality(counts: Gold, *, seed: int, draws: int = 4_000) -> tuple[JudgeQuality, ...]:
    """One per condition; 95 % intervals by seeded draws from Jeffreys' posterior of each stratum's precision."""
    share, precision = counts.share_CV, counts.precision_CV
    P_DCV = _posterior(counts, seed, draws)
    corrected = (share * _these_samples(counts, P_DCV, seed)).sum(axis=2)
    points, drawn = _qualities(share, precision), _qualities(share, P_DCV)
    return tuple(
        _one(
            counts, c, (share[c] * precision[c]).sum(), corrected[:, c],
            {name: (points[name][c], drawn[name][:, c]) for name in _NAMES},
        )
        for c in range(len(share))
    )  # fmt: skip


def two_phase_contrasts(counts: Gold, c_KC: ArrayLike, *, seed: int, draws: int = 4_000) -> CorrectedContrasts:
    """Σ c·corrected rate among these very samples, contrasts × conditions, by independent draws per condition.

    For the population of queries use ``corrected_contrasts``. NaN where a condition with a weight has an unlabelled
    stratum.
    """
    weights, share = np.asarray(c_KC, dtype=np.float64), counts.share_CV
    if weights.ndim != 2 or weights.shape[1] != len(share) or not np.isfinite(weights).all():
        raise ValueError(f"a contrast needs one finite weight per condition ({len(share)}), got {weights.shape}")
    drawn = (share * _these_samples(counts, _posterior(counts, seed, draws), seed)).sum(axis=2) @ weights.T
    estimate = weights @ (share * counts.precision_CV).sum(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    unknown_C = counts.unlabelled_CV.any(axis=1) | (share.sum(axis=1) == 0)
    known = ~((weights != 0) & unknown_C).any(axis=1)
    limits = (estimate, np.minimum(low, estimate), np.maximum(high, estimate))
    return CorrectedContrasts(*(np.where(known, values, np.nan) for values in limits))


def _posterior(counts: Gold, seed: int, draws: int) -> FloatArray:
    hits, labels = counts.precision_CV * counts.labels_CV, counts.labels_CV
    random = np.random.default_rng([seed, 0])
    return random.beta(hits + 0.5, np.maximum(labels - hits, 0) + 0.5, size=(draws, *labels.shape))


def _these_samples(counts: Gold, P_DCV: FloatArray, seed: int) -> FloatArray:
    # What is labelled is known; only the rest of a stratum is drawn.
    left, rest = counts.left_CV, (counts.verdict_CVG - counts.labelled_CVG).sum(axis=2)
    drawn = np.random.default_rng([seed, 1]).binomial(np.rint(rest).astype(np.int64), P_DCV) / np.maximum(rest, 1)
    return (1 - left) * counts.precision_CV + left * drawn


def _qualities(share_CV: FloatArray, P: FloatArray) -> dict[str, FloatArray]:
    """From precisions (… × conditions × strata); NaN where 0 is divided by 0."""
    yes, no = share_CV[:, 0], share_CV[:, 1]
    true_yes, true_no = yes * P[..., 0], no * P[..., 1]
    positive = true_yes + true_no
    false_no = no * (1 - P[..., 1])
    chance = yes * positive + no * (1 - positive)
    return {
        "precision": np.where(yes > 0, P[..., 0], np.nan),
        "recall": _divided(true_yes, positive),
        "specificity": _divided(false_no, 1 - positive),
        "kappa": _divided(true_yes + false_no - chance, 1 - chance),
    }


def _divided(above: FloatArray, below: FloatArray) -> FloatArray:
    # Clipped because rounding leaves 1.0000000000000002 where shares add up to 1.
    return np.clip(np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 1e-12), -1, 1)


def _one(
    counts: Gold, c: int, rate: float, corrected_D: FloatArray, quality: dict[str, tuple[float, FloatArray]]
) -> JudgeQuality:
    samples, labelled, positive = (_pair(a[c]) for a in (counts.verdict_CVG, counts.labelled_CVG, counts.positive_CVG))
    unlabelled = tuple(name for name, bare in zip(STRATA, counts.unlabelled_CV[c], strict=True) if bare)
    why = f"no label under {' and '.join(unlabelled)}" if unlabelled else ""
    if not sum(samples):
        why = "no sample has a verdict"

    def value(name: str, undefined: str) -> Quantity:
        needed = why if name != "precision" or STRATA[0] in unlabelled or not sum(samples) else ""
        point, drawn = quality[name]
        return unknown(needed) if needed else _quantity(float(point), drawn, undefined)

    return JudgeQuality(
        samples=samples, labelled=labelled, positive=positive, unlabelled=unlabelled,
        precision=value("precision", "the judge never says yes"),
        recall=value("recall", "no label is positive"), specificity=value("specificity", "every label is positive"),
        kappa=value("kappa", "judge and labels use one and the same class only"),
        raw=float(counts.share_CV[c, 0]) if sum(samples) else None,
        corrected=_corrected(rate, corrected_D, why, known=bool(sum(samples))),
    )  # fmt: skip


def _pair(count_VG: FloatArray) -> tuple[int, int]:
    yes, no = count_VG.sum(axis=1)
    return int(yes), int(no)


def _limits(drawn: FloatArray) -> tuple[float, float]:
    low, high = np.quantile(drawn[~np.isnan(drawn)], (0.025, 0.975))
    return float(low), float(high)


def _quantity(point: float, drawn: FloatArray, undefined: str) -> Quantity:
    if np.isnan(point):
        return unknown(undefined)
    low, high = _limits(drawn)
    return Quantity(value=point, low=min(low, point), high=max(high, point))


def _corrected(rate: float, drawn: FloatArray, why: str, *, known: bool) -> Quantity:
    # With an unlabelled stratum the draws are from the prior: limits that show how little is known, and no value.
    if not known:
        return unknown(why)
    low, high = _limits(drawn)
    if why:
        return Quantity(value=None, low=low, high=high, reason=why)
    return Quantity(value=float(rate), low=min(low, float(rate)), high=max(high, float(rate)))
