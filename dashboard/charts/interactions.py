"""Interactions of two facts as a heat map: how much more both do together than the sum of each, with its test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import altair as alt

from dashboard.charts.heading import Heading, title_of
from dashboard.charts.theme import MOST_MARKS, Chart, finish, panels
from dashboard.charts.words import (
    SIGNED,
    Row,
    counts,
    difference,
    difference_interval,
    inline,
    p_text,
    tooltip,
    untested,
)
from dashboard.points import EffectPoint

# From Okabe & Ito's blue over the ground to their vermillion.
DIVERGING = ("#0072B2", "#8DBFDD", "#F4F5F6", "#EDAE83", "#D55E00")
_BLACK = "#0B0F14"
_MOST = MOST_MARKS // 3
_MANY = 8  # facts beyond which cells hold their number only
_WIDE, _NARROW = (92, 60), (52, 34)  # pixels of a cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One interaction and the words of its two facts, in the order of the axes."""

    effect: EffectPoint
    one: str
    other: str


def interactions_chart(cells: Sequence[Cell], heading: Heading, *, pick: str = "") -> Chart | None:
    """One cell a pair of facts, one panel a model; None where no pair has a value.

    ``pick`` names a selection whose clicked mark says ``model``, ``arm`` and ``tier`` (the quantity).
    """
    known = [cell for cell in cells if cell.effect.value is not None][:_MOST]
    if not known:
        return None
    order = list(dict.fromkeys(name for cell in known for name in (cell.one, cell.other)))
    place = {name: number for number, name in enumerate(sorted(order))}
    across, down = sorted(place, key=place.__getitem__)[:-1], sorted(place, key=place.__getitem__)[1:]
    most = max(0.05, *(abs(cell.effect.value or 0.0) for cell in known))
    most = round(0.05 * ceil(most / 0.05 - 1e-9), 2)
    rows = [_row(cell, place, heading) for cell in known]
    panel_names = list(dict.fromkeys(str(row["panel"]) for row in rows))
    shown = alt.Chart().encode(
        x=alt.X("one:N", title=None, scale=alt.Scale(domain=across),
                axis=alt.Axis(labelAngle=-35, labelLimit=190, grid=False, domain=False, ticks=False)),
        y=alt.Y("other:N", title=None, scale=alt.Scale(domain=down),
                axis=alt.Axis(labelLimit=240, grid=False, domain=False, ticks=False)),
        tooltip=tooltip(("one", "One fact"), ("other", "The other"), ("shown", "Beyond the sum"),
                        ("interval", "95 % interval"), ("adjusted", "Adjusted for the family"),
                        ("family", "Interactions in the family"), ("why", "Note"), ("model", "Model")),
    )  # fmt: skip
    scale = alt.Scale(domain=[-most, -most / 2, 0, most / 2, most], range=list(DIVERGING), interpolate="lab")
    boxes = shown.mark_rect(stroke="white", strokeWidth=3).encode(
        color=alt.Color("value:Q", title="Beyond the sum of each, percentage points", scale=scale,
                        legend=alt.Legend(orient="top", gradientLength=220, values=[-most, 0, most], titleLimit=400,
                                          labelExpr=SIGNED)),
    )  # fmt: skip
    if pick:
        boxes = boxes.add_params(alt.selection_point(name=pick, fields=["model", "arm", "tier"]))
    many = len(place) > _MANY
    cell, up = (_NARROW, 0) if many else (_WIDE, -13)
    font = 12 if many else 14
    plain = shown.transform_filter("!datum.sure").mark_text(fontSize=font, dy=up)
    bold = shown.transform_filter("datum.sure").mark_text(fontSize=font, dy=up, fontWeight="bold")
    numbers = [layer.encode(text="number:N", color=alt.value(_BLACK)) for layer in (plain, bold)]
    test = shown.mark_text(fontSize=11, lineBreak="\n", lineHeight=13, dy=4).encode(
        text="test:N", color=alt.value(_BLACK)
    )
    size = {"width": cell[0] * len(across), "height": cell[1] * len(down)}
    chart = alt.layer(boxes, *numbers, *([] if many else [test]), data=inline(rows)).properties(**size)
    whole = panels(chart, "panel", panel_names, columns=2, apart=30) if len(panel_names) > 1 else chart
    note = "Cells: both facts together less the sum of each alone. Bold: shown by the adjusted test."
    if many:
        note += " The tests of the others are in the table."
    return finish(whole, title_of(heading, note))


def _row(cell: Cell, place: Mapping[str, int], heading: Heading) -> Row:
    point = cell.effect
    one, other = sorted((cell.one, cell.other), key=place.__getitem__)
    interim = (point.interim or heading.interim) and not point.look
    test = (
        "interim"
        if interim
        else untested(point).replace("queries", "queries\n", 1).rstrip()
        if point.why
        else p_text(point.p_adjusted)
    )
    if not point.shown and not interim and not point.why:
        test = f"not shown\n{test}"
    return {
        "panel": point.model + (f" · {point.reasoning}" if point.reasoning else ""), "model": point.model,
        "arm": point.arm, "tier": point.quantity, "one": one, "other": other, "value": round(point.value or 0.0, 5),
        "number": difference(point.value).removesuffix(" points"), "test": test, "sure": float(point.shown),
        "shown": difference(point.value), "interval": difference_interval(point.low, point.high),
        "adjusted": "interim" if interim else p_text(point.p_adjusted), "family": point.family,
        "why": point.why or "none", **counts(point),
    }  # fmt: skip
