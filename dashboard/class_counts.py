"""How many samples of each condition fell into each class of a metric: the counts behind every rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.results import Results
from runners import metrics

UNSCORED, FAILED = "unscored", "failed or missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCount:
    """``n`` samples of one condition in one class; ``unscored`` and ``failed or missing`` are classes of their own.

    A metric that asks about several facts or questions counts each answer; ``of`` says which fact or audience.
    """

    model: str
    simulated: bool
    metric: str
    of: str
    arm: str
    tier: str
    reasoning: str
    outcome: str
    n: int


def class_counts(results: Results, metric: str) -> tuple[ClassCount, ...]:
    """The counts of one metric, conditions in their order, classes in the metric's; classes that never occur are 0."""
    found: list[ClassCount] = []
    classes = (*metrics.find(metric).CLASSES, UNSCORED, FAILED)
    for model in results.models:
        counts: dict[tuple[int, str], Counter[str]] = {}
        for number, read, rows in model.arrays.counts():
            seen = [(_of(key, metric), value or UNSCORED) for key, value in read.values.items() if _own(key, metric)]
            for of, outcome in [("", FAILED)] if read.stop is None else seen:
                counts.setdefault((number, of), Counter())[outcome] += rows
        occurring = [name for name in classes if any(count[name] for count in counts.values())]
        for (number, of), count in sorted(counts.items()):
            condition = results.conditions[number]
            found += [
                ClassCount(model=model.model.label, simulated=model.simulated or results.judge_simulated, metric=metric,
                           of=of, arm=condition.arm, tier=condition.tier.value, reasoning=condition.reasoning.value,
                           outcome=name, n=count[name])
                for name in occurring
            ]  # fmt: skip
    return tuple(found)


def class_rows(counts: Iterable[ClassCount]) -> list[dict[str, str | int | float]]:
    """The same as a table: one row a condition, one column a class."""
    rows: dict[tuple[str, ...], dict[str, str | int | float]] = {}
    for count in counts:
        about = {"Model": count.model + (" (SIMULATED)" if count.simulated else ""), "What is said": count.arm,
                 "Tier": count.tier, "Reasoning": count.reasoning, "About": count.of}  # fmt: skip
        row = rows.setdefault(tuple(about.values()), {name: text for name, text in about.items() if text})
        row[count.outcome] = count.n
    return list(rows.values())


def _own(key: str, metric: str) -> bool:
    return key == metric or key.startswith((f"{metric}:", f"{metric}/"))


def _of(key: str, metric: str) -> str:
    # "metric:fact" → the fact, "metric/audience/question" → the audience
    rest = key[len(metric) :]
    return rest[1:].partition("/")[0] if rest else ""
