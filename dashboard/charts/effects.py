"""Forest of effects: each arm against absence and against its placebo twin, with both intervals and the adjusted p."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import altair as alt

from dashboard.charts.heading import Heading, title_of
from dashboard.charts.lines import Lines, lay_out, line_labels, line_scale
from dashboard.charts.theme import (
    AGAINST,
    INK,
    MOST_MARKS,
    SOFT,
    Chart,
    among,
    colour,
    finish,
    panels,
    rounded_limits,
    shape,
)
from dashboard.charts.words import (
    SIGNED,
    Row,
    counts,
    difference,
    difference_interval,
    inline,
    p_text,
    percent,
    step,
    tooltip,
    untested,
)
from dashboard.points import EffectPoint

_NUMBERS = ("value", "low", "high", "wide_low", "wide_high", "against")
_MOST = MOST_MARKS // 6  # a point, two bars, a p and the labels


def effects_chart(points: Sequence[EffectPoint], heading: Heading, *, pick: str = "") -> Chart | None:
    """One line an arm, a mark for each comparison, one column a model; None where no effect is known.

    ``points`` are effects on one quantity. ``pick`` names a selection whose clicked mark says ``model``, ``arm`` and
    ``tier`` (the quantity).
    """
    known = [p for p in points if p.value is not None and p.against in AGAINST][:_MOST]
    if not known:
        return None
    models = list(dict.fromkeys(point.model for point in known))
    modes = len({point.reasoning for point in known}) > 1
    used = among(AGAINST, {point.against for point in known})
    lines = replace(lay_out(known, modes=modes), marks=len(used), each=16)
    rows = _rows(known, lines, models, heading, modes=modes)
    lows, highs = ([float(row[name] or 0) for row in rows] for name in ("wide_low", "wide_high"))
    limits = rounded_limits(lows, highs, span=(-2, 2))
    axis, scale = alt.Axis(labelExpr=SIGNED, tickCount=6), alt.Scale(domain=limits, nice=False)
    shown = alt.Chart().encode(
        x=alt.X("value:Q", title=f"{heading.axis or heading.title}: change in percentage points", axis=axis,
                scale=scale),
        y=line_scale(lines),
        yOffset=alt.YOffset("against:N", scale=alt.Scale(domain=[look.words for look in used.values()])),
        color=colour("against", used, "Effect"),
        tooltip=tooltip(("fact", "Fact"), ("step", "Dose"), ("against", "Effect"), ("shown", "Change"),
                        ("interval", "95 % interval"), ("wide", "95 % for the whole family"), ("p", "Sign-flip test"),
                        ("adjusted", "Adjusted for the family"), ("uptake", "Uptake in the reasoning"),
                        ("recall", "Recall"), ("why", "Note"),
                        ("model", "Model")),
    )  # fmt: skip
    marks = shown.mark_point(filled=True, size=75, opacity=1, stroke="white", strokeWidth=1).encode(
        shape=shape("against", used, "Effect")
    )
    if pick:
        marks = marks.add_params(alt.selection_point(name=pick, fields=["model", "arm", "tier"]))
    width = 480 if len(models) == 1 else 280
    chart = alt.layer(
        alt.Chart().mark_rule(color=INK, strokeWidth=1).encode(x=alt.XDatum(0, scale=scale)),
        shown.mark_rule(strokeWidth=1.3).encode(x=alt.X("wide_low:Q", scale=scale), x2="wide_high:Q"),
        shown.mark_rule(strokeWidth=4.5).encode(x=alt.X("low:Q", scale=scale), x2="high:Q"),
        marks,
        shown.mark_text(align="left", fontSize=11, color=SOFT).encode(
            x=alt.value(width + 10), text="beside:N", color=alt.value(SOFT)
        ),
        *line_labels(lines),
        data=inline(rows),
    ).properties(width=width, height=lines.height)  # fmt: skip
    titled = title_of(heading, *_notes(known, heading))
    return finish(panels(chart, "model", models, apart=110) if len(models) > 1 else chart, titled)


def _notes(known: Sequence[EffectPoint], heading: Heading) -> list[str]:
    family = max(point.family for point in known)
    thin = "Thick bars: 95 % for each effect. Thin: 95 % for all at once."
    if heading.interim:
        return [thin]
    kind = known[0].adjustment
    return [thin, f"p: sign flips over queries, adjusted within a family of {family} ({kind})." if family > 1
            else "p: sign flips over queries."]  # fmt: skip


def _share(share: float | None, of: int | None) -> str:
    return "not measured" if share is None else f"{percent(share)} of {of:,}"


def _rows(known: Sequence[EffectPoint], lines: Lines, models: list[str], heading: Heading, *, modes: bool) -> list[Row]:
    rows: list[Row] = []
    labelled: set[int] = set()
    for point in known:
        name = step(point, modes=modes)
        line = lines.number[point.fact, name]
        label = name if point.model == models[0] and line not in labelled else ""
        labelled.add(line)
        no_test = "interim" if (point.interim or heading.interim) and not point.look else ""
        beside = no_test or (untested(point) if point.why else p_text(point.p_adjusted))
        rows.append({
            "model": point.model, "arm": point.arm, "tier": point.quantity, "line": str(line), "label": label,
            "heading": "", "fact": point.title, "step": name, "against": AGAINST[point.against].words,
            "value": point.value, "low": point.low, "high": point.high, "wide_low": point.wide_low,
            "wide_high": point.wide_high, "shown": difference(point.value),
            "interval": difference_interval(point.low, point.high),
            "wide": difference_interval(point.wide_low, point.wide_high), "p": no_test or p_text(point.p),
            "adjusted": no_test or p_text(point.p_adjusted), "beside": beside, "why": point.why or "none",
            "uptake": _share(point.uptake, point.uptake_n),
            "recall": _share(point.recall, point.recall_n), **counts(point),
        })  # fmt: skip
    return [*rows, *lines.heading_rows(models[0], _NUMBERS)]
