"""The figures of one measure: chart, heading, caption and the points behind it, for pages, reports and exports."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from dashboard.charts.dark import in_dark
from dashboard.charts.effects import effects_chart
from dashboard.charts.heading import Heading
from dashboard.charts.ladder import Across, ladder_chart
from dashboard.charts.rates import rates_chart
from dashboard.charts.theme import Chart
from dashboard.points import BOTH, GAP, EffectPoint, Point
from dashboard.results import Results
from dashboard.tables import Tables
from facts.condition import Channel
from runners import metrics

PICK = "pick"
OVER: dict[Across, str] = {"level": "salience", "breadth": "breadth", "airtime": "airtime"}
P = TypeVar("P", Point, EffectPoint)
QUANTITIES = {
    GAP: "gap (unmonitored − monitored)", "monitored": "monitored tier", "unmonitored": "unmonitored tier",
    BOTH: "mean of both tiers",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the reader chose: the ladder's and the effects' ``quantity``, the ladder's x-axis, models (empty: all)."""

    quantity: str = GAP
    across: Across = "level"
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """``chart`` is None where there is nothing to draw yet; ``about`` is one sentence for those who cannot see it."""

    name: str
    heading: Heading
    about: str
    caption: str
    chart: Chart | None
    points: tuple[Point, ...] | tuple[EffectPoint, ...]

    @property
    def spec(self) -> str:
        """The Vega-Lite specification as JSON, its data inside. Raises ``ValueError`` without a chart."""
        return self.spec_in(dark=False)

    def spec_in(self, *, dark: bool) -> str:
        """``spec`` on a light or a dark ground; nothing but colours differs."""
        return json.dumps(self.drawn(dark=dark), ensure_ascii=False, sort_keys=True, indent=1)

    def drawn(self, *, dark: bool) -> dict[str, object]:
        """The specification as a page takes it. Raises ``ValueError`` without a chart."""
        if self.chart is None:
            raise ValueError(f"figure {self.name!r} has nothing to draw")
        # Checking every value against Vega-Lite's schema takes longer than drawing; the tests check the charts once.
        spec = cast("dict[str, object]", self.chart.to_dict(validate=False))
        return in_dark(spec) if dark else spec


def figures(tables: Tables, results: Results, view: View, *, pick: str = "") -> tuple[Figure, ...]:
    """Rates, ladder, effects, and the ladder over breadth where documents carry.

    ``pick`` makes marks clickable under that name.
    """
    if results.comparison.channel is Channel.FINE_TUNING:
        view = replace(view, across="breadth")  # prompts have no level to climb
    quantity = view.quantity if view.quantity in tables.quantities else next(iter(tables.quantities), GAP)
    where = QUANTITIES[quantity]
    rates = _of(tables.rates, view)
    steps = [p for p in (tables.gaps if quantity == GAP else tables.rates) if quantity in {p.quantity, BOTH}]
    steps = _of(steps, view)
    effects = tuple(effect for effect in _of(tables.effects, view) if effect.quantity == quantity)
    found = (
        rates_figure(rates, _heading(f"{tables.title}, by what the prompt says", tables, results, view), pick),
        ladder_figure(
            steps, _heading(f"{tables.title}: {where} over {OVER[view.across]}", tables, results, view), view, pick
        ),
        effects_figure(
            effects, _heading(f"{tables.title}: effect on the {where}", tables, results, view), tables.caption, pick
        ),
    )
    if view.across == "breadth" or not tables.broad:
        return found
    title = f"{tables.title}: {where} over breadth"
    broad = ladder_figure(steps, _heading(title, tables, results, view), replace(view, across="breadth"), pick)
    return (*found, replace(broad, name="breadth"))


def rates_figure(points: tuple[Point, ...], heading: Heading, pick: str = "") -> Figure:
    """Rate by condition and tier."""
    arms = len({point.arm for point in points})
    return Figure(
        name="rates", heading=heading, about=f"{heading.marked}: rates of {arms} arms with 95 % intervals",
        caption=_counts(points) + " Interval: Wilson, with the sample size that the likeness of samples within a query "
        "leaves (statistics in methods.md).",
        chart=rates_chart(points, heading, pick=pick), points=points,
    )  # fmt: skip


def ladder_figure(points: tuple[Point, ...], heading: Heading, view: View, pick: str = "") -> Figure:
    """Rate or gap over level or airtime."""
    return Figure(
        name="ladder", heading=heading, about=f"{heading.marked}: one panel a fact, beside its placebo twin",
        caption=_counts(points), chart=ladder_chart(points, heading, across=view.across, pick=pick), points=points,
    )  # fmt: skip


def effects_figure(points: tuple[EffectPoint, ...], heading: Heading, family: str, pick: str = "") -> Figure:
    """Each effect against absence and against its placebo twin."""
    return Figure(
        name="effects", heading=heading, about=f"{heading.marked}: {len(points)} effects with 95 % intervals",
        caption=family, chart=effects_chart(points, heading, pick=pick), points=points,
    )  # fmt: skip


def strongest(points: Iterable[EffectPoint]) -> tuple[EffectPoint, ...]:
    """The effects whose adjusted test allows a claim, the surest first; none while samples are missing."""
    return tuple(sorted((p for p in points if p.shown), key=lambda p: (p.p_adjusted or 0, -abs(p.value or 0))))


def slopes_over(points: Iterable[EffectPoint], view: View) -> tuple[EffectPoint, ...]:
    """The slopes over what the ladder climbs, of the models shown; those of which something can be said."""
    kinds = {"level": ("slope", "gap_slope"), "breadth": ("breadth_slope", "breadth_gap_slope"),
             "airtime": ("airtime_slope", "airtime_gap_slope")}[view.across]  # fmt: skip
    return tuple(point for point in _of(points, view) if point.kind in kinds and point.value is not None)


def _heading(title: str, tables: Tables, results: Results, view: View) -> Heading:
    chosen = [m for m in results.models if not view.models or m.model.label in view.models]
    labels = ", ".join(model.model.label for model in chosen)
    c = results.comparison
    judged = metrics.find(results.measures()[tables.measure]).KIND == "judge"
    judge = f" · judged by {results.judge.label}" if judged and results.judge else ""
    return Heading(
        title=title, axis=tables.title, source=f"{c.name} · {c.setting} · {labels}{judge}",
        simulated=any(m.simulated for m in chosen) or (bool(judge) and results.judge_simulated),
        kept=sum(m.kept for m in chosen), planned=sum(len(m.rows) for m in chosen),
    )  # fmt: skip


def _of(points: Iterable[P], view: View) -> tuple[P, ...]:
    return tuple(point for point in points if not view.models or {point.model, point.of} & set(view.models))


def _counts(points: tuple[Point, ...]) -> str:
    if not points:
        return "Nothing is scored yet."
    least, most = min(p.n for p in points), max(p.n for p in points)
    unscored, failed = sum(p.unscored for p in points), sum(p.failed for p in points)
    queries = max(p.queries for p in points)
    n = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return (f"n = {n} scored samples a point over {queries} queries; {unscored:,} unscored, "
            f"{failed:,} failed or missing.")  # fmt: skip
