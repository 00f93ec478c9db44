"""How far judges agree on the same samples: each metric's classes under every judge, laid side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.effects.agreement import MISSING, Agreement, agreement
from dashboard.results import Results
from runners import metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeAgreement:
    """Agreement on one metric, over all conditions (``arm`` and ``tier`` empty) or in one of them.

    ``unscored`` counts, per judge, samples that it left unscored; they are no ratings.
    """

    metric: str
    judges: tuple[str, ...]
    arm: str
    tier: str
    agreement: Agreement
    unscored: tuple[int, ...]


def judge_agreement(judged: Sequence[Results], metric: str, *, seed: int = 0) -> tuple[JudgeAgreement, ...]:
    """Overall first, then condition by condition. ``judged`` are results of one comparison, one for each judge.

    Every answer of an interview is a sample of its query. Raises ``ValueError`` for fewer than two judges or a metric
    that does not judge.
    """
    if len(judged) < 2:
        raise ValueError("agreement needs at least two judges")
    if metrics.find(metric).KIND != "judge":
        raise ValueError(f"{metric} is read by a rule or a question, not by a judge")
    codes = {name: code for code, name in enumerate(metrics.find(metric).CLASSES)}
    ratings: list[list[int]] = [[] for _ in judged]
    queries: list[int] = []
    conditions: list[int] = []
    for rows in zip(*([row for model in results.models for row in model.rows] for results in judged), strict=True):
        keys = dict.fromkeys(key for row in rows for key in row.values
                             if key == metric or key.startswith(f"{metric}/"))  # fmt: skip
        for key in keys:
            for rated, row in zip(ratings, rows, strict=True):
                rated.append(codes.get(row.values.get(key) or "", MISSING))
            queries.append(rows[0].query)
            conditions.append(rows[0].condition)
    R_RS, query_S, condition_S = np.array(ratings, dtype=np.int64), np.array(queries), np.array(conditions)
    labels = tuple(results.judge.label if results.judge else "nobody" for results in judged)

    def found(chosen: slice | np.ndarray, arm: str, tier: str) -> JudgeAgreement:
        part = R_RS[:, chosen]
        return JudgeAgreement(
            metric=metric, judges=labels, arm=arm, tier=tier, agreement=agreement(part, query_S[chosen], seed=seed),
            unscored=tuple(int(count) for count in (part == MISSING).sum(axis=1)),
        )  # fmt: skip

    each = [
        found(condition_S == number, condition.arm, condition.tier.value)
        for number, condition in enumerate(judged[0].conditions) if (condition_S == number).any()
    ]  # fmt: skip
    return (found(slice(None), "", ""), *each)
