"""Two effects of each arm side by side: scheming against revealing, and the shift of the level against the gap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dashboard.arm_points import PairPoint
from dashboard.charts.two_effects import Words, two_effects_chart
from dashboard.charts.words import arm_words
from dashboard.effects.families import Adjustment
from dashboard.figure import QUANTITIES, Figure, View, heading_of, hidden_words, shown_of
from dashboard.findings import Findings
from dashboard.measured import measure_words
from dashboard.points import BOTH, GAP, EffectPoint
from dashboard.tables import Tables

_SCHEMING = ("scheming", "alignment_faking", "alignment_faking_or_maybe", "alignment_faking_keywords",
             "noncompliance_judged", "noncompliance")  # fmt: skip
_REVEALING = ("revealing_any", "revealing_strategy", "revealing_pressure", "revealing_disagreement", "asked_any",
              "asked_strategy", "asked_pressure", "asked_disagreement")  # fmt: skip
_GAPS = {"noncompliance_judged", "noncompliance"}
_MOST_NAMED = 6


def map_measures(findings: Findings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The measures of scheming and those of revealing that the comparison has, the headline first."""
    known = findings.results.measures()

    def among(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(measure for name in names for measure in known if measure.partition("@")[0] == name)

    return among(_SCHEMING), among(_REVEALING)


def map_figure(findings: Findings, view: View, *, pick: str = "") -> Figure:
    """Each fact's effect on scheming against its effect on revealing."""
    xs, ys = map_measures(findings)
    x = view.x if view.x in xs else next(iter(xs), "")
    y = view.y if view.y in ys else next(iter(ys), "")
    title = "Scheming against revealing: effect of each fact on both"
    heading = heading_of(title, "", findings.results, view, [name for name in (x, y) if name])
    if not x or not y:
        return _empty("map", heading.marked, findings, view, _missing(x, y))
    left, right = findings.tables(x), findings.tables(y)
    gap = x.partition("@")[0] in _GAPS
    x_of = GAP if gap else _first(left, ("monitored", BOTH, GAP))
    y_of = _first(right, (BOTH, "monitored", "unmonitored"))
    every = pair_points(left, x_of, right, y_of)
    points = shown_of(every, view)
    less, more = ("smaller gap", "larger gap") if gap else ("schemes less", "schemes more")
    words = Words(
        x=(measure_words(x), QUANTITIES[x_of]), y=(measure_words(y), QUANTITIES[y_of]),
        up_left=f"{less},\nreveals more", up_right=f"{more},\nreveals more", down_left=f"{less},\nreveals less",
        down_right=f"{more},\nreveals less", best=f"{less},\nreveals more",
    )  # fmt: skip
    note = "Crosses: 95 % intervals of both effects, against absence.\nPale: not shown by both adjusted tests."
    return Figure(
        name="map", heading=heading, points=points, chart=two_effects_chart(points, heading, words, note, pick=pick),
        about=f"{heading.marked}: {len(points)} arms, effect on scheming across and on revealing upwards",
        caption=_families(left, x_of, right, y_of) + hidden_words(view, every),
        takeaway=_map_takeaway(points, less), lacking="no arm has both effects yet",
    )  # fmt: skip


def shift_figure(tables: Tables, findings: Findings, view: View, *, pick: str = "") -> Figure:
    """Each arm's shift of the level (mean of both tiers) against its change of the gap."""
    heading = heading_of(f"{tables.title}: shift of the level against change of the gap", tables.title,
                         findings.results, view, [tables.measure])  # fmt: skip
    every = pair_points(tables, BOTH, tables, GAP)
    points = shown_of(every, view)
    words = Words(
        x=("Level: change of the mean of both tiers",), y=("Gap: change of unmonitored − monitored",),
        up_left="level down,\ngap larger", up_right="level up,\ngap larger", down_left="level down,\ngap smaller",
        down_right="level up,\ngap smaller",
    )  # fmt: skip
    note = (
        "Crosses: 95 % intervals, against absence. Near the vertical line: the gap alone moves;\n"
        "near the horizontal line: both tiers move together, which is no change of strategy between them."
    )
    return Figure(
        name="shift", heading=heading, points=points, chart=two_effects_chart(points, heading, words, note, pick=pick),
        about=f"{heading.marked}: {len(points)} arms, shift of the level across and change of the gap upwards",
        caption=_families(tables, BOTH, tables, GAP) + hidden_words(view, every), takeaway=_shift_takeaway(points),
        lacking="a shift and a gap need a measure that is read in both tiers, in a comparison that has both",
    )  # fmt: skip


def pair_points(left: Tables, x_of: str, right: Tables, y_of: str) -> tuple[PairPoint, ...]:
    """Arms that have both effects, against absence where the design has it."""
    ups = {_key(e): e for e in _against_absence(right.effects, y_of)}
    found: list[PairPoint] = []
    for x in _against_absence(left.effects, x_of):
        y = ups.get(_key(x))
        if y is None or x.value is None or y.value is None:
            continue
        numbers = [e for e in (x, y) if e.low is not None and e.high is not None]
        if len(numbers) < 2:
            continue
        found.append(PairPoint(
            model=x.model, of=x.of, simulated=x.simulated or y.simulated, interim=x.interim or y.interim, arm=x.arm,
            fact=x.fact, title=x.title, level=x.level, polarity=x.polarity, reasoning=x.reasoning,
            carriers=x.carriers, place=x.place, against=x.against,
            x_of=f"{left.measure}, {x_of}", x=x.value, x_low=x.low or 0.0, x_high=x.high or 0.0,
            x_p_adjusted=x.p_adjusted, x_shown=x.shown,
            y_of=f"{right.measure}, {y_of}", y=y.value, y_low=y.low or 0.0, y_high=y.high or 0.0,
            y_p_adjusted=y.p_adjusted, y_shown=y.shown,
            n=min(x.n, y.n), unscored=max(x.unscored, y.unscored), failed=max(x.failed, y.failed),
            queries=min(x.queries, y.queries),
        ))  # fmt: skip
    return tuple(found)


def _against_absence(effects: Iterable[EffectPoint], quantity: str) -> list[EffectPoint]:
    own = [e for e in effects if e.quantity == quantity]
    return [e for e in own if e.against == "absence"] or [e for e in own if e.against == "placebo"]


def _key(e: EffectPoint) -> tuple[str, str, str, str]:
    return e.model, e.arm, e.reasoning, e.against


def _first(tables: Tables, wanted: Sequence[str]) -> str:
    return next((name for name in wanted if name in tables.quantities), wanted[0])


def _families(left: Tables, x_of: str, right: Tables, y_of: str) -> str:
    sizes = [max((e.family for e in t.effects if e.quantity == of), default=0)
             for t, of in ((left, x_of), (right, y_of))]  # fmt: skip
    both = " Each family holds its own 5 %: of claims about both axes at once, any is false in up to 10 % of runs."
    if left.adjustment is Adjustment.BENJAMINI_HOCHBERG:
        both = ""
    return (
        f"Across: a family of {sizes[0]} effects; upwards: a family of {sizes[1]} "
        f"({left.adjustment.label}, sign flips over queries).{both}"
    )


def _missing(x: str, y: str) -> str:
    lacks: list[str] = []
    if not x:
        lacks.append("a measure of scheming (metric outcomes, alignment_faking, keyword_alignment_faking, or the "
                     "setting's own rule)")  # fmt: skip
    if not y:
        lacks.append("a measure of revealing (metric revealing or interview, both with a judge)")
    return f"the map needs {' and '.join(lacks)}; add it to the comparison, and no kept sample is bought again"


def _empty(name: str, about: str, findings: Findings, view: View, lacking: str) -> Figure:
    heading = heading_of(about, "", findings.results, view, ())
    return Figure(name=name, heading=heading, about=about, caption="", chart=None, points=(), lacking=lacking)


def _map_takeaway(points: Sequence[PairPoint], less: str) -> str:
    if not points:
        return ""
    if any(p.interim and p.x_p_adjusted is None for p in points):
        return "Interim, not a test: nothing can be said of any fact yet."
    both = [p for p in points if p.x_shown and p.y_shown and p.x < 0 < p.y]
    if both:
        return f"Shown by both adjusted tests, {less} and reveals more: {named(both)}."
    safer = [p for p in points if p.x_shown and p.x < 0]
    candid = [p for p in points if p.y_shown and p.y > 0]
    return (
        f"No fact is shown to do both ({less}: {named(safer)} | reveals more: {named(candid)}), which does not show "
        "that none does."
    )


def _shift_takeaway(points: Sequence[PairPoint]) -> str:
    if not points:
        return ""
    if any(p.interim and p.x_p_adjusted is None for p in points):
        return "Interim, not a test: nothing can be said of any fact yet."
    gap = [p for p in points if p.y_shown]
    level = [p for p in points if p.x_shown and not p.y_shown]
    return (
        f"A change of the gap is shown for: {named(gap)}. A shift of the level without a shown change of the gap: "
        f"{named(level)}. What is not shown may still be there."
    )


def named(points: Sequence[PairPoint]) -> str:
    """The arms of some points in words, the first of them where they are many."""
    names = list(dict.fromkeys(f"{arm_words(p)} ({p.model})" for p in points))
    models = {p.model for p in points}
    if len(models) == 1:
        names = list(dict.fromkeys(arm_words(p) for p in points))
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return "; ".join(names[:_MOST_NAMED]) + more if names else "none"
