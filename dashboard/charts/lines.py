"""Lays arms out as lines of a chart, one under the other, each group under the name of its fact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import altair as alt

from dashboard.charts.theme import INK
from dashboard.charts.words import Row, step
from dashboard.points import OfArm

HEIGHT = 24  # pixels a line of one or two marks
_LEFT = -12  # labels end this many pixels left of the plot


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """``number`` gives each arm's line by fact and step; ``headings`` are lines that hold the name of a fact only."""

    number: dict[tuple[str, str], int]
    headings: dict[int, str]
    marks: int = 1  # that may stand beside each other in a line
    each: int = 13  # pixels a mark where a line holds several, so that words and bars stay apart

    @property
    def height(self) -> int:
        """Pixels of the whole plot."""
        return max(HEIGHT, self.each * self.marks) * (len(self.number) + len(self.headings))

    def heading_rows(self, model: str, fields: Sequence[str]) -> list[Row]:
        """One row a heading, with no number in any other field and no text either."""
        empty: Row = {**dict.fromkeys(fields), "beside": ""}
        return [{**empty, "model": model, "line": str(line), "label": "", "heading": name}
                for line, name in self.headings.items()]  # fmt: skip


def lay_out(points: Sequence[OfArm], *, modes: bool, name_of: Callable[[OfArm], str] | None = None) -> Lines:
    """Lines in the order of the points; the baseline stands alone, without a heading. ``name_of`` names the lines."""

    def named(point: OfArm) -> str:
        return name_of(point) if name_of else step(point, modes=modes)

    number: dict[tuple[str, str], int] = {}
    headings: dict[int, str] = {}
    line = 0
    by_fact: dict[str, list[OfArm]] = {}
    for point in points:
        by_fact.setdefault(point.fact, []).append(point)
    for fact, group in by_fact.items():
        if fact:
            headings[line] = group[0].title
            line += 1
        for name in dict.fromkeys(map(named, group)):
            number[fact, name] = line
            line += 1
    return Lines(number=number, headings=headings)


def line_scale(lines: Lines) -> alt.Y:
    """The vertical place of a line; labels are text marks, because two facts have steps of one name."""
    domain = [str(n) for n in sorted({*lines.number.values(), *lines.headings})]
    return alt.Y("line:N", axis=None, scale=alt.Scale(domain=domain, paddingOuter=0, paddingInner=0.15))


def line_labels(lines: Lines, left: int = _LEFT) -> list[alt.Chart]:
    """The labels, ending at ``left`` pixels of the plot's left side, and the facts' names at their left edge."""
    plain = alt.Chart().encode(y=line_scale(lines))
    label = plain.mark_text(align="right", fontSize=12, color=INK, limit=300).encode(
        x=alt.value(left), text=alt.Text("label:N")
    )
    heading = plain.mark_text(align="left", fontSize=13, fontWeight="bold", color=INK, limit=560, dy=3).encode(
        x=alt.value(left - 150), text=alt.Text("heading:N")
    )
    return [label, heading]
