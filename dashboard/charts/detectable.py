"""The smallest detectable change over the number of queries, with the planned size and another one marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt

from dashboard.charts.heading import Heading, title_of
from dashboard.charts.theme import INK, SOFT, Chart, Look, among, colour, dashed, finish
from dashboard.charts.words import Row, inline
from dashboard.planned_power import GAP, RATE, Detectable

LOOKS: Mapping[str, Look] = {
    RATE: Look(words="a rate in one tier", colour="#0072B2", shape="circle"),
    GAP: Look(words="the gap", colour="#D55E00", shape="diamond", dash=(4, 3)),
}


def detectable_chart(points: Sequence[Detectable], heading: Heading, *, planned: int, tried: int) -> Chart | None:
    """One line a quantity; rules at the planned number of queries and, where it differs, at the tried one."""
    known = [point for point in points if point.least is not None]
    if not known:
        return None
    used = among(LOOKS, {point.quantity for point in known})
    rows: list[Row] = [
        {"queries": point.queries, "least": 100 * (point.least or 0.0), "of": LOOKS[point.quantity].words}
        for point in known
    ]
    most = max(point.queries for point in points)
    top = min(100.0, 5 * (1 + max(100 * (p.least or 0.0) for p in known) // 5))
    across = alt.X("queries:Q", title="Queries", scale=alt.Scale(domain=[0, max(most, planned, tried)], nice=False))
    up = alt.Y("least:Q", title="Smallest detectable change, points", scale=alt.Scale(domain=[0, top], nice=False))
    line = alt.Chart().encode(x=across, y=up, color=colour("of", used, "Change of"))
    marks = alt.Chart(inline(_marks(planned, tried)))
    rule = marks.mark_rule(color=SOFT, strokeDash=[2, 3], strokeWidth=1.5).encode(
        x=alt.X("queries:Q", scale=alt.Scale(domain=[0, max(most, planned, tried)], nice=False))
    )
    label = marks.mark_text(align="left", dx=4, dy=8, fontSize=12, color=INK, baseline="top").encode(
        x="queries:Q", y=alt.value(0), text="label:N"
    )
    shown = line.mark_point(opacity=0, size=120).encode(
        tooltip=[alt.Tooltip("of:N", title="Change of"), alt.Tooltip("queries:Q", title="Queries"),
                 alt.Tooltip("least:Q", title="Smallest detectable, points", format=".1f")]
    )  # fmt: skip
    lines = alt.layer(*dashed(used, line, "of"), shown, data=inline(rows))
    return finish(alt.layer(lines, rule, label).properties(width=470, height=230), title_of(heading))


def _marks(planned: int, tried: int) -> list[Row]:
    marks: list[Row] = [{"queries": planned, "label": f"planned: {planned}"}]
    return marks if tried == planned else [*marks, {"queries": tried, "label": f"tried: {tried}"}]
