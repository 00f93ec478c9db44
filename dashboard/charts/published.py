"""Published prompt variations as a grey cloud of alignment faking against the gap, with one's own arms laid over it."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from dashboard.arm_points import ReferencePoint
from dashboard.charts.heading import Heading, title_of
from dashboard.charts.placing import names, place_labels
from dashboard.charts.theme import (
    INK,
    MOST_MARKS,
    POLARITIES,
    SOFT,
    Chart,
    among,
    colour,
    finish,
    panels,
    rounded_limits,
    shape,
)
from dashboard.charts.words import SIGNED, Row, difference, difference_interval, inline, interval, percent, step
from dashboard.published import Variation

_MOST = MOST_MARKS // 6
_SIZE = (610, 430)


def published_chart(
    points: Sequence[ReferencePoint],
    variations: Sequence[Variation],
    heading: Heading,
    across: str,
    note: str,
    *,
    pick: str = "",
) -> Chart | None:
    """Own arms over the published variations, one panel a model; None where there are none of either.

    ``across`` names what own arms are drawn at, line by line; the published figure is of alignment-faking reasoning.

    ``pick`` names a selection whose clicked mark says ``model``, ``arm`` and ``tier``.
    """
    known = points[:_MOST]
    if not known or not variations:
        return None
    models = list(dict.fromkeys(point.model for point in known))
    used = among(POLARITIES, {point.polarity for point in known})
    lows_x = [*(p.x_low for p in known), *(v.faking for v in variations)]
    highs_x = [*(p.x_high for p in known), *(v.faking for v in variations)]
    lows_y = [*(p.y_low for p in known), *(v.gap for v in variations)]
    highs_y = [*(p.y_high for p in known), *(v.gap for v in variations)]
    x = rounded_limits(lows_x, highs_x, span=(0, 1))
    y = rounded_limits(lows_y, highs_y, span=(-1, 1))
    x_scale, y_scale = (alt.Scale(domain=limits, nice=False) for limits in (x, y))
    size = _SIZE if len(models) == 1 else (400, 330)
    cloud: list[Row] = [
        {"faking": round(one.faking, 4), "gap": round(one.gap, 4), "variant": one.variant,
         "default": place == 0, "faking_shown": percent(one.faking), "gap_shown": difference(one.gap)}
        for place, one in enumerate(variations)
    ]  # fmt: skip
    rows = [row for model in models for row in _rows([p for p in known if p.model == model], x, y, size)]
    grey = alt.Chart(inline(cloud)).encode(
        x=alt.X("faking:Q", scale=x_scale, title=across.split("\n"),
                axis=alt.Axis(format=".0%", tickCount=6)),
        y=alt.Y("gap:Q", scale=y_scale, title=["Gap: unmonitored − monitored", "percentage points"],
                axis=alt.Axis(labelExpr=SIGNED, tickCount=6)),
        tooltip=[alt.Tooltip(field=name, title=title) for name, title in
                 (("variant", "Published variation"), ("faking_shown", "Alignment-faking reasoning"),
                  ("gap_shown", "Gap"))],
    )  # fmt: skip
    own = alt.Chart().encode(
        x=alt.X("x:Q", scale=x_scale), y=alt.Y("y:Q", scale=y_scale), color=colour("polarity", used, "Own arms"),
        tooltip=[alt.Tooltip(field=name, title=title) for name, title in
                 (("fact", "Fact"), ("step", "Dose"), ("x_shown", across.partition("\n")[0]),
                  ("x_interval", "95 % interval"),
                  ("y_shown", "Gap"), ("y_interval", "95 % interval "), ("n", "Scored samples"),
                  ("queries", "Queries"), ("unscored", "Unscored"), ("failed", "Failed or missing"),
                  ("model", "Model"))],
    )  # fmt: skip
    marks = own.mark_point(filled=True, size=110, opacity=1, stroke="white", strokeWidth=1).encode(
        shape=shape("polarity", used, "Own arms")
    )
    if pick:
        marks = marks.add_params(alt.selection_point(name=pick, fields=["model", "arm", "tier"]))
    label = alt.Chart().encode(x=alt.X("label_x:Q", scale=x_scale), y=alt.Y("label_y:Q", scale=y_scale), text="label:N")
    default = grey.transform_filter("datum.default")
    chart = alt.layer(
        alt.Chart().mark_rule(color=INK, strokeWidth=1).encode(y=alt.YDatum(0, scale=y_scale)),
        grey.mark_point(filled=False, shape="triangle-up", size=45, color=SOFT, strokeWidth=1.2, opacity=0.75),
        default.mark_point(filled=True, shape="triangle-up", size=110, color=SOFT, opacity=1),
        own.mark_rule(strokeWidth=1.5, strokeOpacity=0.45).encode(x=alt.X("x_low:Q", scale=x_scale), x2="x_high:Q"),
        own.mark_rule(strokeWidth=1.5, strokeOpacity=0.45).encode(y=alt.Y("y_low:Q", scale=y_scale), y2="y_high:Q"),
        marks,
        label.mark_text(align="left", fontSize=12, stroke="white", strokeWidth=3, strokeOpacity=0.85),
        label.mark_text(align="left", fontSize=12, color=INK),
        data=inline(rows),
    ).properties(width=size[0], height=size[1])  # fmt: skip
    whole = panels(chart, "model", models, columns=2, apart=40) if len(models) > 1 else chart
    return finish(whole, title_of(heading, *note.split("\n")))


def _rows(
    points: Sequence[ReferencePoint], x: Sequence[float], y: Sequence[float], size: tuple[float, float]
) -> list[Row]:
    modes = len({point.reasoning for point in points}) > 1
    order = sorted(points, key=lambda p: (bool(p.fact), p.polarity == "placebo", -abs(p.x) - abs(p.y)))
    wide, high = size
    pixels = [(wide * (p.x - x[0]) / (x[1] - x[0]), high * (y[1] - p.y) / (y[1] - y[0])) for p in order]
    rows: list[Row] = []
    for point, place in zip(order, place_labels(pixels, names(order), size), strict=True):
        put: Row = {} if place is None else {
            "label": place.text, "label_x": round(x[0] + place.x / wide * (x[1] - x[0]), 5),
            "label_y": round(y[1] - place.y / high * (y[1] - y[0]), 5),
        }  # fmt: skip
        rows.append({
            "model": point.model, "arm": point.arm, "tier": "both", "fact": point.title,
            "step": step(point, modes=modes), "polarity": POLARITIES[point.polarity].words,
            **{name: round(getattr(point, name), 5) for name in ("x", "x_low", "x_high", "y", "y_low", "y_high")},
            "x_shown": percent(point.x), "x_interval": interval(point.x_low, point.x_high),
            "y_shown": difference(point.y), "y_interval": difference_interval(point.y_low, point.y_high),
            "n": point.n, "queries": point.queries, "unscored": point.unscored, "failed": point.failed, **put,
        })  # fmt: skip
    return rows
