"""What a figure is: a chart with heading, caption, takeaway and points; and what the reader chose to see in it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar, cast

from dashboard.charts.dark import in_dark
from dashboard.charts.heading import Heading
from dashboard.charts.ladder import Across
from dashboard.charts.theme import Chart
from dashboard.points import BOTH, GAP, EffectPoint, OfArm, Point
from dashboard.results import Results
from runners import metrics

PICK = "pick"
QUANTITIES = {
    GAP: "gap (unmonitored − monitored)", "monitored": "monitored tier", "unmonitored": "unmonitored tier",
    BOTH: "mean of both tiers",
}  # fmt: skip
MEANS = "Rates are means over queries, each query alike, so they may differ a little from k/n."
P = TypeVar("P", bound=OfArm)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the reader chose: ``quantity`` of effects and ladders, the ladder's x-axis, and what is not hidden.

    Empty ``models``, ``facts`` and ``polarities`` hide nothing; what is hidden stays in the family of the tests.
    ``x`` and ``y`` are the measures of the map, ``effect`` the one whose queries are shown (empty: the first choice);
    ``published`` lays published figures beside the rates.
    """

    quantity: str = GAP
    across: Across = "level"
    models: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    polarities: tuple[str, ...] = ()
    x: str = ""
    y: str = ""
    effect: str = ""
    published: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """``chart`` is None where there is nothing to draw yet, and ``lacking`` then says what would have to be there.

    ``about`` is one sentence for those who cannot see it, ``takeaway`` what it says, never more than its tests allow.
    """

    name: str
    heading: Heading
    about: str
    caption: str
    chart: Chart | None
    points: tuple[OfArm, ...]
    takeaway: str = ""
    lacking: str = ""

    @property
    def spec(self) -> str:
        """The Vega-Lite specification as JSON, its data inside. Raises ``ValueError`` without a chart."""
        return self.spec_in(dark=False)

    def spec_in(self, *, dark: bool) -> str:
        """``spec`` on a light or a dark ground; nothing but colours differs."""
        return json.dumps(self.drawn(dark=dark), ensure_ascii=False, sort_keys=True, indent=1)

    def drawn(self, *, dark: bool) -> dict[str, object]:
        """The specification as a page takes it. Raises ``ValueError`` without a chart."""
        if self.chart is None:
            raise ValueError(f"figure {self.name!r} has nothing to draw")
        # Checking every value against Vega-Lite's schema takes longer than drawing; the tests check the charts once.
        spec = cast("dict[str, object]", self.chart.to_dict(validate=False))
        return in_dark(spec) if dark else spec


def shown_of(points: Iterable[P], view: View) -> tuple[P, ...]:
    """The points that nothing hides; the baseline without any fact is only hidden with its model."""
    return tuple(
        point for point in points
        if (not view.models or {point.model, point.of} & set(view.models))
        and (not point.fact or not view.facts or set(point.fact.split(" + ")) <= set(view.facts))
        and (not view.polarities or point.polarity in {*view.polarities, "mixed", ""})
    )  # fmt: skip


def hidden_words(view: View, points: Iterable[OfArm], *, tested: bool = True) -> str:
    """What must be said where arms are hidden: how many, and that the family of the tests is still all of them."""
    every = tuple(points)
    hidden = len(every) - len(shown_of(every, view))
    if not hidden:
        return ""
    family = " They stay in the family of the tests: hiding changes no p." if tested else ""
    return f" {hidden:,} of {len(every):,} are hidden by the choice of models, facts or wordings.{family}"


def heading_of(title: str, axis: str, results: Results, view: View, measured: Iterable[str]) -> Heading:
    """The heading of a figure of these measures; marks what is SIMULATED or interim about the models shown."""
    chosen = [m for m in results.models if not view.models or m.model.label in view.models]
    labels = ", ".join(model.model.label for model in chosen)
    c, known = results.comparison, results.measures()
    judged = any(metrics.find(known.get(name, name)).KIND == "judge" for name in measured)
    judge = f" · judged by {results.judge.label}" if judged and results.judge else ""
    return Heading(
        title=title, axis=axis, source=f"{c.name} · {c.setting} · {labels}{judge}",
        simulated=any(m.simulated for m in chosen) or (bool(judge) and results.judge_simulated),
        kept=sum(m.kept for m in chosen), planned=sum(len(m.rows) for m in chosen),
    )  # fmt: skip


def said_words(figure: Figure) -> str:
    """The figure's takeaway with what is doubtful about it said first; empty where it says nothing."""
    doubts = [word for word, true in (("SIMULATED", figure.heading.simulated), ("interim", figure.heading.interim))
              if true and not figure.takeaway.lower().startswith(word.lower())]  # fmt: skip
    return ": ".join((", ".join(doubts), figure.takeaway)) if doubts and figure.takeaway else figure.takeaway


def strongest(points: Iterable[EffectPoint]) -> tuple[EffectPoint, ...]:
    """The effects whose adjusted test allows a claim, the surest first; none while samples are missing."""
    return tuple(sorted((p for p in points if p.shown), key=lambda p: (p.p_adjusted or 0, -abs(p.value or 0))))


def counts_words(points: tuple[Point, ...]) -> str:
    """How many samples, queries and losses are behind the points."""
    if not points:
        return "Nothing is scored yet."
    least, most = min(p.n for p in points), max(p.n for p in points)
    unscored, failed = sum(p.unscored for p in points), sum(p.failed for p in points)
    queries = max(p.queries for p in points)
    n = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return (f"n = {n} scored samples a point over {queries} queries; {unscored:,} unscored, "
            f"{failed:,} failed or missing.")  # fmt: skip
