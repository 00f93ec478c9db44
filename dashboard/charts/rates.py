"""Rate by condition and tier with its interval: the paper's figure, arms grouped under their fact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import altair as alt

from dashboard.charts.heading import Heading, title_of
from dashboard.charts.lines import Lines, lay_out, line_labels, line_scale
from dashboard.charts.theme import (
    MOST_MARKS,
    SOFT,
    TIERS,
    Chart,
    Look,
    among,
    colour,
    finish,
    panels,
    rounded_limits,
    shape,
)
from dashboard.charts.words import Row, counts, inline, interval, percent, step, tooltip
from dashboard.points import GAP, Point
from dashboard.published import Published

_MOST = MOST_MARKS // 6  # a point, its interval and its baseline, and the labels
_PUBLISHED = "Published, for reference"
_NOTE = "Bars: 95 % intervals for the population of queries. Dotted: the baseline without any fact."


def rates_chart(
    points: Sequence[Point], heading: Heading, *, pick: str = "", published: Sequence[Published] = ()
) -> Chart | None:
    """One line an arm, one mark a tier, one column a model; None where no rate is known.

    ``published`` rates stand below the others, hollow and grey. ``pick`` names a selection whose clicked mark says
    ``model``, ``arm`` and ``tier``.
    """
    known = [point for point in points if point.quantity != GAP and point.value is not None][:_MOST]
    if not known:
        return None
    models = list(dict.fromkeys(point.model for point in known))
    modes = len({point.reasoning for point in known}) > 1
    used = among(TIERS, {point.quantity for point in known} | {one.quantity for one in published})
    lines = _with_published(lay_out(known, modes=modes), published)
    rows = _rows(known, lines, models, published, modes=modes)
    lows, highs = zip(*((p.low, p.high) for p in known), *map(_limits, published), strict=True)
    limits = rounded_limits(lows, highs, span=(0, 1))
    # Every layer names the scale: one that leaves it to Vega would stretch it to zero.
    scale = alt.Scale(domain=limits, nice=False)
    across = alt.X("rate:Q", title=heading.axis or heading.title, scale=scale,
                   axis=alt.Axis(format=".0%", tickCount=5, labelOverlap=True))  # fmt: skip
    shown = alt.Chart().encode(
        x=across, y=line_scale(lines), yOffset=alt.YOffset("tier:N", scale=alt.Scale(domain=_words(used))),
        color=colour("tier", used, "Tier"),
        tooltip=tooltip(("fact", "Fact"), ("step", "Dose"), ("tier", "Tier"), ("shown", "Rate"),
                        ("interval", "95 % interval"), ("bounds", "With the lost either way"), ("airtime", "Airtime"),
                        ("model", "Model")),
    )  # fmt: skip
    marks = shown.mark_point(filled=True, size=95, opacity=1).encode(shape=shape("tier", used, "Tier"))
    if pick:
        marks = marks.add_params(alt.selection_point(name=pick, fields=["model", "arm", "tier"]))
    chart = alt.layer(
        alt.Chart().mark_rule(strokeWidth=1.5, opacity=0.6, strokeDash=[2, 3]).encode(
            x=alt.X("mean(baseline):Q", scale=scale), color=colour("tier", used, "Tier")
        ),
        shown.mark_rule(strokeWidth=2.5).encode(x=alt.X("low:Q", scale=scale), x2="high:Q"),
        marks,
        *(_grey(shown, used, scale) if published else ()),
        *line_labels(lines),
        data=inline(rows),
    ).properties(width=540 if len(models) == 1 else 320, height=lines.height)  # fmt: skip
    titled = title_of(heading, _NOTE)
    return finish(panels(chart, "model", models, apart=36) if len(models) > 1 else chart, titled)


def _words(used: dict[str, Look]) -> list[str]:
    return [look.words for look in used.values()]


def _with_published(lines: Lines, published: Sequence[Published]) -> Lines:
    first = len(lines.number) + len(lines.headings)
    names = dict.fromkeys(_name(one) for one in published)
    if not names:
        return lines
    number = {(_PUBLISHED, name): first + 1 + place for place, name in enumerate(names)}
    return replace(lines, number={**lines.number, **number}, headings={**lines.headings, first: _PUBLISHED})


def _name(one: Published) -> str:
    return f"{one.model} · {one.variant}"


def _limits(one: Published) -> tuple[float, float]:
    half = 1.96 * (one.error or 0.0)
    return max(one.value - half, 0.0), min(one.value + half, 1.0)


def _grey(shown: alt.Chart, used: dict[str, Look], scale: alt.Scale) -> list[alt.Chart]:
    about = [alt.Tooltip(field=name, title=title) for name, title in
             (("fact", "Published"), ("tier", "Tier"), ("shown", "Rate"), ("source", "Source"))]  # fmt: skip
    grey = shown.encode(color=alt.value(SOFT), tooltip=about)
    return [
        grey.mark_rule(strokeWidth=1.3).encode(x=alt.X("from:Q", scale=scale), x2="to:Q"),
        grey.mark_point(filled=False, size=80, strokeWidth=1.8, opacity=1).encode(
            x=alt.X("published:Q", scale=scale), shape=shape("tier", used, "Tier")
        ),
    ]


def _published_rows(published: Sequence[Published], lines: Lines, models: list[str]) -> list[Row]:
    rows: list[Row] = []
    for model in models:
        labelled: set[int] = set()
        for one in published:
            line = lines.number[_PUBLISHED, _name(one)]
            label = _name(one) if model == models[0] and line not in labelled else ""
            labelled.add(line)
            low, high = _limits(one)
            rows.append({
                "model": model, "tier": TIERS[one.quantity].words, "line": str(line), "label": label, "heading": "",
                "fact": _name(one), "shown": percent(one.value), "published": one.value, "from": low, "to": high,
                "source": one.source,
            })  # fmt: skip
    return rows


def _rows(
    known: Sequence[Point], lines: Lines, models: list[str], published: Sequence[Published], *, modes: bool
) -> list[Row]:
    rows: list[Row] = []
    labelled: set[int] = set()
    for point in known:
        name = step(point, modes=modes)
        line = lines.number[point.fact, name]
        label = name if point.model == models[0] and line not in labelled else ""
        labelled.add(line)
        same = (point.model, point.quantity, point.reasoning)
        baseline = (p.value for p in known if not p.fact and (p.model, p.quantity, p.reasoning) == same)
        rows.append({
            "model": point.model, "arm": point.arm, "tier": TIERS[point.quantity].words, "line": str(line),
            "label": label, "heading": "", "fact": point.title, "step": name, "rate": point.value, "low": point.low,
            "high": point.high, "baseline": next(baseline, None), "shown": percent(point.value),
            "interval": interval(point.low, point.high), "bounds": interval(point.possible_low, point.possible_high),
            "airtime": percent(point.airtime), **counts(point),
        })  # fmt: skip
    return [*rows, *_published_rows(published, lines, models), *lines.heading_rows(models[0], list(rows[0]))]
