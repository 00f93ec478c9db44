"""How much each effect differs between paraphrases: the effect as a dot, its range over frames and over wordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import altair as alt

from dashboard.charts.heading import Heading, title_of
from dashboard.charts.lines import lay_out, line_labels, line_scale
from dashboard.charts.theme import (
    INK,
    MOST_MARKS,
    SOFT,
    Chart,
    Look,
    among,
    colour,
    finish,
    panels,
    rounded_limits,
    shape,
)
from dashboard.charts.words import SIGNED, Row, counts, difference, difference_interval, inline, step, tooltip
from dashboard.points import EffectPoint

OVER: Mapping[str, Look] = {
    "wording": Look(words="over wordings of the fact", colour="#D55E00", shape="square", dash=(5, 3)),
    "frame": Look(words="over frames of the setting", colour="#0072B2", shape="circle"),
}
_MOST = MOST_MARKS // 7


def wordings_chart(points: Sequence[EffectPoint], heading: Heading, note: str, *, pick: str = "") -> Chart | None:
    """One line an arm, a range a kind of paraphrase, one column a model; None where no spread is known.

    ``pick`` names a selection whose clicked mark says ``model``, ``arm`` and ``tier`` (the quantity).
    """
    known = [p for p in points if p.value is not None and (p.frame_sd is not None or p.wording_sd is not None)][:_MOST]
    if not known:
        return None
    models = list(dict.fromkeys(point.model for point in known))
    modes = len({point.reasoning for point in known}) > 1
    used = among(OVER, {over for p in known for over in OVER if getattr(p, f"{over}_sd") is not None})
    lines = replace(lay_out(known, modes=modes), marks=len(used))
    rows: list[Row] = []
    labelled: set[int] = set()
    for point in known:
        name = step(point, modes=modes)
        line = lines.number[point.fact, name]
        label = name if point.model == models[0] and line not in labelled else ""
        labelled.add(line)
        rows += [{**row, "line": str(line), "step": name, "label": label if place == 0 else ""}
                 for place, row in enumerate(_rows(point, list(used)))]  # fmt: skip
    lows, highs = ([float(row[name] or 0) for row in rows] for name in ("low", "high"))
    values = [p.value or 0.0 for p in known]
    scale = alt.Scale(domain=rounded_limits([*lows, *values], [*highs, *values], span=(-2, 2)), nice=False)
    shown = alt.Chart().transform_filter("isValid(datum.low)").encode(
        x=alt.X("value:Q", title=[heading.axis, "change in percentage points"], scale=scale,
                axis=alt.Axis(labelExpr=SIGNED, tickCount=6)),
        y=line_scale(lines),
        yOffset=alt.YOffset("over:N", scale=alt.Scale(domain=[look.words for look in used.values()])),
        color=colour("over", used, "Range of single paraphrases"),
        tooltip=tooltip(("fact", "Fact"), ("step", "Dose"), ("over", "Range"), ("shown", "Effect over all"),
                        ("range", "Lowest to highest"), ("beside", "SD in points, paraphrases"),
                        ("model", "Model")),
    )  # fmt: skip
    marks = shown.mark_point(filled=True, size=65, opacity=1, stroke="white", strokeWidth=0.8).encode(
        shape=shape("over", used, "Range of single paraphrases")
    )
    if pick:
        marks = marks.add_params(alt.selection_point(name=pick, fields=["model", "arm", "tier"]))
    width = 440 if len(models) == 1 else 270
    chart = alt.layer(
        alt.Chart().mark_rule(color=INK, strokeWidth=1).encode(x=alt.XDatum(0, scale=scale)),
        shown.mark_rule(strokeWidth=1.8).encode(x=alt.X("low:Q", scale=scale), x2="high:Q"),
        *(shown.mark_tick(thickness=1.8, size=9).encode(x=alt.X(f"{end}:Q", scale=scale)) for end in ("low", "high")),
        marks,
        shown.mark_text(align="left", fontSize=11, color=SOFT).encode(
            x=alt.value(width + 10), text="beside:N", color=alt.value(SOFT)
        ),
        *line_labels(lines),
        data=inline([*rows, *lines.heading_rows(models[0], ["value"])]),
    ).properties(width=width, height=lines.height)  # fmt: skip
    whole = panels(chart, "model", models, apart=104) if len(models) > 1 else chart
    return finish(whole, title_of(heading, *note.split("\n")))


def _rows(point: EffectPoint, used: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    for over in used:
        sd, many = getattr(point, f"{over}_sd"), getattr(point, f"{over}s")
        low, high = getattr(point, f"{over}_low"), getattr(point, f"{over}_high")
        if sd is None:
            continue
        rows.append({
            "model": point.model, "arm": point.arm, "tier": point.quantity, "fact": point.title, "heading": "",
            "over": OVER[over].words, "value": point.value, "low": low, "high": high,
            "shown": difference(point.value), "range": difference_interval(low, high),
            "beside": f"SD {100 * sd:.1f} over {many}", **counts(point),
        })  # fmt: skip
    return rows
