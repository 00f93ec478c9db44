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

from facts.word_runs import words

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """``auc`` is the chance that a held-out document of arm one scores above one of arm two; .5 is chance level.

    ``reach`` is how far from .5 chance alone takes it in all but a hundredth of cases, and ``p`` how often chance takes
    it as far as here. ``scores`` are held out, arm one first. ``tells`` has the words that tell most, each with the
    share of documents of either arm that use it.
    """

    auc: float
    reach: float
    p: float
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


def tell_apart(
    one: Sequence[str], two: Sequence[str], groups: tuple[Sequence[str], Sequence[str]], *,
    paired: bool, folds: int, ridge: float, resamples: int, seed: int,
) -> Told:  # fmt: skip
    """Trains on all folds but one and scores that one; documents of a group are always in one fold.

    What chance does is found by dealing the arms out anew, ``paired`` documents among themselves, and training again:
    the table stays and only the answers change, so that all deals are solved at once.
    """
    table, known = _bags((*one, *two))
    arm = np.repeat([1.0, -1.0], [len(one), len(two)])
    draw = np.random.default_rng(seed)
    each = sorted({*groups[0], *groups[1]})
    mixed: NDArray[np.int64] = draw.permutation(len(each))
    number = {name: int(mixed[place]) for place, name in enumerate(each)}
    fold = np.array([number[name] % folds for name in (*groups[0], *groups[1])])
    deals = np.stack([arm, *(_deal(arm, draw, paired=paired) for _ in range(resamples))], axis=1)
    gram = table @ table.T
    scores = np.zeros_like(deals)
    for part in range(folds):
        held, inside = np.flatnonzero(fold == part), np.flatnonzero(fold != part)
        dual, centre = _solve(gram[np.ix_(inside, inside)], deals[inside], ridge)
        scores[held] = gram[np.ix_(held, inside)] @ dual - centre @ dual
    aucs = _pooled(scores, deals, fold, folds)
    off = np.abs(aucs - 0.5)
    dual, _ = _solve(gram, deals[:, :1], ridge)
    return Told(
        auc=float(aucs[0]), reach=float(np.quantile(off[1:], 0.99)), p=_share(off, float(off[0])),
        scores=(scores[: len(one), 0], scores[len(one) :, 0]), tells=_tells(table, known, arm, dual[:, 0]),
    )  # fmt: skip


def _share(values: Floats, least: float) -> float:
    # The set itself counts among the deals, so that a share is never nothing.
    return sum(value >= least - 1e-12 for value in values.tolist()) / len(values)


def _deal(arm: Floats, draw: np.random.Generator, *, paired: bool) -> Floats:
    if not paired:
        return draw.permutation(arm)
    half = np.where(draw.random(len(arm) // 2) < 0.5, 1.0, -1.0)
    return np.concatenate((half, -half))


def _solve(gram: Floats, arm: Floats, ridge: float) -> tuple[Floats, Floats]:
    # Centred, so that the words common to both arms weigh nothing.
    centre: Floats = gram.mean(axis=0)
    centred = gram - centre - centre[:, None] + centre.mean()
    answers = arm - arm.mean(axis=0)
    dual: Floats = np.asarray(np.linalg.solve(centred + ridge * np.eye(len(arm)), answers), np.float64)
    return dual - np.mean(dual, axis=0), centre


def _pooled(scores: Floats, deals: Floats, fold: NDArray[np.int64], folds: int) -> Floats:
    """The AUC of each column; scores of one fold are compared with each other only, as each has its own classifier."""
    above, pairs = np.zeros(deals.shape[1]), np.zeros(deals.shape[1])
    for part in range(folds):
        inside = fold == part
        ranks, first = _ranks(scores[inside]), deals[inside] > 0
        ones, twos = first.sum(axis=0), (~first).sum(axis=0)
        above += (ranks * first).sum(axis=0) - ones * (ones - 1) / 2
        pairs += ones * twos
    return np.divide(above, pairs, out=np.full(len(pairs), 0.5), where=pairs > 0)


def _ranks(scores: Floats) -> Floats:
    # From 0 in each column. Equals share their mean rank, which is the mean of breaking ties forth and back.
    forth = scores.argsort(axis=0, kind="stable").argsort(axis=0)
    back = scores[::-1].argsort(axis=0, kind="stable").argsort(axis=0)[::-1]
    return (forth + back) / 2


def _tells(table: Floats, known: list[str], arm: Floats, dual: Floats) -> tuple[tuple[str, float, float], ...]:
    used = table > 0
    shares = used[arm > 0].mean(axis=0), used[arm < 0].mean(axis=0)
    strength = np.abs((table.T @ dual) * (shares[0] - shares[1]))
    best = np.argsort(-strength, kind="stable")[:5]
    return tuple((known[n], float(shares[0][n]), float(shares[1][n])) for n in map(int, best))
