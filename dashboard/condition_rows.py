"""The design as a table: one row a condition, with what it says of each fact, in which tier, and how often."""

from __future__ import annotations

from dashboard.plan_rows import Row
from facts.condition import Condition
from facts.salience import Dose, Salience
from runners.comparison import Comparison


def condition_rows(comparison: Comparison) -> list[Row]:
    """One row a condition, in the order of the design, the baseline first.

    Where no condition says more than one fact, the fact has a column; else each fact has one, with its dose.
    """
    conditions = comparison.conditions()
    single = all(len(condition.doses) <= 1 for condition in conditions)
    modes = len(comparison.reasoning) > 1
    queries = len(comparison.query_ids) or comparison.queries
    return [
        {
            "": number,
            **(_single(condition) if single else _each(condition, comparison.facts)),
            "Tier": condition.tier.value,
            **({"Reasoning": condition.reasoning.value} if modes else {}),
            "Queries × replicates": f"{queries:,} × {comparison.replicates:,}",
            "Samples per model": queries * comparison.replicates,
        }
        for number, condition in enumerate(conditions, start=1)
    ]


def _single(condition: Condition) -> Row:
    dose = next(iter(condition.doses), None)
    if dose is None:
        return {"Fact": "none (baseline)", "Level": "–", "Polarity": "–"}
    return {"Fact": dose.fact, "Level": _level(dose), "Polarity": dose.polarity.value}


def _each(condition: Condition, facts: tuple[str, ...]) -> Row:
    said = {dose.fact: f"{_level(dose)}, {dose.polarity.value}" for dose in condition.doses}
    return {fact: said.get(fact, "–") for fact in facts}


def _level(dose: Dose) -> str:
    return f"{int(dose.level)} {Salience(dose.level).name.lower()} {dose.breadth}".strip()
