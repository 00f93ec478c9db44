"""Mean exact probabilities of the value's option, condition by condition, and how far the tiers are apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dashboard.effects.means import Mean, differences, mean_over_queries
from facts.condition import Condition, Tier
from runners.scoring import ScoredTrial

METRIC = "option_probability"
_NEITHER = "less than half of the probability is on the letters"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbabilityRow:
    """``mean`` is of one arm and tier, or with ``tier`` empty of monitored minus unmonitored, paired by query.

    ``unscored`` trials have a sample but no number, most of them for the reason ``why``.
    """

    arm: str
    tier: str
    reasoning: str
    mean: Mean | None
    trials: int
    unscored: int
    why: str = ""


def probability_rows(items: Iterable[ScoredTrial]) -> Iterator[ProbabilityRow]:
    """Rows in the order of conditions, each arm's gap behind its tiers; trials without a sample are left out."""
    numbers: dict[Condition, dict[str, list[float]]] = {}
    unscored: dict[Condition, Counter[str]] = defaultdict(Counter)
    for item in items:
        found = numbers.setdefault(item.trial.condition, {})
        for score in item.scores.get(METRIC, ()):
            if score.number is None:
                why = _NEITHER if score.value == "neither" else score.reason or "no reason is known"
                unscored[item.trial.condition][why] += 1
            else:
                found.setdefault(item.trial.query.id, []).append(score.number)
    for condition, found in numbers.items():
        lost = unscored[condition].total()
        why = next((reason for reason, _ in unscored[condition].most_common(1)), "")
        yield ProbabilityRow(arm=condition.arm, tier=condition.tier.value, reasoning=condition.reasoning.value,
                             mean=mean_over_queries(found), trials=sum(map(len, found.values())) + lost, unscored=lost,
                             why=why)  # fmt: skip
        twin = replace(condition, tier=Tier.MONITORED)
        if condition.tier is Tier.UNMONITORED and twin in numbers:
            apart = differences(numbers[twin], found)
            yield ProbabilityRow(arm=condition.arm, tier="", reasoning=condition.reasoning.value,
                                 mean=mean_over_queries(apart, least=-1.0), trials=len(apart), unscored=0)  # fmt: skip


def probability_words(row: ProbabilityRow) -> str:
    """One row for a terminal."""
    where = f"{row.arm}, {row.tier or 'monitored minus unmonitored'}"
    if row.mean is None:
        why = f"{row.unscored:,} unscored: {row.why}" if row.tier else "no query has a probability in both tiers"
        return f"{where}: no probability ({why})"
    mean, sign = row.mean, "+" if row.tier == "" else ""
    limits = "" if mean.low is None or mean.high is None else f" ({mean.low:{sign}.3f} to {mean.high:{sign}.3f})"
    lost = f"; {row.unscored:,} of {row.trials:,} unscored, most because {row.why}" if row.unscored else ""
    return f"{where}: {mean.value:{sign}.3f}{limits}, {mean.queries:,} queries{lost}"
