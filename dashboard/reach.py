"""Whether the facts of an arm reached the model, with an interval; and the figure of effects beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from dashboard.arm_points import HeardPoint, arm_fields
from dashboard.charts.uptake import CHECKS, Heard, uptake_chart
from dashboard.charts.words import untested
from dashboard.effects.rates import rate_intervals
from dashboard.family import family_words, many
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
    of = [e for e in tables.effects if e.quantity == quantity]
    own = [e for e in of if e.polarity != "placebo"]
    every = [e for e in own if e.against == "absence"] or own
    checks = heard_points(findings, quantity)
    items = [_item(effect, checks) for effect in shown_of(every, view)]
    note = (
        f"Left: effects on the {where}, 95 % intervals. Right: samples that took it up.\n"
        "No evidence about a fact: no effect shown, uptake surely below half (dotted line), and no recall."
    )
    points = (*(item.effect for item in items), *(check for item in items for check in item.checks))
    lacks = "" if checks else " Neither uptake nor recall is measured: add these metrics; recall asks the model again."
    return Figure(
        name="uptake", heading=heading, points=points, chart=uptake_chart(items, heading, note, pick=pick),
        about=f"{heading.marked}: {len(items)} effects, each with the share of samples that took its fact up",
        caption="Uptake: one sentence of the reasoning hits the fact's anchors (a heuristic). Recall: the model "
        "answers questions about the fact in a fresh call. Wilson intervals over queries."
        f"{lacks} {family_words(of, tables)}{hidden_words(view, every)}",
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
        return untested(effect)
    return _reached(checks) if checks else "not shown; uptake not measured"


def _reached(checks: Sequence[HeardPoint]) -> str:
    """Whether the fact of an effect that is not shown was there for the model, as far as that can be told."""
    uptake = next((c for c in checks if c.check == "uptake"), None)
    recall = next((c for c in checks if c.check == "recall"), None)
    # Knowing a fact is not using it: recall alone decides only where no reasoning can be read. But uptake is read by a
    # heuristic that misses much: a fact that is known may have been used in other words.
    deciding = uptake or checks[0]
    if deciding.low >= LEAST:
        return "not shown, though taken up" if uptake else "not shown, though known"
    if deciding.high >= LEAST:
        return _AROUND
    return _KNOWN if uptake and recall and recall.value >= LEAST else _DEAF


_DEAF, _KNOWN, _AROUND = "not evidence about the fact", "undecided: recalled, not taken up", "undecided: around half"


def _takeaway(items: Sequence[Heard]) -> str:
    counted = Counter(item.verdict for item in items)
    if not items or all(item.verdict == "interim" for item in items):
        return "Interim, not a test." if items else ""
    of = f"{many(len(items), 'effect')} against {items[0].effect.against}"
    said = f"Of {of}, {counted['shown']} shown by the adjusted test. "
    if not any(item.checks for item in items):
        return said + "Uptake was not measured, so the others say nothing about their facts."
    parts = [(_DEAF, "no evidence about their facts, because fewer than half of the samples surely took them up"),
             (_KNOWN, "undecided: the fact is recalled, but the heuristic finds it in few reasonings"),
             (_AROUND, "undecided: the interval of uptake crosses one half"),
             ("not shown, though taken up", "not shown though the fact was taken up"),
             ("not shown, though known", "not shown though the fact was known")]  # fmt: skip
    without = sum(bool(item.effect.why) for item in items)
    rest = [f"{counted[verdict]} {words}" for verdict, words in parts if counted[verdict]]
    rest += [f"{without} untestable"] if without else []
    return f"{said}The others: {'; '.join(rest)}." if rest else said.strip()
