"""Two effects of every arm against each other: a point with both intervals as a cross, and words in the quadrants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from dashboard.arm_points import PairPoint
from dashboard.charts.heading import Heading, title_of
from dashboard.charts.placing import Box, names, place_labels
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
from dashboard.charts.words import SIGNED, Row, counts, difference, difference_interval, inline, p_text, step, tooltip

_MOST = MOST_MARKS // 6  # a point, two bars, a label with its halo
_SURE = {"both": 1.0, "one": 0.85, "neither": 0.6}  # opacity of points,
_CROSS = {"both": 1.0, "one": 0.55, "neither": 0.22}  # and of their intervals
_UNIT = "percentage points"
_CORNER = (150.0, 34.0)  # pixels that the words of a quadrant need


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The titles of both axes, line by line, and what the four quadrants mean; ``best`` is the one looked for."""

    x: tuple[str, ...]
    y: tuple[str, ...]
    up_left: str
    up_right: str
    down_left: str
    down_right: str
    best: str = ""


def two_effects_chart(
    points: Sequence[PairPoint], heading: Heading, words: Words, note: str, *, pick: str = ""
) -> Chart | None:
    """One point an arm, one panel a model; None where no arm has both effects.

    ``pick`` names a selection whose clicked mark says ``model``, ``arm`` and ``tier``.
    """
    known = points[:_MOST]
    if not known:
        return None
    models = list(dict.fromkeys(point.model for point in known))
    size = (610, 430) if len(models) == 1 else (400, 340)
    used = among(POLARITIES, {point.polarity for point in known})
    x_limits = rounded_limits([p.x_low for p in known], [p.x_high for p in known], span=(-2, 2))
    y_limits = rounded_limits([p.y_low for p in known], [p.y_high for p in known], span=(-2, 2))
    x_scale, y_scale = (alt.Scale(domain=limits, nice=False) for limits in (x_limits, y_limits))
    corners = _corners(words, x_limits, y_limits, size)
    rows = [row for model in models for row in _rows(
        [point for point in known if point.model == model], x_limits, y_limits, size, [box for box, *_ in corners]
    )]  # fmt: skip
    ticks = alt.Axis(labelExpr=SIGNED, tickCount=6)
    pale = alt.Opacity("sure:O", scale=alt.Scale(domain=list(_SURE), range=list(_SURE.values())), legend=None)
    paler = alt.Scale(domain=list(_CROSS), range=list(_CROSS.values()))
    shown = alt.Chart().encode(
        x=alt.X("x:Q", title=[*words.x[:-1], f"{words.x[-1]}, {_UNIT}"], scale=x_scale, axis=ticks),
        y=alt.Y("y:Q", title=[*words.y[:-1], f"{words.y[-1]}, {_UNIT}"], scale=y_scale, axis=ticks),
        color=colour("polarity", used, "Wording"),
        tooltip=tooltip(("fact", "Fact"), ("step", "Dose"), ("x_shown", words.x[0]), ("x_interval", "95 % interval"),
                        ("x_p", "Adjusted for its family"), ("y_shown", words.y[0]), ("y_interval", "95 % interval "),
                        ("y_p", "Adjusted for its family "), ("sure", "Shown by their tests"), ("model", "Model")),
    )  # fmt: skip
    marks = shown.mark_point(filled=True, size=110, stroke="white", strokeWidth=1).encode(
        shape=shape("polarity", used, "Wording"), opacity=pale
    )
    if pick:
        marks = marks.add_params(alt.selection_point(name=pick, fields=["model", "arm", "tier"]))
    cross = shown.mark_rule(strokeWidth=1.6).encode(strokeOpacity=alt.StrokeOpacity("sure:O", scale=paler, legend=None))
    plain = alt.Chart().encode(x=alt.X("label_x:Q", scale=x_scale), y=alt.Y("label_y:Q", scale=y_scale))
    label = plain.encode(text="label:N")
    chart = alt.layer(
        alt.Chart().mark_rule(color=INK, strokeWidth=1).encode(x=alt.XDatum(0, scale=x_scale)),
        alt.Chart().mark_rule(color=INK, strokeWidth=1).encode(y=alt.YDatum(0, scale=y_scale)),
        *(text for _, text, *_ in corners),
        cross.encode(x=alt.X("x_low:Q", scale=x_scale), x2="x_high:Q"),
        cross.encode(y=alt.Y("y_low:Q", scale=y_scale), y2="y_high:Q"),
        marks,
        label.mark_text(align="left", fontSize=12, stroke="white", strokeWidth=3, strokeOpacity=0.85),
        label.mark_text(align="left", fontSize=12, color=INK),
        data=inline(rows),
    ).properties(width=size[0], height=size[1])  # fmt: skip
    columns = min(len(models), 2)
    whole = panels(chart, "model", models, columns=columns, apart=36) if len(models) > 1 else chart
    return finish(whole, title_of(heading, *note.split("\n")))


