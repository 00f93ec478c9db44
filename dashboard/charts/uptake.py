"""Each effect beside the share of samples that took its fact up, without which a null effect says nothing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import altair as alt

from dashboard.arm_points import HeardPoint
from dashboard.charts.heading import Heading, title_of
from dashboard.charts.lines import Lines, lay_out, line_labels, line_scale
from dashboard.charts.theme import INK, MOST_MARKS, SOFT, Chart, Look, among, colour, finish, rounded_limits, shape
from dashboard.charts.words import (
    SIGNED,
    Row,
    counts,
    difference,
    difference_interval,
    inline,
    interval,
    p_text,
    percent,
    step,
    tooltip,
)
from dashboard.points import EffectPoint, OfArm

CHECKS: Mapping[str, Look] = {
    "uptake": Look(words="takes it up in its reasoning", colour="#009E73", shape="circle"),
    "recall": Look(words="recalls it when asked", colour="#CC79A7", shape="square"),
}
_MOST = MOST_MARKS // 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An effect, the checks of its arm, and what both together allow to be said, in a few words."""

    effect: EffectPoint
    checks: tuple[HeardPoint, ...]
    verdict: str


def uptake_chart(items: Sequence[Heard], heading: Heading, note: str, *, pick: str = "") -> Chart | None:
    """Effects at the left, shares at the right, one line an arm and model; None where no effect is known.

    ``pick`` names a selection whose clicked mark says ``model``, ``arm`` and ``tier`` (the quantity).
    """
    known = [item for item in items if item.effect.value is not None][:_MOST]
    if not known:
        return None
    effects = [item.effect for item in known]
    models, modes = len({e.model for e in effects}) > 1, len({e.reasoning for e in effects}) > 1

    def name_of(point: OfArm) -> str:
        return f"{step(point, modes=modes)} · {point.model}" if models else step(point, modes=modes)

    used = among(CHECKS, {check.check for item in known for check in item.checks})
    lines = replace(lay_out(effects, modes=modes, name_of=name_of), marks=max(len(used), 1))
    rows = [row for item in known for row in _rows(item, lines.number[item.effect.fact, name_of(item.effect)],
                                                   name_of(item.effect))]  # fmt: skip
    rows += [{**row, "verdict_label": ""} for row in lines.heading_rows(effects[0].model, ["value"])]
    parts = alt.hconcat(_left(rows, lines, heading, effects, pick), _right(rows, lines, used), spacing=22)
    whole = parts.resolve_scale(color="independent", shape="independent")  # pyright: ignore[reportUnknownMemberType]
    return finish(cast("Chart", whole), title_of(heading, *note.split("\n")))


def _left(rows: list[Row], lines: Lines, heading: Heading, effects: Sequence[EffectPoint], pick: str) -> Chart:
    lows, highs = [e.low or 0.0 for e in effects], [e.high or 0.0 for e in effects]
    scale = alt.Scale(domain=rounded_limits(lows, highs, span=(-2, 2)), nice=False)
    shown = alt.Chart().encode(
        x=alt.X("value:Q", title=[heading.axis, "change in percentage points"], scale=scale,
                axis=alt.Axis(labelExpr=SIGNED, tickCount=5)),
        y=line_scale(lines), color=alt.value(INK),
        tooltip=tooltip(("fact", "Fact"), ("step", "Dose"), ("shown", "Change"), ("interval", "95 % interval"),
                        ("p", "Adjusted for the family"), ("verdict", "Together"), ("model", "Model")),
    )  # fmt: skip
    marks = shown.mark_point(filled=True, size=75, opacity=1, shape="diamond", stroke="white", strokeWidth=1)
    if pick:
        marks = marks.add_params(alt.selection_point(name=pick, fields=["model", "arm", "tier"]))
    return alt.layer(
        alt.Chart().mark_rule(color=INK, strokeWidth=1).encode(x=alt.XDatum(0, scale=scale)),
        shown.mark_rule(strokeWidth=2.5).encode(x=alt.X("low:Q", scale=scale), x2="high:Q"),
        marks, *line_labels(lines), data=inline(rows),
    ).properties(width=222, height=lines.height)  # fmt: skip


def _right(rows: list[Row], lines: Lines, used: Mapping[str, Look]) -> Chart:
    scale = alt.Scale(domain=[0, 1], nice=False)
    width = 140
    looks = dict(used)
    shown = alt.Chart().encode(
        x=alt.X("share:Q", title=["samples that", "took it up"], scale=scale, axis=alt.Axis(format=".0%", tickCount=3)),
        y=line_scale(lines),
        yOffset=alt.YOffset("check:N", scale=alt.Scale(domain=[look.words for look in looks.values()])),
        color=colour("check", looks, "The model"),
        tooltip=tooltip(("fact", "Fact"), ("step", "Dose"), ("check", "The model"), ("share_shown", "Share"),
                        ("share_interval", "95 % interval"), ("model", "Model")),
    )  # fmt: skip
    layers = [
        shown.mark_rule(strokeWidth=2.5).encode(x=alt.X("share_low:Q", scale=scale), x2="share_high:Q"),
        shown.mark_point(filled=True, size=80, opacity=1).encode(shape=shape("check", looks, "The model")),
    ] if looks else []  # fmt: skip
    half = alt.Chart().mark_rule(color=SOFT, strokeDash=[2, 3]).encode(x=alt.XDatum(0.5, scale=scale))
    verdict = alt.Chart().mark_text(align="left", fontSize=11, color=SOFT).encode(
        x=alt.value(width + 10), y=line_scale(lines), text="verdict_label:N"
    )  # fmt: skip
    return alt.layer(half, *layers, verdict, data=inline(rows)).properties(width=width, height=lines.height)


def _rows(item: Heard, line: int, name: str) -> list[Row]:
    e = item.effect
    about: Row = {"model": e.model, "arm": e.arm, "tier": e.quantity, "line": str(line), "fact": e.title, "step": name}
    doubt = "interim" if e.interim and not e.look else ""
    rows: list[Row] = [{
        **about, "label": name, "heading": "", "value": e.value, "low": e.low, "high": e.high,
        "shown": difference(e.value), "interval": difference_interval(e.low, e.high),
        "p": doubt or p_text(e.p_adjusted), "verdict": item.verdict, "verdict_label": item.verdict, **counts(e),
    }]  # fmt: skip
    rows += [
        {**about, "label": "", "heading": "", "verdict_label": "", "check": CHECKS[check.check].words,
         "share": check.value, "share_low": check.low, "share_high": check.high, "share_shown": percent(check.value),
         "share_interval": interval(check.low, check.high), **counts(check)}
        for check in item.checks
    ]  # fmt: skip
    return rows
