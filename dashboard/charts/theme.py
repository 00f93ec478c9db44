"""How every chart looks: Okabe–Ito colours with a shape and a dash of their own, one font, no surprises on export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor

import altair as alt

INK = "#1F2328"
SOFT = "#57606A"
GRID = "#E6E8EB"
FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
MOST_MARKS = 2_000
_STEP, _LEAST = 0.05, 0.2

Chart = alt.LayerChart | alt.FacetChart


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How one category is drawn: colour, shape and dash, so that it reads without colour, and its words."""

    words: str
    colour: str
    shape: str
    dash: tuple[int, ...] = ()


# Okabe & Ito 2008.
TIERS: Mapping[str, Look] = {
    "monitored": Look(words="monitored", colour="#0072B2", shape="circle"),
    "unmonitored": Look(words="unmonitored", colour="#D55E00", shape="diamond", dash=(4, 3)),
}
POLARITIES: Mapping[str, Look] = {
    "affirmed": Look(words="affirmed", colour="#0072B2", shape="circle"),
    "negated": Look(words="negated", colour="#D55E00", shape="square", dash=(7, 3)),
    "placebo": Look(words="placebo twin", colour="#6B6B6B", shape="diamond", dash=(2, 3)),
    "mixed": Look(words="several facts", colour="#CC79A7", shape="triangle-up", dash=(6, 2, 2, 2)),
    "": Look(words="no fact", colour="#000000", shape="cross"),
}
AGAINST: Mapping[str, Look] = {
    "absence": Look(words="against absence", colour="#0072B2", shape="circle"),
    "placebo": Look(words="against its placebo twin", colour="#D55E00", shape="diamond", dash=(5, 3)),
    "place": Look(words="against the place named first", colour="#6B6B6B", shape="square", dash=(2, 3)),
}


def colour(field: str, looks: Mapping[str, Look], title: str | None = None) -> alt.Color:
    """The colour channel, with the legend in the fixed order of ``looks``."""
    return alt.Color(field, type="nominal", title=title, scale=_scale(looks, [look.colour for look in looks.values()]))


def shape(field: str, looks: Mapping[str, Look], title: str | None = None) -> alt.Shape:
    """The shape channel; it shares its legend with the colour."""
    return alt.Shape(field, type="nominal", title=title, scale=_scale(looks, [look.shape for look in looks.values()]))


def dashed(looks: Mapping[str, Look], line: alt.Chart, field: str) -> list[alt.Chart]:
    """The line once for each look, with its own dash: a dash channel would spoil the legend's symbols."""
    return [
        line.transform_filter(alt.FieldEqualPredicate(field=field, equal=look.words)).mark_line(
            strokeDash=list(look.dash) or [1, 0], strokeWidth=2, opacity=0.9
        )
        for look in looks.values()
    ]


def _scale(looks: Mapping[str, Look], values: list[str]) -> alt.Scale:
    return alt.Scale(domain=[look.words for look in looks.values()], range=values)


def among(looks: Mapping[str, Look], used: set[str]) -> dict[str, Look]:
    """The looks that a chart uses, in their fixed order, so that its legend lists nothing else."""
    return {name: look for name, look in looks.items() if name in used}


def rounded_limits(lows: Sequence[float], highs: Sequence[float], *, span: tuple[float, float]) -> list[float]:
    """An explicit scale around the limits in steps of 5 points and at least 20 wide, inside ``span``.

    Zero is shown where it is near, or where the span has both signs.
    """
    low, high = min(lows), max(highs)
    if span[0] < 0 or low < 0.3:
        low, high = min(low, 0.0), max(high, 0.0)
    low, high = _STEP * floor(low / _STEP + 1e-9), _STEP * ceil(high / _STEP - 1e-9)
    if high - low < _LEAST:
        high = min(low + _LEAST, span[1])
        low = max(high - _LEAST, span[0])
    return [round(max(low, span[0]), 2), round(min(high, span[1]), 2)]


def panels(chart: Chart, field: str, order: Sequence[str], *, columns: int = 0, apart: int = 16) -> alt.FacetChart:
    """The chart once for each value of ``field``, in ``order``; all in one row unless ``columns`` says otherwise."""
    facet = alt.Facet(f"{field}:N", sort=list(order), title=None)
    return chart.facet(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        facet, columns=columns or len(order), bounds="full" if columns else "flush", spacing=apart
    )


def finish(chart: Chart, title: alt.TitleParams) -> Chart:
    """The chart in the house's theme; the same on the screen (``theme=None``) and in every export."""
    # Without an autosize of its own, Streamlit would squeeze the plot into whatever room the labels leave.
    size = alt.AutoSizeParams(type="pad", contains="padding")
    titled = chart.properties(title=title, autosize=size)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return titled.configure(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        font=FONT, background="white", padding=8,
        axis=alt.AxisConfig(
            labelFontSize=12, titleFontSize=12, labelColor=INK, titleColor=INK, gridColor=GRID, domainColor=SOFT,
            tickColor=SOFT, titleFontWeight="normal", labelLimit=320, titlePadding=8, labelFont=FONT, titleFont=FONT,
        ),
        header=alt.HeaderConfig(labelFontSize=13, labelFontWeight="bold", labelColor=INK, titleFontSize=12,
                                labelLimit=520, labelPadding=4, labelFont=FONT, titleFont=FONT),
        legend=alt.LegendConfig(labelFontSize=12, titleFontSize=12, labelColor=INK, titleColor=INK, orient="top",
                                titleFontWeight="normal", symbolSize=110, symbolOpacity=1, labelLimit=260,
                                labelFont=FONT, titleFont=FONT),
        title=alt.TitleConfig(fontSize=16, subtitleFontSize=12, color=INK, subtitleColor=SOFT, anchor="start",
                              frame="bounds", offset=12, subtitlePadding=5, fontWeight="bold",
                              font=FONT, subtitleFont=FONT),
        view=alt.ViewConfig(stroke=None),
    )  # fmt: skip
