"""Mean exact probabilities of the value's option, condition by condition, and how far the tiers are apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dashboard.effects.means import Mean, differences, mean_over_queries
from facts.condition import Condition, Tier
from runners.scoring import ScoredTrial

METRIC = "option_probability"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbabilityRow:
    """``mean`` is of one arm and tier, or with ``tier`` empty of monitored minus unmonitored, paired by query.

    ``unscored`` trials have a sample but no number, because replies begin with no letter or nothing was asked.
    """

    arm: str
    tier: str
    reasoning: str
    mean: Mean | None
    trials: int
    unscored: int


def probability_rows(items: Iterable[ScoredTrial]) -> Iterator[ProbabilityRow]:
    """Rows in the order of conditions, each arm's gap behind its tiers; trials without a sample are left out."""
    numbers: dict[Condition, dict[str, list[float]]] = {}
    unscored: dict[Condition, int] = defaultdict(int)
    for item in items:
        found = numbers.setdefault(item.trial.condition, {})
        for score in item.scores.get(METRIC, ()):
            if score.number is None:
                unscored[item.trial.condition] += 1
            else:
                found.setdefault(item.trial.query.id, []).append(score.number)
    for condition, found in numbers.items():
        count = sum(map(len, found.values())) + unscored[condition]
        yield ProbabilityRow(arm=condition.arm, tier=condition.tier.value, reasoning=condition.reasoning.value,
                             mean=mean_over_queries(found), trials=count, unscored=unscored[condition])  # fmt: skip
        twin = replace(condition, tier=Tier.MONITORED)
        if condition.tier is Tier.UNMONITORED and twin in numbers:
            apart = differences(numbers[twin], found)
            yield ProbabilityRow(arm=condition.arm, tier="", reasoning=condition.reasoning.value,
                                 mean=mean_over_queries(apart, least=-1.0), trials=len(apart), unscored=0)  # fmt: skip


def probability_words(row: ProbabilityRow) -> str:
    """One row for a terminal."""
    where = f"{row.arm}, {row.tier or 'monitored minus unmonitored'}"
    if row.mean is None:
        return f"{where}: no probability ({row.unscored:,} unscored)"
    mean, sign = row.mean, "+" if row.tier == "" else ""
    limits = "" if mean.low is None or mean.high is None else f" ({mean.low:{sign}.3f} to {mean.high:{sign}.3f})"
    lost = f"; {row.unscored:,} of {row.trials:,} unscored" if row.unscored else ""
    return f"{where}: {mean.value:{sign}.3f}{limits}, {mean.queries:,} queries{lost}"
