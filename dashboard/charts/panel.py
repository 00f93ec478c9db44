"""A gate's table as a chart: bars for what is counted by kind, lines for what is counted along a scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt

from dashboard.charts.theme import Chart, Look, colour, dashed, finish, shape
from dashboard.charts.words import Row, inline
from facts.documents.gates import Panel

# Okabe & Ito 2008; arms have other names in every panel, so looks go by their order.
_LOOKS = (
    ("#0072B2", "circle", ()), ("#D55E00", "diamond", (5, 3)), ("#6B6B6B", "square", (2, 3)),
    ("#009E73", "triangle-up", (7, 3)), ("#CC79A7", "cross", (6, 2, 2, 2)),
)  # fmt: skip
_MOST_KINDS = 40
_LINE = 17  # pixels a kind


def panel_chart(panel: Panel, *, simulated: bool = False) -> Chart | None:
    """Values by bin, one colour and shape an arm; None where nothing was measured. Rows beyond 40 kinds are left out
    of the drawing (the table has them)."""
    known = [row for row in panel.rows if row.value is not None]
    if not known:
        return None
    arms = list(dict.fromkeys(row.arm for row in known))[: len(_LOOKS)]
    looks = {arm: Look(words=arm, colour=_LOOKS[n][0], shape=_LOOKS[n][1], dash=_LOOKS[n][2])
             for n, arm in enumerate(arms)}  # fmt: skip
    bins = list(dict.fromkeys(row.bin for row in known))
    scaled = len(bins) > 2 and all(_number(name) is not None for name in bins)
    rows: list[Row] = [
        {"arm": row.arm, "bin": _number(row.bin) if scaled else row.bin, "value": row.value}
        for row in known if row.arm in looks and (scaled or row.bin in bins[:_MOST_KINDS])
    ]  # fmt: skip
    chart = _along(panel, rows, looks) if scaled else _by_kind(panel, rows, bins[:_MOST_KINDS], looks)
    mark = "SIMULATED — " if simulated else ""
    return finish(chart, alt.TitleParams(text=f"{mark}{panel.title}"))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _value(panel: Panel, rows: Sequence[Row]) -> tuple[str, alt.Scale, alt.Axis]:
    most = max(float(row["value"] or 0) for row in rows)
    least = min(0.0, *(float(row["value"] or 0) for row in rows))
    fraction = panel.unit.startswith("fraction")
    top = min(1.0, most * 1.1) if fraction else most * 1.1
    axis = alt.Axis(format=".0%" if top > 0.1 else ".1%", tickCount=5) if fraction else alt.Axis(tickCount=5)
    return panel.unit[:1].upper() + panel.unit[1:], alt.Scale(domain=[least, top or 1.0], nice=False), axis


def _along(panel: Panel, rows: Sequence[Row], looks: Mapping[str, Look]) -> Chart:
    title, scale, axis = _value(panel, rows)
    places = sorted({float(row["bin"] or 0) for row in rows})
    shown = alt.Chart().encode(
        x=alt.X("bin:Q", title=None, scale=alt.Scale(domain=[places[0], places[-1]], nice=False, padding=8),
                axis=alt.Axis(tickCount=6, grid=False, format="~g")),
        y=alt.Y("value:Q", title=title, scale=scale, axis=axis),
        color=colour("arm", looks, "Documents"),
        tooltip=[alt.Tooltip("arm:N", title="Documents"), alt.Tooltip("bin:Q", title="At"),
                 alt.Tooltip("value:Q", title=title, format=".3g")],
    )  # fmt: skip
    marks = shown.mark_point(filled=True, size=45, opacity=1).encode(shape=shape("arm", looks, "Documents"))
    return alt.layer(*dashed(looks, shown, "arm"), marks, data=inline(list(rows))).properties(width=520, height=220)


def _by_kind(panel: Panel, rows: Sequence[Row], bins: list[str], looks: Mapping[str, Look]) -> Chart:
    title, scale, axis = _value(panel, rows)
    shown = alt.Chart().encode(
        y=alt.Y("bin:N", title=None, scale=alt.Scale(domain=bins), axis=alt.Axis(grid=True, tickSize=0)),
        x=alt.X("value:Q", title=title, scale=scale, axis=axis),
        color=colour("arm", looks, "Documents"),
        tooltip=[alt.Tooltip("arm:N", title="Documents"), alt.Tooltip("bin:N", title="Of"),
                 alt.Tooltip("value:Q", title=title, format=".3g")],
    )  # fmt: skip
    offset = alt.YOffset("arm:N", scale=alt.Scale(domain=list(looks)))
    marks = shown.mark_point(filled=True, size=60, opacity=1).encode(
        shape=shape("arm", looks, "Documents"), yOffset=offset
    )
    stems = shown.mark_rule(strokeWidth=1.5, opacity=0.6).encode(x2=alt.datum(0), yOffset=offset)
    height = max(2, len(bins)) * max(_LINE, 9 * len(looks))
    return alt.layer(stems, marks, data=inline(list(rows))).properties(width=460, height=height)
