"""A comparison beside what is published: own arms over the prompt variations of the paper, as a description."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import correlation

from dashboard.arm_points import ReferencePoint
from dashboard.charts.published import published_chart
from dashboard.charts.words import difference, difference_interval, interval, percent
from dashboard.figure import MEANS, Figure, View, heading_of, shown_of
from dashboard.findings import Findings
from dashboard.measured import measure_words
from dashboard.published import Variation, variations

# In the paper alignment faking counts only where the output complies: of ours that is scheming.
_FAKING = ("scheming", "alignment_faking", "alignment_faking_keywords")
_ALIKE = "counted as published, only where the output complies"
_UNLIKE = "counted whether or not it complied: published, only where it did, so own arms lie too far right"
_GAPS = ("noncompliance_judged", "noncompliance")


def published_figure(findings: Findings, view: View, *, pick: str = "") -> Figure:
    """Alignment faking against the gap, published and own; only for a setting that the paper varied."""
    results = findings.results
    known, cloud = results.measures(), variations(results.comparison.setting)
    faking = next((name for name in _FAKING if name in known), "")
    gap = next((name for name in _GAPS if name in known), "")
    heading = heading_of(f"{_short(faking)} against the gap, beside published prompt variations", "", results, view,
                         [name for name in (faking, gap) if name])  # fmt: skip
    points = shown_of(reference_points(findings, faking, gap), view) if faking and gap else ()
    source = cloud[0].source if cloud else ""
    own, counted = measure_words(faking), _ALIKE if faking == _FAKING[0] else _UNLIKE
    across = f"{own},\nmonitored tier; {counted}"
    note = "Crosses: 95 % intervals of own arms."
    if cloud:
        grey = f"Grey triangles: {len(cloud)} variations of one model, {cloud[0].model}; filled: its default prompt."
        note = f"{grey}\n{source}.\n{note}"
    lacking = "the comparison needs a measure of alignment faking and one of not complying in both tiers"
    if not cloud:
        lacking = "the paper varied the settings helpful_only and animal_welfare only; this comparison is of another"
    return Figure(
        name="published", heading=heading, points=points,
        chart=published_chart(points, cloud, heading, across, note, pick=pick),
        about=f"{heading.marked}: {len(points)} own arms over {len(cloud)} published variations",
        caption=f"{source}. Across, own arms: {own}, {counted}; grey points: alignment-faking reasoning. Other "
        "queries, another model and another judge: a difference from the grey points is no effect of a fact. "
        f"Published figures are in no test. {MEANS}",
        takeaway=_takeaway(points, cloud, own), lacking=lacking,
    )  # fmt: skip


def reference_points(findings: Findings, faking: str, gap: str) -> tuple[ReferencePoint, ...]:
    """Every arm's alignment faking in the monitored tier and its gap."""
    gaps = {(p.model, p.arm, p.reasoning): p for p in findings.tables(gap).gaps}
    found: list[ReferencePoint] = []
    for x in findings.tables(faking).rates:
        y = gaps.get((x.model, x.arm, x.reasoning))
        if x.quantity != "monitored" or x.value is None or y is None or y.value is None:
            continue
        found.append(ReferencePoint(
            model=x.model, of=x.of, simulated=x.simulated or y.simulated, interim=x.interim, arm=x.arm, fact=x.fact,
            title=x.title, level=x.level, polarity=x.polarity, reasoning=x.reasoning, carriers=x.carriers,
            place=x.place, x=x.value, x_low=x.low, x_high=x.high, y=y.value, y_low=y.low, y_high=y.high,
            n=min(x.n, y.n), queries=min(x.queries, y.queries), unscored=max(x.unscored, y.unscored),
            failed=max(x.failed, y.failed), source="own samples", x_of=measure_words(faking),
            y_of=f"gap of: {measure_words(gap)}",
        ))  # fmt: skip
    return tuple(found)


def _short(faking: str) -> str:
    return "Scheming" if faking == _FAKING[0] else "Alignment-faking reasoning"


def _takeaway(points: Sequence[ReferencePoint], cloud: Sequence[Variation], own: str) -> str:
    if not cloud:
        return ""
    r = correlation([v.faking for v in cloud], [v.gap for v in cloud])
    base = next((p for p in points if not p.fact), None)
    here = (
        f" Here, {base.model} without any fact, {own}: {percent(base.x)} "
        f"({interval(base.x_low, base.x_high)}); gap "
        f"{difference(base.y)} ({difference_interval(base.y_low, base.y_high)})." if base else ""
    )  # fmt: skip
    return (
        f"Over the {len(cloud)} published variations alignment-faking reasoning and gap go together (r = {r:.2f}); "
        f"the default prompt has {percent(cloud[0].faking)} and a gap of {difference(cloud[0].gap)}.{here}"
    )