def _corners(
    words: Words, x: Sequence[float], y: Sequence[float], size: tuple[float, float]
) -> list[tuple[Box, alt.Chart]]:
    """The words of each quadrant that has room for them, in its outer corner."""
    wide, high = size
    zero_x, zero_y = wide * -x[0] / (x[1] - x[0]), high * y[1] / (y[1] - y[0])
    room = {"left": zero_x, "right": wide - zero_x, "up": zero_y, "down": high - zero_y}
    found: list[tuple[Box, alt.Chart]] = []
    for text, up, left in ((words.up_left, True, True), (words.up_right, True, False),
                           (words.down_left, False, True), (words.down_right, False, False)):  # fmt: skip
        if room["up" if up else "down"] < _CORNER[1] or room["left" if left else "right"] < _CORNER[0]:
            continue
        at = 6.0 if left else wide - 6
        top = 6.0 if up else high - _CORNER[1]
        best = text == words.best
        mark = alt.Chart(alt.InlineData(values=[{"words": text}])).mark_text(
            align="left" if left else "right", baseline="top", fontSize=12, color=INK if best else SOFT,
            fontStyle="normal" if best else "italic", fontWeight="bold" if best else "normal", lineBreak="\n",
            lineHeight=14,
        )  # fmt: skip
        edge = 0.0 if left else wide - _CORNER[0]
        box = Box(edge, top - 6, edge + _CORNER[0], top + _CORNER[1])
        found.append((box, mark.encode(x=alt.value(at), y=alt.value(top), text="words:N")))
    return found


def _rows(
    points: Sequence[PairPoint], x: Sequence[float], y: Sequence[float], size: tuple[float, float], taken: list[Box]
) -> list[Row]:
    modes = len({point.reasoning for point in points}) > 1
    order = sorted(points, key=lambda p: (-(p.x_shown + p.y_shown), p.polarity == "placebo", -abs(p.x) - abs(p.y)))
    wide, high = size
    pixels = [(wide * (p.x - x[0]) / (x[1] - x[0]), high * (y[1] - p.y) / (y[1] - y[0])) for p in order]
    places = place_labels(pixels, names(order), size, taken)
    rows: list[Row] = []
    for point, place in zip(order, places, strict=True):
        put: Row = {} if place is None else {
            "label": place.text, "label_x": round(x[0] + place.x / wide * (x[1] - x[0]), 5),
            "label_y": round(y[1] - place.y / high * (y[1] - y[0]), 5),
        }  # fmt: skip
        rows.append({
            "model": point.model, "arm": point.arm, "tier": point.quantity, "fact": point.title,
            "step": step(point, modes=modes), "polarity": POLARITIES[point.polarity].words, "sure": point.sure,
            **{name: round(getattr(point, name), 5) for name in ("x", "x_low", "x_high", "y", "y_low", "y_high")},
            "x_shown": difference(point.x), "x_interval": difference_interval(point.x_low, point.x_high),
            "y_shown": difference(point.y), "y_interval": difference_interval(point.y_low, point.y_high),
            "x_p": _p(point, point.x_p_adjusted), "y_p": _p(point, point.y_p_adjusted), **counts(point), **put,
        })  # fmt: skip
    return rows


def _p(point: PairPoint, p: float | None) -> str:
    return "interim" if point.interim and p is None else p_text(p)
