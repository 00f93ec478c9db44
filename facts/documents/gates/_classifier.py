"""A bag-of-words classifier between two arms: how well it tells held-out documents apart, and by which words.

Regularised least squares on square-rooted, length-normalised word counts, solved in its dual form: linear, exact and
without iterations (Rifkin, Yeo and Poggio 2003, "Regularized Least-Squares Classification").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facts.documents.gates._masks import words

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """``auc`` is the chance that a held-out document of arm one scores above one of arm two; .5 is chance level.

    ``low`` and ``high`` bound it by a bootstrap of groups. ``scores`` are held out, arm one first. ``tells`` has the
    words that tell most, each with the share of documents of either arm that use it.
    """

    auc: float
    low: float
    high: float
    scores: tuple[Floats, Floats]
    tells: tuple[tuple[str, float, float], ...]


def _bags(texts: Sequence[str]) -> tuple[Floats, list[str]]:
    counted = [Counter(words(text)) for text in texts]
    used = Counter(word for bag in counted for word in bag)
    known = {word: n for n, word in enumerate(sorted(word for word, n in used.items() if n > 1))}
    table = np.zeros((len(texts), len(known)), np.float32)
    for row, bag in enumerate(counted):
        for word, n in bag.items():
            if word in known:
                table[row, known[word]] = n
    # Lengths divided out: the arms differ in how much filler the cut spans left room for.
    table /= np.maximum(table.sum(axis=1, keepdims=True), 1)
    return np.sqrt(table).astype(np.float64), list(known)


def _auc(one: Floats, two: Floats) -> float:
    order = np.sort(two)
    below, upto = np.searchsorted(order, one, "left"), np.searchsorted(order, one, "right")
    return float((below + upto).sum() / (2 * len(one) * len(two)))


def tell_apart(
    one: Sequence[str], two: Sequence[str], groups: tuple[Sequence[str], Sequence[str]], *,
    folds: int, ridge: float, resamples: int, confidence: float, seed: int,
) -> Told:  # fmt: skip
    """Trains on all folds but one and scores that one; documents of a group are always in one fold."""
    table, known = _bags((*one, *two))
    arm = np.repeat([1.0, -1.0], [len(one), len(two)])
    names = [*groups[0], *groups[1]]
    draw = np.random.default_rng(seed)
    each = sorted(set(names))
    number = dict(zip(each, draw.permutation(len(each)), strict=True))
    group = np.array([number[name] for name in names])
    gram = table @ table.T
    scores = np.zeros(len(arm))
    for fold in range(folds):
        held = group % folds == fold
        inside = np.flatnonzero(~held)
        dual, centre = _solve(gram[np.ix_(inside, inside)], arm[inside], ridge)
        scores[held] = gram[np.ix_(np.flatnonzero(held), inside)] @ dual - centre @ dual
    aucs = [_pooled(scores, arm, group, folds, np.bincount(draw.integers(len(each), size=len(each)),
                                                          minlength=len(each))) for _ in range(resamples)]  # fmt: skip
    tail = (1 - confidence) / 2
    low, high = np.quantile(aucs, [tail, 1 - tail])
    dual, _ = _solve(gram, arm, ridge)
    return Told(auc=_pooled(scores, arm, group, folds, np.ones(len(each), np.int64)), low=float(low), high=float(high),
                scores=(scores[: len(one)], scores[len(one) :]), tells=_tells(table, known, arm, dual))  # fmt: skip


def _solve(gram: Floats, arm: Floats, ridge: float) -> tuple[Floats, Floats]:
    # Centred, so that the words common to both arms weigh nothing.
    centre: Floats = gram.mean(axis=0)
    centred = gram - centre - centre[:, None] + centre.mean()
    dual: Floats = np.asarray(np.linalg.solve(centred + ridge * np.eye(len(arm)), arm - arm.mean()), np.float64)
    return dual - float(np.mean(dual)), centre


def _pooled(
    scores: Floats, arm: Floats, group: NDArray[np.int64], folds: int, weight: NDArray[np.int64]
) -> float:  # fmt: skip
    # Scores of one fold are compared with each other only: every fold has its own classifier.
    total, pairs = 0.0, 0
    often = weight[group]
    for fold in range(folds):
        inside = group % folds == fold
        left, right = ((inside & (arm == side)) for side in (1.0, -1.0))
        one, two = np.repeat(scores[left], often[left]), np.repeat(scores[right], often[right])
        if len(one) and len(two):
            total, pairs = total + _auc(one, two) * len(one) * len(two), pairs + len(one) * len(two)
    return total / pairs if pairs else 0.5


def _tells(table: Floats, known: list[str], arm: Floats, dual: Floats) -> tuple[tuple[str, float, float], ...]:
    used = table > 0
    shares = used[arm > 0].mean(axis=0), used[arm < 0].mean(axis=0)
    strength = np.abs((table.T @ dual) * (shares[0] - shares[1]))
    best = np.argsort(-strength, kind="stable")[:5]
    return tuple((known[n], float(shares[0][n]), float(shares[1][n])) for n in map(int, best))
