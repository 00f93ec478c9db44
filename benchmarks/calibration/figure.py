"""The figure: coverage of every quantity in every setting, with Monte Carlo error bars and the two bars to pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import altair as alt

from benchmarks.calibration.tally import AVERAGE, EACH, Line
from dashboard.charts.theme import INK, SOFT, Chart, Look, colour, finish, shape
from dashboard.render import render

LOOKS = (
    ("#0072B2", "circle"), ("#D55E00", "diamond"), ("#009E73", "square"), ("#CC79A7", "triangle-up"),
    ("#000000", "cross"), ("#E69F00", "triangle-down"), ("#56B4E9", "triangle-right"), ("#6B6B6B", "triangle-left"),
)  # fmt: skip
_FLOOR = 0.86


def figure(lines: Sequence[Line], worlds: Sequence[str], panels: Mapping[tuple[str, str], str], title: str) -> bytes:
    """SVG: a panel for each (measure, quantity) in ``panels``. Coverage below the axis is drawn at its foot."""
    looks = {name: Look(words=name, colour=LOOKS[i][0], shape=LOOKS[i][1]) for i, name in enumerate(worlds)}
    sizes = sorted({(line.queries, line.replicates) for line in lines})
    step = 1.0 / (len(worlds) + 2)
    rows = [
        {
            "panel": panels[line.measure, line.quantity], "world": line.world,
            "across": sizes.index((line.queries, line.replicates)) + (worlds.index(line.world) + 1.5) * step,
            "coverage": max(line.coverage.value, _FLOOR),
            "low": max(line.coverage.value - 1.96 * line.coverage.se, _FLOOR),
            "high": max(min(line.coverage.value + 1.96 * line.coverage.se, 1.0), _FLOOR),
        }
        for line in lines
    ]  # fmt: skip
    names = " : ".join(f"'{queries}×{replicates}'" for queries, replicates in sizes)
    tests = names.split(" : ")
    expression = "".join(f"datum.value == {i + 0.5} ? {name} : " for i, name in enumerate(tests)) + "''"
    x = alt.X("across:Q", title="queries × replicates", scale=alt.Scale(domain=[0, len(sizes)], nice=False),
              axis=alt.Axis(values=[i + 0.5 for i in range(len(sizes))], labelExpr=expression, grid=False,
                            labelFontSize=11))  # fmt: skip
    scale = alt.Scale(domain=[_FLOOR, 1.0], nice=False)
    y = alt.Y("coverage:Q", title="coverage of 95 % intervals", scale=scale,
              axis=alt.Axis(values=[0.86, 0.88, 0.9, 0.92, 0.93, 0.94, 0.96, 0.98, 1.0], format=".2f"))  # fmt: skip
    base = alt.Chart().encode(x=x, color=colour("world", looks, "World"))
    chart = alt.layer(
        alt.Chart().mark_rule(color=INK, strokeWidth=1.5).encode(y=alt.YDatum(AVERAGE, scale=scale)),
        alt.Chart().mark_rule(color=INK, strokeWidth=1.5, strokeDash=[5, 3]).encode(y=alt.YDatum(EACH, scale=scale)),
        alt.Chart().mark_rule(color=SOFT, strokeWidth=1, strokeDash=[1, 3]).encode(y=alt.YDatum(0.95, scale=scale)),
        base.mark_rule(strokeWidth=1.5).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q"),
        base.mark_point(filled=True, size=45, opacity=1).encode(y=y, shape=shape("world", looks, "World")),
        data=alt.Data(values=rows),
    ).properties(width=330, height=230)  # fmt: skip
    field = alt.Facet("panel:N", sort=list(panels.values()), title=None)
    note = [
        "Lines: .93, the bar for the average (solid); .90, the bar for every setting (dashed); .95, nominal (dotted).",
        "Error bars: ± 1.96 Monte Carlo standard errors, clustered by simulated comparison. All models are SIMULATED.",
    ]
    faceted = chart.facet(field, columns=3, spacing=24)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    titled = finish(cast("Chart", faceted), alt.TitleParams(title, subtitle=note))
    return render((titled.to_json(indent=None),))[0]["svg"]
