"""How much a contrast differs between paraphrases of the same text, beyond what chance alone would do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dashboard.effects.counts import FloatArray, IntArray
from dashboard.effects.products import product

_BLOCK = 400_000  # contrasts × queries × paraphrases held at once


@dataclass(frozen=True, slots=True, eq=False)
class Spreads:
    """Arrays over contrasts: the standard deviation between paraphrases, and the contrast in the lowest and highest.

    Fractions, as the contrast. ``sd`` has chance taken out (0 where chance explains everything); ``low`` and ``high``
    have not, so they spread even where ``sd`` is 0. All NaN where fewer than 2 paraphrases can be compared, which
    ``paraphrases`` counts; ``trials`` counts the scored samples behind them.
    """

    sd: FloatArray
    variance: FloatArray  # the moment estimate, below 0 by chance where there is no spread: average this one
    low: FloatArray
    high: FloatArray
    paraphrases: IntArray
    trials: IntArray


def spreads(Y_CGP: ArrayLike, N_CGP: ArrayLike, c_KC: ArrayLike) -> Spreads:
    """Paraphrases as a random effect on contrasts, by moments; successes and trials are conditions × queries × groups.

    A paraphrase is drawn per query and replicate and shown to every arm, so within a query and paraphrase all arms
    are compared with the same words, and each query's own contrast is taken out (as a fixed effect). What then differs
    between paraphrases, less its expectation under chance, is their variance: DerSimonian & Laird 1986, with the
    fitting-of-constants moment for two crossed factors (Henderson 1953, method III).

    Approximations: samples of two arms are independent given their rates; chance is binomial with the rate of the
    condition and query over all its paraphrases, which counts a little of a spread as chance; and a paraphrase moves
    every query alike — where it does not, that counts as spread. Needs conditions that all have trials in a query and
    paraphrase; other cells are left out.
    """
    successes, trials = np.asarray(Y_CGP, dtype=np.float64), np.asarray(N_CGP, dtype=np.float64)
    weights = np.asarray(c_KC, dtype=np.float64)
    if successes.ndim != 3 or successes.shape != trials.shape or weights.shape[1:] != (len(successes),):
        raise ValueError("spreads need conditions × queries × paraphrases twice, and one weight per condition")
    if (successes < 0).any() or (successes > trials).any():
        raise ValueError("each cell needs 0 ≤ successes ≤ trials")
    found = [
        _block(successes, trials, weights[at : at + rows])
        for rows in (max(1, _BLOCK // max(successes[0].size if len(successes) else 1, 1)),)
        for at in range(0, len(weights), rows)
    ]
    if not found:
        nothing, none = np.empty(0), np.empty(0, dtype=np.int64)
        return Spreads(nothing, nothing, nothing, nothing, none, none)
    sd, variance, low, high, paraphrases, counted = (np.concatenate(part) for part in zip(*found, strict=True))
    return Spreads(sd, variance, low, high, paraphrases.astype(np.int64), counted.astype(np.int64))


def _block(Y_CGP: FloatArray, N_CGP: FloatArray, c_KC: FloatArray) -> tuple[FloatArray, ...]:
    there = N_CGP > 0
    each_CGP = np.divide(1, N_CGP, out=np.zeros(N_CGP.shape), where=there)
    weighed, shape = (c_KC != 0).astype(np.float64), (len(c_KC), *N_CGP.shape[1:])

    def summed(weights_KC: FloatArray, values_CGP: FloatArray) -> FloatArray:
        return product(weights_KC, values_CGP.reshape(len(values_CGP), -1)).reshape(shape)

    whole = summed(weighed, (~there).astype(np.float64)) == 0
    d = summed(c_KC, Y_CGP * each_CGP)
    chance = summed(c_KC**2, _binomial(Y_CGP.sum(axis=2), N_CGP.sum(axis=2))[:, :, None] * each_CGP)
    # A cell weighs as much as the trials it is worth: fixed by the plan, so that rare outcomes cannot weigh more.
    worth = (c_KC**2).sum(axis=1)[:, None, None] / np.where(whole, summed(c_KC**2, each_CGP), 1.0)
    n = np.where(whole, worth, 0.0)
    counted = np.where(whole, summed(weighed, N_CGP), 0.0).sum(axis=(1, 2))
    bounds = np.minimum(c_KC, 0).sum(axis=1), np.maximum(c_KC, 0).sum(axis=1)
    return (*_between(n, d, chance, bounds), counted)


def _binomial(Y_CG: FloatArray, N_CG: FloatArray) -> FloatArray:
    """The variance of one sample, unbiased from each condition's and query's samples; its condition's if only one."""
    pairs = N_CG * (N_CG - 1)
    sums = Y_CG * (N_CG - Y_CG)
    total = pairs.sum(axis=1, keepdims=True)
    known = total > 0
    overall = np.where(known, sums.sum(axis=1, keepdims=True) / np.where(known, total, 1), 0.25)
    return np.where(pairs > 0, sums / np.where(pairs > 0, pairs, 1), overall)


def _between(
    n: FloatArray, d: FloatArray, chance: FloatArray, bounds: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, ...]:
    """Variance between paraphrases, from per-cell contrasts ``d`` worth ``n`` trials with variance ``chance``."""
    inside = n.sum(axis=2, keepdims=True)
    share = np.divide(n, inside, out=np.zeros(n.shape), where=inside > 0)
    b = (n * (d - (share * d).sum(axis=2, keepdims=True))).sum(axis=1)
    across, paraphrases = np.swapaxes(share, 1, 2), n.shape[2]
    eye = np.eye(paraphrases)
    laplacian = n.sum(axis=1)[:, :, None] * eye - across @ n
    # Covariance of b under chance alone, term by term of b = Σ_g n(ε − its query's mean).
    noise = n**2 * chance
    mixed = across @ noise
    covariance = noise.sum(axis=1)[:, :, None] * eye - mixed - np.swapaxes(mixed, 1, 2)
    covariance += across @ (share * noise.sum(axis=2, keepdims=True))
    worth = np.diagonal(laplacian, axis1=1, axis2=2)
    total = worth.sum(axis=1)
    known = total > 1e-9
    scale = np.where(known, total / max(paraphrases, 1), 1.0)[:, None, None]
    # The Laplacian is singular (a shift of all paraphrases is no spread); these two keep its inverse on the rest.
    regular = laplacian + scale / max(paraphrases, 1) + 1e-9 * scale * eye
    inverse = np.asarray(np.linalg.inv(regular), dtype=np.float64)
    effects = (inverse @ b[:, :, None])[:, :, 0]
    fitted = (b * effects).sum(axis=1) - (inverse * covariance).sum(axis=(1, 2))
    variance = np.divide(fitted, total, out=np.full(len(n), np.nan), where=known)
    shown, weight = worth > 1e-9, n.sum(axis=1)
    all_of_it = np.where(known, weight.sum(axis=1), 1.0)
    centre = ((n * d).sum(axis=(1, 2)) - (weight * effects).sum(axis=1)) / all_of_it
    each = np.clip(effects + centre[:, None], bounds[0][:, None], bounds[1][:, None])
    low = np.where(known, np.where(shown, each, np.inf).min(axis=1, initial=np.inf), np.nan)
    high = np.where(known, np.where(shown, each, -np.inf).max(axis=1, initial=-np.inf), np.nan)
    return np.sqrt(np.maximum(variance, 0)), variance, low, high, shown.sum(axis=1) * known
