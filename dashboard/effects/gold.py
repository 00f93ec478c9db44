"""A judge's verdicts and people's labels of some of the samples, as counts per condition and query."""
# ruff: noqa: N802, N815  (arrays carry axis letters, as fields and properties too)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dashboard.effects.counts import BoolArray, FloatArray, checked

STRATA = ("judge yes", "judge no")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gold:
    """Conditions C × queries G, and V = 2 strata: samples that the judge says yes to, and those it says no to.

    ``labelled_CVG`` counts a random sample of each stratum that people labelled, ``positive_CVG`` those of them that
    are truly positive. Samples without a verdict are in none of these arrays. Make one with :func:`gold`.
    """

    verdict_CVG: FloatArray
    labelled_CVG: FloatArray
    positive_CVG: FloatArray

    @property
    def scored_CG(self) -> FloatArray:
        """Samples with a verdict."""
        return self.verdict_CVG.sum(axis=1)

    @property
    def weight_CG(self) -> FloatArray:
        """What one sample weighs, so that queries weigh equally; a condition's weights sum to 1."""
        scored = self.scored_CG
        queries = (scored > 0).sum(axis=1, keepdims=True)
        return np.divide(1.0, scored * queries, out=np.zeros(scored.shape), where=scored > 0)

    @property
    def share_CV(self) -> FloatArray:
        """The share of each stratum, queries weighing equally; the first column is the judge's own rate."""
        return (self.verdict_CVG * self.weight_CG[:, None]).sum(axis=2)

    @property
    def labels_CV(self) -> FloatArray:
        """Labels that each stratum's are worth: fewer than there are when queries differ in their samples (Kish)."""
        weight = self.weight_CG[:, None]
        summed: FloatArray = (self.labelled_CVG * weight).sum(axis=2)
        squares: FloatArray = (self.labelled_CVG * weight**2).sum(axis=2)
        return np.divide(summed**2, squares, out=np.zeros(summed.shape), where=squares > 0)

    @property
    def precision_CV(self) -> FloatArray:
        """The share of each stratum that is truly positive, as labelled; ½ without any label (Jeffreys' prior)."""
        weight = self.weight_CG[:, None]
        summed: FloatArray = (self.labelled_CVG * weight).sum(axis=2)
        hits: FloatArray = (self.positive_CVG * weight).sum(axis=2)
        return np.clip(np.divide(hits, summed, out=np.full(hits.shape, 0.5), where=summed > 0), 0, 1)

    @property
    def unlabelled_CV(self) -> BoolArray:
        """Strata that have samples but no label: nothing is known about them."""
        return (self.verdict_CVG.sum(axis=2) > 0) & (self.labelled_CVG.sum(axis=2) == 0)

    @property
    def left_CV(self) -> FloatArray:
        """The share of each stratum's samples that nobody labelled; 0 for an empty stratum."""
        samples: FloatArray = self.verdict_CVG.sum(axis=2)
        labelled: FloatArray = self.labelled_CVG.sum(axis=2)
        return np.divide(samples - labelled, samples, out=np.zeros(samples.shape), where=samples > 0)


def gold(Y_CG: ArrayLike, N_CG: ArrayLike, labelled_CVG: ArrayLike, positive_CVG: ArrayLike) -> Gold:
    """From the judge's positive verdicts Y of N scored samples, and labels in the strata yes (V = 0) and no (V = 1).

    Raises ``ValueError`` for counts that cannot be, as more labels than samples.
    """
    yes, scored = checked(Y_CG, N_CG)
    verdicts = np.stack([yes, scored - yes], axis=1)
    labelled, positive = np.asarray(labelled_CVG, dtype=np.float64), np.asarray(positive_CVG, dtype=np.float64)
    if labelled.shape != verdicts.shape or positive.shape != verdicts.shape:
        raise ValueError(f"labels must be conditions × 2 × queries, {verdicts.shape}; got {labelled.shape}")
    if not (np.isfinite(labelled).all() and np.isfinite(positive).all()):
        raise ValueError("labels must be finite; a cell that nobody labelled has 0 of them")
    if (positive < 0).any() or (positive > labelled).any() or (labelled > verdicts).any():
        raise ValueError("each cell needs 0 ≤ positive labels ≤ labels ≤ samples of that verdict")
    return Gold(verdict_CVG=verdicts, labelled_CVG=labelled, positive_CVG=positive)
