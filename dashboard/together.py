"""What two facts do together beyond the sum of each: the interactions of a design that has pairs, as a heat map."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.charts.interactions import Cell, interactions_chart
from dashboard.family import left_words, many, why_untested
from dashboard.figure import QUANTITIES, Figure, View, heading_of, hidden_words, shown_of, strongest
from dashboard.points import EffectPoint
from dashboard.results import Results
from dashboard.tables import Tables


def interactions_figure(tables: Tables, results: Results, view: View, quantity: str, *, pick: str = "") -> Figure:
    """Each pair of facts: estimate, adjusted p or that it is not shown."""
    where = QUANTITIES[quantity]
    heading = heading_of(f"{tables.title}: interactions in the {where}", tables.title, results, view, [tables.measure])
    every = [e for e in tables.interactions if e.quantity == quantity]
    points = shown_of(every, view)
    titles = {p.fact: p.title for p in tables.rates}
    cells = [cell for point in points if (cell := _cell(point, titles, points))]
    size = max((p.family for p in every), default=0)
    return Figure(
        name="interactions", heading=heading, points=points, chart=interactions_chart(cells, heading, pick=pick),
        about=f"{heading.marked}: {len(points)} pairs of facts, beyond the sum of each",
        caption=f"A family of {size} interactions in this comparison ({tables.adjustment.label}, sign flips over "
        "queries). An interaction needs about four times the samples of a main effect of the same size."
        + hidden_words(view, every), takeaway=_takeaway(points),
        lacking="interactions need a design with pairs: factorial or pairwise, with two facts or more",
    )  # fmt: skip


def _cell(point: EffectPoint, titles: dict[str, str], points: Sequence[EffectPoint]) -> Cell | None:
    facts, doses = point.fact.split(" + "), point.arm.split(" + ")
    if len(facts) != 2 or len(doses) != 2:
        return None
    # A fact at several levels or polarities is told apart by its dose.
    seen: dict[str, set[str]] = {}
    for other in points:
        for fact, dose in zip(other.fact.split(" + "), other.arm.split(" + "), strict=False):
            seen.setdefault(fact, set()).add(dose)
    names = [titles.get(fact, fact) if len(seen[fact]) == 1 else f"{titles.get(fact, fact)}: {dose.partition(' ')[2]}"
             for fact, dose in zip(facts, doses, strict=True)]  # fmt: skip
    return Cell(effect=point, one=names[0], other=names[1])


def _takeaway(points: Sequence[EffectPoint]) -> str:
    if not points:
        return ""
    if any(p.interim and not p.look for p in points):
        return "Interim, not a test."
    sure = strongest(points)
    if not sure:
        if all(point.why for point in points):
            return f"None of {many(len(points), 'interaction')} could be tested: {why_untested(points)}."
        return (f"Of {many(len(points), 'interaction')} none is shown, which does not show that facts simply add up"
                f"{left_words(points)}.")  # fmt: skip
    of = many(len(points), "interaction")
    return f"Of {of}, {len(sure)} shown by the adjusted test{left_words(points)}. The surest: {sure[0].takeaway}"
