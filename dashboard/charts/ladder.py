"""Rate or gap over salience: one panel a fact, its polarities side by side, intervals computed beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import altair as alt

from dashboard.charts.heading import Heading, title_of
from dashboard.charts.theme import (
    MOST_MARKS,
    POLARITIES,
    Chart,
    Look,
    among,
    colour,
    dashed,
    finish,
    panels,
    rounded_limits,
    shape,
)
from dashboard.charts.words import (
    SIGNED,
    Row,
    amount,
    amounts,
    counts,
    inline,
    percent,
    step,
    tooltip,
)
from dashboard.points import GAP, Point

Across = Literal["level", "breadth", "airtime"]

_MOST = MOST_MARKS // 4
_ASIDE = 0.11  # polarities at one level stand a little beside each other
_LEVELS = "Salience level, 0 absent to 5 emphasised"
_BREADTHS = "Breadth, how many documents say the fact"
_TRAINED = "Documents of the training set that say the fact"
_WIDE = 100  # more documents than a prompt holds: those of a training set
_AIRTIME = "Airtime, the share of the prompt that speaks of it"


def ladder_chart(
    points: Sequence[Point], heading: Heading, *, across: Across = "level", pick: str = ""
) -> Chart | None:
    """Rates (a panel a tier) or gaps over level, breadth or airtime; None where no fact has a value.

    ``points`` are all rates or all gaps, of arms of one fact and of the baseline, which is every line's beginning.
    ``pick`` names a selection whose clicked mark says ``model``, ``arm`` and ``tier``.
    """
    known = [point for point in points if point.value is not None and point.polarity != "mixed"][:_MOST]
    gap = any(point.quantity == GAP for point in known)
    rows = _rows(known, across, gap=gap)
    if not rows:
        return None
    used = among(POLARITIES, {point.polarity for point in known if point.fact})
    span = (-1, 1) if gap else (0, 1)
    limits = rounded_limits([p.low for p in known], [p.high for p in known], span=span)
    scale = alt.Scale(domain=limits, nice=False)
    ticks = alt.Axis(labelExpr=SIGNED, tickCount=6) if gap else alt.Axis(format=".0%", tickCount=6)
    unit = f"{heading.axis or heading.title}: gap in percentage points" if gap else heading.axis or heading.title
    shown = alt.Chart().encode(
        x=_across(rows, across),
        y=alt.Y("value:Q", title=unit, scale=scale, axis=ticks),
        color=colour("polarity", used, "Wording"),
        tooltip=tooltip(("fact", "Fact"), ("step", "Dose"), ("tier", "Gap" if gap else "Tier"), ("shown", "Value"),
                        ("interval", "95 % interval"), ("bounds", "With the lost either way"), ("airtime", "Airtime"),
                        ("model", "Model")),
    )  # fmt: skip
    marks = shown.mark_point(filled=True, size=80, opacity=1).encode(shape=shape("polarity", used, "Wording"))
    if pick:
        marks = marks.add_params(alt.selection_point(name=pick, fields=["model", "arm", "tier"]))
    zero = [alt.Chart().mark_rule(color="#1F2328", strokeWidth=1).encode(y=alt.YDatum(0, scale=scale))] if gap else []
    # Three bands over each other are mud: the bars alone then say how sure the values are.
    bands = [
        shown.transform_filter("datum.band").mark_area(opacity=0.1).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q")
    ] if len(used) < 3 else []  # fmt: skip
    names = list(dict.fromkeys(str(row["panel"]) for row in rows))
    width, height = (400, 280) if len(names) == 1 else (305, 220 if gap or len(names) < 7 else 150)
    chart = alt.layer(
        *zero,
        *bands,
        *dashed(used, shown, "polarity"),
        shown.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q"),
        marks,
        data=inline(rows),
    ).properties(width=width, height=height)
    columns = min(len(names), 2)
    return finish(panels(chart, "panel", names, columns=columns, apart=28), title_of(heading, _note(used)))


def _note(used: dict[str, Look]) -> str:
    beside = " Beside it the placebo twin: as loud, about something irrelevant." if "placebo" in used else ""
    return f"Bars: 95 % intervals for the population of queries.{beside}"


def _across(rows: Sequence[Row], across: Across) -> alt.X:
    if across == "level":
        axis = alt.Axis(values=[0, 1, 2, 3, 4, 5], format="d", grid=False)
        return alt.X("across:Q", title=_LEVELS, scale=alt.Scale(domain=[-0.3, 5.3], nice=False), axis=axis)
    most = max(float(row["across"] or 0) for row in rows)
    if across == "breadth" and most > _WIDE:
        # Doses of training go up by factors; the smallest of them is where the scale turns from linear to log.
        bend = min(float(row["across"] or 0) for row in rows if row["across"])
        wide = alt.Scale(type="symlog", constant=bend, domain=[0, most])
        carried = sorted({float(row["across"] or 0) for row in rows})
        return alt.X("across:Q", title=_TRAINED, scale=wide, axis=alt.Axis(values=carried, format=",d", grid=False))
    if across == "breadth":
        steps = alt.Axis(format="d", tickMinStep=1, grid=False)
        return alt.X("across:Q", title=_BREADTHS, scale=alt.Scale(domain=[-0.3, most + 0.3], nice=False), axis=steps)
    scale = alt.Scale(domain=[-0.005, round(most + 0.01, 2)], nice=False)
    return alt.X("across:Q", title=_AIRTIME, scale=scale, axis=alt.Axis(format=".0%", tickCount=5, grid=False))


def _rows(known: Sequence[Point], across: Across, *, gap: bool) -> list[Row]:
    models = len({point.model for point in known}) > 1
    modes = len({point.reasoning for point in known}) > 1
    polarities = [name for name in POLARITIES if any(p.polarity == name and p.fact for p in known)]
    told = {_held(p, across) for p in known if p.fact}
    lines = dict.fromkeys(
        (p.fact, p.title, p.polarity, _held(p, across), p.model, p.reasoning, p.quantity) for p in known if p.fact
    )
    rows: list[Row] = []
    for fact, title, polarity, hold, *stage in lines:
        here = [p for p in known if [p.model, p.reasoning, p.quantity] == stage]
        own = [p for p in here if (p.fact, p.polarity, _held(p, across)) == (fact, polarity, hold)]
        mine = [*_start(here, own, across), *own]
        model, reasoning, quantity = stage
        parts = [title, *([_held_words(across, hold)] if len(told) > 1 else []), *([] if gap else [quantity]),
                 *([model] if models else []), *([reasoning] if modes else [])]  # fmt: skip
        stepped = across == "level" or (across == "breadth" and all(p.carriers <= _WIDE for p in known))
        aside = (polarities.index(polarity) - (len(polarities) - 1) / 2) * _ASIDE if stepped else 0.0
        # A band between two points would speak of everything between them, of which nothing was sampled.
        band = float(len({_x(point, across) for point in mine}) > 2)
        same: Row = {"panel": " · ".join(parts), "fact": title, "polarity": POLARITIES[polarity].words, "band": band}
        rows += [
            {**same, **_row(point, gap=gap, modes=modes), "across": _x(point, across) + aside}
            for point in sorted(mine, key=lambda p: (_x(p, across), p.airtime))
        ]
    return rows


def _start(here: Sequence[Point], own: Sequence[Point], across: Across) -> list[Point]:
    """Where a line begins: at the baseline; for doses of training at the set of placebo twins alone, if there is one.

    That set has the volume of the others; beside it the line of placebos is the way from the base to it.
    """
    twins = [p for p in here if p.fact == own[0].fact and p.polarity == "placebo" and not p.carriers]
    if across == "breadth" and twins and own[0].polarity != "placebo" and any(p.carriers for p in own):
        return twins
    return [p for p in here if not p.fact]


def _held(point: Point, across: Across) -> tuple[int, str]:
    """What a line holds while it climbs: over levels one breadth, over breadths one level; and one place."""
    return {"level": point.carriers, "breadth": point.level, "airtime": 0}[across], point.place


def _x(point: Point, across: Across) -> float:
    return {"level": point.level, "breadth": point.carriers, "airtime": point.airtime}[across]


def _held_words(across: Across, held: tuple[int, str]) -> str:
    number, place = held
    what = (f"level {number}" if across == "breadth" else f"in {number} documents") if number else ""
    return ", ".join(filter(None, (what, place))) or "shared out"


def _row(point: Point, *, gap: bool, modes: bool) -> Row:
    return {
        "model": point.model, "arm": point.arm, "tier": point.quantity, "step": step(point, modes=modes),
        "value": point.value, "low": point.low, "high": point.high, "shown": amount(point.value, gap=gap),
        "interval": amounts(point.low, point.high, gap=gap),
        "bounds": amounts(point.possible_low, point.possible_high, gap=gap), "airtime": percent(point.airtime),
        **counts(point),
    }  # fmt: skip
