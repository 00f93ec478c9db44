"""Whether the facts of an arm reached the model, with an interval; and the figure of effects beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dashboard.arm_points import HeardPoint, arm_fields
from dashboard.charts.uptake import CHECKS, Heard, uptake_chart
from dashboard.effects.rates import rate_intervals
from dashboard.figure import QUANTITIES, Figure, View, heading_of, hidden_words, shown_of
from dashboard.findings import Findings
from dashboard.points import EffectPoint
from dashboard.tables import Tables
from facts.condition import Condition, Tier

LEAST = 0.5  # a fact that fewer samples took up was hardly there


def heard_points(findings: Findings, quantity: str) -> tuple[HeardPoint, ...]:
    """Uptake and recall of every arm that says a fact, pooled over the tiers that ``quantity`` is about."""
    return findings.once("heard", quantity, lambda: _heard(findings, quantity))


def uptake_figure(tables: Tables, findings: Findings, view: View, quantity: str, *, pick: str = "") -> Figure:
    """Each effect against absence, and beside it the share of its samples that took the fact up."""
    where = QUANTITIES[quantity]
    title = f"{tables.title}: effects beside uptake"
    measured = [tables.measure, *(name for name in CHECKS if name in findings.results.measures())]
    heading = heading_of(title, tables.title, findings.results, view, measured)
    own = [e for e in tables.effects if e.quantity == quantity and e.polarity != "placebo"]
    every = [e for e in own if e.against == "absence"] or own
    checks = heard_points(findings, quantity)
    items = [_item(effect, checks) for effect in shown_of(every, view)]
    note = (
        f"Left: effects on the {where}, 95 % intervals. Right: samples that took the fact up.\n"
        "An effect that is not shown is no evidence about a fact that fewer than half took up (dotted line)."
    )
    points = (*(item.effect for item in items), *(check for item in items for check in item.checks))
    lacks = "" if checks else " Neither uptake nor recall is measured: add these metrics; recall asks the model again."
    return Figure(
        name="uptake", heading=heading, points=points, chart=uptake_chart(items, heading, note, pick=pick),
        about=f"{heading.marked}: {len(items)} effects, each with the share of samples that took its fact up",
        caption="Uptake: one sentence of the reasoning hits the fact's anchors (a heuristic). Recall: the model "
        "answers questions about the fact in a fresh call. Wilson intervals over queries."
        f"{lacks} {tables.caption}{hidden_words(view, every)}",
        takeaway=_takeaway(items), lacking="no effect of a fact against absence can be told yet",
    )  # fmt: skip


def _heard(findings: Findings, quantity: str) -> tuple[HeardPoint, ...]:
    results = findings.results
    simulated = {model.model.label: model.simulated for model in results.models}
    interim = {model.model.label for model in results.models if model.kept < len(model.rows)}
    found: list[HeardPoint] = []
    for check in CHECKS:
        if check not in results.measures():
            continue
        for cells in findings.cells(check):
            arms = _arms(cells.conditions, quantity)
            if not arms:
                continue
            y, n = (np.array([table[rows].sum(axis=0) for rows in arms.values()]) for table in (cells.Y_CG, cells.N_CG))
            rates = rate_intervals(y, n)
            for place, (condition, rows) in enumerate(arms.items()):
                if not n[place].any():
                    continue
                found.append(HeardPoint(
                    **arm_fields(condition, findings.library), model=cells.model, of=cells.model,
                    simulated=simulated.get(cells.model, results.simulated), interim=cells.model in interim,
                    check=check, quantity=quantity, value=float(rates.rate[place]), low=float(rates.low[place]),
                    high=float(rates.high[place]), n=int(n[place].sum()), queries=int((n[place] > 0).sum()),
                    unscored=int(cells.unscored_C[rows].sum()), failed=int(cells.failed_C[rows].sum()),
                ))  # fmt: skip
    return tuple(found)


def _arms(conditions: Sequence[Condition], quantity: str) -> dict[Condition, list[int]]:
    """Rows of each arm that says a fact, over the tiers that the quantity is about; its first condition names it."""
    tiers = {tier for tier in Tier if quantity in {tier.value, "gap", "both"}}
    arms: dict[tuple[object, ...], list[int]] = {}
    for row, condition in enumerate(conditions):
        if condition.doses and condition.tier in tiers:
            arms.setdefault((condition.doses, condition.reasoning), []).append(row)
    return {conditions[rows[0]]: rows for rows in arms.values()}


def _item(effect: EffectPoint, checks: Sequence[HeardPoint]) -> Heard:
    own = tuple(c for c in checks if (c.model, c.arm, c.reasoning) == (effect.model, effect.arm, effect.reasoning))
    return Heard(effect=effect, checks=own, verdict=_verdict(effect, own))


def _verdict(effect: EffectPoint, checks: Sequence[HeardPoint]) -> str:
    if effect.interim and not effect.look:
        return "interim"
    if effect.shown:
        return "shown"
    if effect.why:
        return "too few queries"
    if not checks:
        return "not shown; uptake not measured"
    # Knowing a fact is not using it: recall decides only where no reasoning can be read.
    reached = next((c for c in checks if c.check == "uptake"), checks[0]).value >= LEAST
    return "not shown, though taken up" if reached else "not evidence about the fact"


def _takeaway(items: Sequence[Heard]) -> str:
    quiet = [item for item in items if item.verdict.startswith("not ")]
    deaf = [item for item in quiet if item.verdict == "not evidence about the fact"]
    if not items or all(item.verdict == "interim" for item in items):
        return "Interim, not a test." if items else ""
    sure = sum(item.verdict == "shown" for item in items)
    said = f"{sure} of {len(items)} effects are shown by their adjusted test. "
    if not any(item.checks for item in items):
        return said + "Uptake was not measured, so the others say nothing about their facts."
    return said + (
        f"Of the {len(quiet)} that are not shown, {len(deaf)} are not evidence about the fact: fewer than half of the "
        "samples took it up."
    )
