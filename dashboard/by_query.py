"""One effect query by query: what each query alone says of it, which is no test, and how far queries differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dashboard.arm_points import QueryPoint
from dashboard.charts.queries import queries_chart
from dashboard.charts.words import arm_words
from dashboard.effects.cells import Cells
from dashboard.effects.contrasts import query_contrasts, shared_queries
from dashboard.effects.planned import Planned, planned, weight_matrix
from dashboard.figure import QUANTITIES, Figure, View, heading_of, shown_of, strongest
from dashboard.findings import Findings
from dashboard.points import BOTH, GAP, EffectPoint
from dashboard.tables import Tables

_KINDS = {"difference", "level_shift", "gap_change", "main_effect", "main_gap_change"}


def effect_names(tables: Tables, view: View, quantity: str) -> list[str]:
    """The effects whose queries can be shown, the surest first."""
    every = [e for e in shown_of(tables.effects, view) if e.quantity == quantity and e.value is not None]
    sure = strongest(every)
    return list(dict.fromkeys(effect_name(e, tables) for e in (*sure, *every)))


def effect_name(effect: EffectPoint, tables: Tables) -> str:
    """An effect in words, the same for every model."""
    modes = len({e.reasoning for e in tables.effects}) > 1
    return f"{effect.arm} against {effect.against}{f', {effect.reasoning}' if modes else ''}"


def queries_figure(tables: Tables, findings: Findings, view: View, quantity: str, *, pick: str = "") -> Figure:
    """The chosen effect's difference in each query, sorted."""
    names = effect_names(tables, view, quantity)
    name = view.effect if view.effect in names else next(iter(names), "")
    means = [e for e in shown_of(tables.effects, view) if e.quantity == quantity and effect_name(e, tables) == name]
    points = query_points(findings, tables.measure, means)
    heading = heading_of(f"{tables.title}, query by query", tables.title, findings.results, view, [tables.measure])
    said = next((f"{arm_words(e)} against {e.against}" for e in means), name)
    note = (
        f"{said}, {QUANTITIES[quantity]}\nQueries from the lowest difference to the highest; single queries are not "
        "tests.\nBand: mean of all with its 95 % interval."
    )
    return Figure(
        name="queries", heading=heading, points=points, chart=queries_chart(points, means, heading, note, pick=pick),
        about=f"{heading.marked}, {said}: {len(points)} differences of single queries around their mean",
        caption="Each query's own difference from its few samples, sorted; queries that lack a condition are left out. "
        "The lowest and the highest are extreme by chance as well. Claims rest on the test over all queries.",
        takeaway=" ".join(_takeaway(mean, points) for mean in means[:2]),
        lacking="no effect can be told yet: nothing is scored, or the comparison has no arm to read another against",
    )  # fmt: skip


def query_points(findings: Findings, measure: str, effects: Sequence[EffectPoint]) -> tuple[QueryPoint, ...]:
    """What every query alone says of these effects."""
    groups = dict(zip(findings.results.queries, findings.results.groups, strict=True))
    tables = {cells.model: cells for cells in findings.cells(measure)}
    found: list[QueryPoint] = []
    for effect in effects:
        cells = tables.get(effect.model)
        contrast = _contrast(effect, cells, findings) if cells is not None else None
        if cells is None or contrast is None:
            continue
        c_KC = weight_matrix((contrast,), len(cells.conditions))
        values = query_contrasts(cells.Y_CG, cells.N_CG, c_KC)[0]
        used = np.flatnonzero(shared_queries(cells.N_CG, c_KC)[0])
        rows = np.flatnonzero(c_KC[0])
        n, unscored, failed = (table[rows].sum(axis=0) for table in (cells.N_CG, cells.unscored_CG, cells.failed_CG))
        found += [
            QueryPoint(
                model=effect.model, of=effect.of, simulated=effect.simulated, interim=effect.interim, arm=effect.arm,
                fact=effect.fact, title=effect.title, level=effect.level, polarity=effect.polarity,
                reasoning=effect.reasoning, carriers=effect.carriers, place=effect.place, measure=measure,
                quantity=effect.quantity, against=effect.against, query=cells.queries[g],
                group=groups.get(cells.queries[g], ""), value=float(values[g]), n=int(n[g]),
                unscored=int(unscored[g]), failed=int(failed[g]),
            )
            for g in used
        ]  # fmt: skip
    return tuple(found)


def _contrast(effect: EffectPoint, cells: Cells, findings: Findings) -> Planned | None:
    """The weights behind an effect of a table."""
    for item in findings.once("planned", f"{cells.measure}\n{cells.model}", lambda: planned(cells.conditions)):
        if item.kind.value != effect.kind or item.kind.value not in _KINDS:
            continue
        quantity = GAP if "gap" in item.kind.value else item.tier.value if item.tier else BOTH
        arm = " + ".join(str(dose) for dose in item.world.doses) or "baseline"
        same = (arm, item.world.against.value, quantity, item.baseline.reasoning.value)
        if same == (effect.arm, effect.against, effect.quantity, effect.reasoning):
            return item
    return None


def _takeaway(mean: EffectPoint, points: Sequence[QueryPoint]) -> str:
    own = [p.value for p in points if p.model == mean.model]
    up, down = sum(value > 0 for value in own), sum(value < 0 for value in own)
    return (f"{mean.takeaway} Of {len(own)} queries {up} lie above zero, {down} below and {len(own) - up - down} at "
            "zero; single queries are not tests.") if own else ""  # fmt: skip
