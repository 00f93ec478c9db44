"""One effect query by query: each query's own difference, sorted, with the mean of all and its interval behind."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from dashboard.arm_points import QueryPoint
from dashboard.charts.heading import Heading, title_of
from dashboard.charts.theme import INK, MOST_MARKS, SOFT, Chart, finish, panels, rounded_limits
from dashboard.charts.words import SIGNED, Row, difference, inline
from dashboard.points import EffectPoint

_MOST = MOST_MARKS // 2  # a stem and a point
_NAMED = 40  # queries that have room for their names
_BLUE = "#0072B2"


def queries_chart(
    points: Sequence[QueryPoint], means: Sequence[EffectPoint], heading: Heading, note: str, *, pick: str = ""
) -> Chart | None:
    """Queries across, the lowest difference first; one panel a model. None where no query has every condition.

    ``means`` are the effects of the same arm, one a model. ``pick`` names a selection whose clicked mark says
    ``model``, ``arm``, ``tier`` (the quantity) and ``query``.
    """
    known = points[:_MOST]
    if not known:
        return None
    models = list(dict.fromkeys(point.model for point in known))
    by_model = {mean.model: mean for mean in means}
    values = [point.value for point in known]
    lows = [*values, *(mean.low for mean in means if mean.low is not None)]
    highs = [*values, *(mean.high for mean in means if mean.high is not None)]
    scale = alt.Scale(domain=rounded_limits(lows, highs, span=(-2, 2)), nice=False)
    most = max(sum(point.model == model for point in known) for model in models)
    rows = [row for model in models for row in _rows(
        [p for p in known if p.model == model], by_model.get(model)
    )]  # fmt: skip
    shown = alt.Chart().encode(
        x=alt.X("rank:Q", title=None,
                scale=alt.Scale(domain=[0.3, most + 0.7], nice=False),
                axis=alt.Axis(labels=False, ticks=False, grid=False)),
        y=alt.Y("value:Q", title=[heading.axis, "difference in percentage points"], scale=scale,
                axis=alt.Axis(labelExpr=SIGNED, tickCount=6)),
        color=alt.value(_BLUE),
        tooltip=[alt.Tooltip(field=name, title=title) for name, title in
                 (("query", "Query"), ("group", "Group"), ("shown", "Its difference"), ("n", "Scored samples"),
                  ("unscored", "Unscored"), ("failed", "Failed or missing"), ("model", "Model"))],
    )  # fmt: skip
    marks = shown.mark_point(filled=True, size=55, opacity=1, stroke="white", strokeWidth=0.8)
    if pick:
        marks = marks.add_params(alt.selection_point(name=pick, fields=["model", "arm", "tier", "query"]))
    width = max(600, min(900, 12 * most)) if len(models) == 1 else 380
    across = {"x": alt.value(0), "x2": alt.value(width)}
    mean = alt.Chart().transform_filter("isValid(datum.mean)")
    layers = [
        mean.mark_rect(color=INK, opacity=0.1).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q", **across),
        alt.Chart().mark_rule(color=INK, strokeWidth=1).encode(y=alt.YDatum(0, scale=scale)),
        mean.mark_rule(color=INK, strokeWidth=1.5, strokeDash=[5, 3]).encode(y=alt.Y("mean:Q", scale=scale)),
        shown.mark_rule(strokeWidth=1.5, opacity=0.55).encode(y2=alt.Y2Datum(0)),
        marks,
        mean.mark_text(align="left", dx=4, dy=-7, fontSize=12, color=INK).encode(
            x=alt.value(0), y=alt.Y("mean:Q", scale=scale), text="words:N"
        ),
    ]  # fmt: skip
    if most <= _NAMED:
        names = alt.Chart().mark_text(align="right", baseline="middle", angle=270, fontSize=11, color=SOFT, limit=130)
        layers.append(names.encode(x="rank:Q", y=alt.value(308), text="query:N"))
    chart = alt.layer(*layers, data=inline(rows)).properties(width=width, height=300)
    whole = panels(chart, "model", models, columns=2, apart=40) if len(models) > 1 else chart
    return finish(whole, title_of(heading, *note.split("\n")))


def _rows(points: Sequence[QueryPoint], mean: EffectPoint | None) -> list[Row]:
    rows: list[Row] = []
    for rank, point in enumerate(sorted(points, key=lambda p: (p.value, p.query)), start=1):
        rows.append({
            "model": point.model, "arm": point.arm, "tier": point.quantity, "query": point.query,
            "group": point.group or "none", "rank": rank, "value": round(point.value, 5),
            "shown": difference(point.value), "n": point.n, "unscored": point.unscored,
            "failed": point.failed,
        })  # fmt: skip
    if rows and mean is not None and mean.value is not None:
        words = f"mean {difference(mean.value)}"
        rows[0] |= {"mean": mean.value, "low": mean.low, "high": mean.high, "words": words}
    return rows
