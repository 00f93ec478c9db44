"""Stacked outcomes: one bar a condition and tier, whose segments say how every planned sample ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import altair as alt

from dashboard.arm_points import OutcomePoint
from dashboard.charts.heading import Heading, title_of
from dashboard.charts.lines import Lines, lay_out, line_labels, line_scale
from dashboard.charts.theme import MOST_MARKS, SOFT, TIERS, Chart, Look, among, finish, panels
from dashboard.charts.words import Row, inline, step

UNSCORED, FAILED = "unscored", "failed or missing"
# Okabe & Ito 2008; faking is the stronger colour of each pair but one: scheming stands out.
OUTCOMES: Mapping[str, Look] = {
    "refused": Look(words="refused", colour="#56B4E9", shape="square"),
    "refused + faking": Look(words="refused + faking", colour="#0072B2", shape="square"),
    "partial": Look(words="partial", colour="#F0E442", shape="square"),
    "partial + faking": Look(words="partial + faking", colour="#E69F00", shape="square"),
    "complied": Look(words="complied", colour="#009E73", shape="square"),
    "complied + faking": Look(words="complied + faking", colour="#D55E00", shape="square"),
    "complied, reasoning unknown": Look(words="complied, reasoning unknown", colour="#CC79A7", shape="square"),
    "did not comply, reasoning unknown": Look(
        words="did not comply, reasoning unknown", colour="#B9A6D3", shape="square"
    ),
    "unparseable": Look(words="unparseable", colour="#6B6B6B", shape="square"),
    UNSCORED: Look(words=UNSCORED, colour="#C3CAD1", shape="square"),
    FAILED: Look(words=FAILED, colour="#E4E7EA", shape="square"),
}
_DARK = {"refused + faking", "complied", "complied + faking", "unparseable"}  # segments whose numbers are light
_BLACK = "#0B0F14"  # on bright segments, whatever the ground
_LEAST = 0.07  # shares that have room for their number
_MOST = MOST_MARKS // 12


def outcomes_chart(points: Sequence[OutcomePoint], heading: Heading, *, pick: str = "") -> Chart | None:
    """One line an arm, a bar a tier, one column a model; None where nothing was planned.

    ``pick`` names a selection whose clicked mark says ``model``, ``arm`` and ``tier``.
    """
    if not points:
        return None
    models = list(dict.fromkeys(point.model for point in points))
    modes = len({point.reasoning for point in points}) > 1
    used = among(OUTCOMES, {point.outcome for point in points})
    tiers = among(TIERS, {point.quantity for point in points})
    lines = replace(lay_out(points, modes=modes), marks=len(tiers), each=18)
    names = list(used)
    rows = _rows(points, lines, models, modes=modes)
    scale = alt.Scale(domain=[0, 1], nice=False)
    folded = alt.Chart().transform_filter("isValid(datum.total)").transform_fold([*names], as_=["outcome", "share"])
    folded = folded.transform_filter("datum.share > 0")
    number = f"datum.share >= {_LEAST} ? format(100 * datum.share, '.0f') : ''"
    light = f"indexof({[name for name in names if name in _DARK]!r}, datum.outcome) >= 0"
    folded = folded.transform_calculate(
        order=f"indexof({names!r}, datum.outcome)", n="round(datum.share * datum.total)",
        light=f"{light} ? ({number}) : ''", dark=f"{light} ? '' : ({number})",
    )  # fmt: skip
    offset = alt.YOffset("tier:N", scale=alt.Scale(domain=list(tiers), paddingInner=0.12))
    across = alt.X(
        "share:Q", stack="zero", title=heading.axis, scale=scale, axis=alt.Axis(format=".0%", tickCount=5, grid=False)
    )
    shown = folded.encode(x=across, y=line_scale(lines), yOffset=offset, order=alt.Order("order:Q"))
    bars = shown.mark_bar(stroke="white", strokeWidth=0.6).encode(
        color=alt.Color("outcome:N", title=None, scale=alt.Scale(domain=names, range=[o.colour for o in used.values()]),
                        legend=alt.Legend(columns=min(len(names), 3), symbolType="square")),
        tooltip=[alt.Tooltip(field=name, title=title) for name, title in
                 (("fact", "Fact"), ("step", "Dose"), ("tier", "Tier"), ("outcome", "Outcome"), ("n", "Samples"),
                  ("total", "of planned"), ("model", "Model"))],
    )  # fmt: skip
    if pick:
        bars = bars.add_params(alt.selection_point(name=pick, fields=["model", "arm", "tier"]))
    middle = alt.X("share:Q", stack="zero", scale=scale, bandPosition=0.5)
    # A segment that is filtered away would not be stacked: both layers hold every segment, with text or without.
    numbers = [
        shown.mark_text(fontSize=11, color=ink).encode(
            x=middle, color=alt.value(ink), detail="outcome:N", text=f"{name}:N"
        )
        for name, ink in (("light", "white"), ("dark", _BLACK))
    ]
    planned = alt.Chart().transform_filter("isValid(datum.total)")
    tier = planned.mark_text(align="right", fontSize=11, color=SOFT).encode(
        x=alt.value(-8), y=line_scale(lines), yOffset=offset, text="tier_label:N"
    )  # fmt: skip
    width = 440 if len(models) == 1 else 270
    chart = alt.layer(bars, *numbers, tier, *line_labels(lines, -84), data=inline(rows))
    chart = chart.properties(width=width, height=lines.height)
    titled = title_of(heading, "Segments: shares of all planned samples, in the order of the legend.")
    return finish(panels(chart, "model", models, apart=30) if len(models) > 1 else chart, titled)


def _rows(points: Sequence[OutcomePoint], lines: Lines, models: list[str], *, modes: bool) -> list[Row]:
    rows: dict[tuple[str, str, str, str], Row] = {}
    labelled: set[int] = set()
    for point in points:
        name = step(point, modes=modes)
        line = lines.number[point.fact, name]
        key = (point.model, point.fact, name, point.quantity)
        if key not in rows:
            if len(rows) == _MOST:
                break
            first = point.model == models[0]
            label = name if first and line not in labelled else ""
            labelled.add(line)
            rows[key] = {
                "model": point.model, "arm": point.arm, "tier": point.quantity, "line": str(line), "label": label,
                "tier_label": point.quantity if first else "", "heading": "", "fact": point.title, "step": name,
                "total": point.total,
            }  # fmt: skip
        rows[key][point.outcome] = round(point.share, 5)
    return [*rows.values(), *lines.heading_rows(models[0], ["total", "tier_label"])]
