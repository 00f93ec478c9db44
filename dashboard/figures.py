"""The figures of one measure that every comparison has: rates, dose curves and effects, with captions and takeaways."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dashboard.charts.effects import effects_chart
from dashboard.charts.heading import Heading
from dashboard.charts.ladder import Across, ladder_chart
from dashboard.charts.rates import rates_chart
from dashboard.charts.words import difference, difference_interval, interval, percent
from dashboard.family import family_words, left_words, many, waiting, why_untested
from dashboard.figure import (
    MEANS,
    PICK,
    QUANTITIES,
    Figure,
    View,
    counts_words,
    heading_of,
    hidden_words,
    shown_of,
    strongest,
)
from dashboard.points import BOTH, GAP, EffectPoint, Point
from dashboard.published import Published
from dashboard.results import Results
from dashboard.tables import Tables
from facts.condition import Channel

__all__ = ["PICK", "QUANTITIES", "Figure", "View", "effects_figure", "figures", "ladder_figure", "rates_figure",
           "slopes_over", "strongest"]  # fmt: skip
OVER: dict[Across, str] = {"level": "salience", "breadth": "breadth", "airtime": "airtime"}
_KINDS = {"level": ("slope", "gap_slope"), "breadth": ("breadth_slope", "breadth_gap_slope"),
          "airtime": ("airtime_slope", "airtime_gap_slope")}  # fmt: skip
NOTHING_SHOWN = "none is shown, which does not show that there is none"


def figures(tables: Tables, results: Results, view: View, *, pick: str = "") -> tuple[Figure, ...]:
    """Rates, ladder, effects, and the ladder over breadth where documents carry.

    ``pick`` makes marks clickable under that name.
    """
    found = (rates_of(tables, results, view, pick=pick), ladder_of(tables, results, view, pick=pick),
             effects_of(tables, results, view, pick=pick))  # fmt: skip
    if _across(results, view) == "breadth" or not tables.broad:
        return found
    broad = ladder_of(tables, results, replace(view, across="breadth"), pick=pick)
    return (*found, replace(broad, name="breadth"))


def quantity_of(tables: Tables, view: View) -> str:
    """The quantity that the reader chose, or the first one that this measure has."""
    return view.quantity if view.quantity in tables.quantities else next(iter(tables.quantities), GAP)


def rates_of(
    tables: Tables, results: Results, view: View, *, published: Sequence[Published] = (), pick: str = ""
) -> Figure:
    """Rate by condition and tier, beside published figures where they are given."""
    heading = heading_of(f"{tables.title}, by what the prompt says", tables.title, results, view, [tables.measure])
    found = rates_figure(shown_of(tables.rates, view), heading, pick, published)
    caption = found.caption + hidden_words(view, tables.rates, tested=False)
    return replace(found, caption=caption, takeaway=_baselines(tables, view))


def rates_figure(
    points: tuple[Point, ...], heading: Heading, pick: str = "", published: Sequence[Published] = ()
) -> Figure:
    """Rate by condition and tier."""
    arms = len({point.arm for point in points})
    beside = "".join(f" {text}." for text in dict.fromkeys(one.source for one in published))
    return Figure(
        name="rates", heading=heading, about=f"{heading.marked}: rates of {arms} arms with 95 % intervals",
        caption=counts_words(points) + " Interval: Wilson, with the sample size that the likeness of samples within a "
        f"query leaves (statistics in methods.md). {MEANS}{beside}",
        chart=rates_chart(points, heading, pick=pick, published=published), points=points,
        lacking="no sample is scored on this measure yet",
    )  # fmt: skip


def ladder_of(tables: Tables, results: Results, view: View, *, pick: str = "") -> Figure:
    """Rate or gap over level, breadth or airtime."""
    view = replace(view, across=_across(results, view))
    quantity = quantity_of(tables, view)
    title = f"{tables.title}: {QUANTITIES[quantity]} over {OVER[view.across]}"
    steps = [p for p in (tables.gaps if quantity == GAP else tables.rates) if quantity in {p.quantity, BOTH}]
    heading = heading_of(title, tables.title, results, view, [tables.measure])
    found = ladder_figure(shown_of(steps, view), heading, view, pick)
    slopes = [slope for slope in slopes_over(tables.slopes, view) if slope.quantity == quantity]
    said = _slopes(slopes, view) if found.chart else ""
    return replace(found, caption=found.caption + hidden_words(view, steps), takeaway=said)


def ladder_figure(points: tuple[Point, ...], heading: Heading, view: View, pick: str = "") -> Figure:
    """Rate or gap over level or airtime."""
    return Figure(
        name="ladder", heading=heading, about=f"{heading.marked}: one panel a fact, beside its placebo twin",
        caption=f"{counts_words(points)} {MEANS}", chart=ladder_chart(points, heading, across=view.across, pick=pick),
        points=points, lacking="nothing is scored yet, or this measure is not read in the tiers that are chosen",
    )  # fmt: skip


def effects_of(tables: Tables, results: Results, view: View, *, pick: str = "") -> Figure:
    """Each effect against absence and against its placebo twin."""
    quantity = quantity_of(tables, view)
    every = [effect for effect in tables.effects if effect.quantity == quantity]
    title = f"{tables.title}: effect on the {QUANTITIES[quantity]}"
    heading = heading_of(title, tables.title, results, view, [tables.measure])
    caption = family_words(every, tables) + hidden_words(view, every)
    found = effects_figure(shown_of(every, view), heading, caption, pick)
    return replace(found, takeaway=effects_words(every, view, tables))


def effects_figure(points: tuple[EffectPoint, ...], heading: Heading, family: str, pick: str = "") -> Figure:
    """Each effect against absence and against its placebo twin."""
    return Figure(
        name="effects", heading=heading, about=f"{heading.marked}: {len(points)} effects with 95 % intervals",
        caption=family, chart=effects_chart(points, heading, pick=pick), points=points,
        lacking="no effect can be told yet: nothing is scored, or the comparison has no arm to read another against",
    )  # fmt: skip


def effects_words(every: Sequence[EffectPoint], view: View, tables: Tables) -> str:
    """How many of the effects their adjusted tests show, and the surest in full."""
    points = shown_of(every, view)
    if not points:
        return ""
    if waiting(points, tables):
        return f"Interim, not a test: {many(len(points), 'effect')} watched."
    sure, of = strongest(points), f"{many(len(points), 'effect')} on the {QUANTITIES[points[0].quantity]}"
    if all(point.why for point in points):
        return f"None of {of} could be tested: {why_untested(points)}."
    if not sure:
        return f"Of {of}, {NOTHING_SHOWN}{left_words(points)}."
    return f"Of {of}, {len(sure)} shown by the adjusted test{left_words(points)}. The surest: {sure[0].takeaway}"


def slopes_over(points: Iterable[EffectPoint], view: View) -> tuple[EffectPoint, ...]:
    """The slopes over what the ladder climbs, of the models shown; those of which something can be said."""
    kinds = _KINDS[view.across]
    return tuple(point for point in shown_of(points, view) if point.kind in kinds and point.value is not None)


def _across(results: Results, view: View) -> Across:
    # Prompts that carry no dose have no level to climb.
    return "breadth" if results.comparison.channel is Channel.FINE_TUNING else view.across


def _slopes(slopes: Sequence[EffectPoint], view: View) -> str:
    if not slopes:
        return (f"No slope over {OVER[view.across]} can be told: that takes three steps of a fact, absence among them. "
                "What single steps do is under Effects.")  # fmt: skip
    sure, of = strongest(slopes), f"{many(len(slopes), 'slope')} over {OVER[view.across]}"
    if any(s.interim and not s.look for s in slopes):
        return f"Interim, not a test: {of} watched."
    if all(slope.why for slope in slopes):
        return f"None of {of} could be tested: {why_untested(slopes)}."
    if not sure:
        return f"Of {of}, {NOTHING_SHOWN}{left_words(slopes)}."
    return f"Of {of}, {len(sure)} shown by the adjusted test{left_words(slopes)}. The surest: {sure[0].takeaway}"


def _baselines(tables: Tables, view: View) -> str:
    """What the first model does without any fact: rates with intervals, no test."""
    bases = [p for p in shown_of(tables.rates, view) if not p.fact and p.value is not None]
    first = [p for p in bases if (p.model, p.reasoning) == (bases[0].model, bases[0].reasoning)]
    rates = ", ".join(f"{percent(p.value)} {p.quantity} ({interval(p.low, p.high)})" for p in first)
    gap = next((p for p in tables.gaps if first and not p.fact and p.value is not None
                and (p.model, p.reasoning) == (first[0].model, first[0].reasoning)), None)  # fmt: skip
    between = f"; gap {difference(gap.value)} ({difference_interval(gap.low, gap.high)})" if gap else ""
    return f"{first[0].model} without any fact: {rates}{between}. Intervals, not tests." if first else ""
