"""The words and tooltip fields that charts share: steps of salience, percentages, counts and p values."""

from __future__ import annotations

import math

import altair as alt

from dashboard.points import OfArm
from facts.salience import Salience

Row = dict[str, str | float | None]

SIGNED = "datum.value === 0 ? '0' : format(100 * datum.value, '+.0f')"  # an axis of percentage points
COUNTS = (("n", "Scored samples"), ("queries", "Queries"), ("unscored", "Unscored"), ("failed", "Failed or missing"))


def step(point: OfArm, *, modes: bool) -> str:
    """What tells an arm from the others about the same facts, e.g. ``affirmed · 5 emphasised``."""
    words = "baseline"
    if point.fact:
        level = Salience(point.level)
        words = f"{point.polarity} · {int(level)} {level.name.lower()}"
        if point.carriers:
            words += f" · {point.carriers} document{'' if point.carriers == 1 else 's'}"
            words += f", {point.place}" if point.place else ""
        if point.polarity == "mixed":
            # The facts themselves are the heading; a slug has no blanks.
            words = " + ".join(dose.partition(" ")[2] for dose in point.arm.split(" + "))
    return f"{words} · {point.reasoning}" if modes else words


def percent(value: float | None, *, signed: bool = False) -> str:
    """A fraction as a percentage with one decimal; an unknown one says so."""
    if value is None or math.isnan(value):
        return "not known"
    return f"{100 * value:{'+' if signed else ''}.1f} %"


def interval(low: float | None, high: float | None, *, signed: bool = False) -> str:
    """Two limits as percentages."""
    return f"{percent(low, signed=signed)} to {percent(high, signed=signed)}"


def p_text(p: float | None) -> str:
    """A p value as a journal prints it; without a test, that there is none."""
    if p is None:
        return "no test"
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".", 1)


def counts(point: OfArm) -> Row:
    """The counts that every tooltip shows."""
    return {name: getattr(point, name) for name, _ in COUNTS}


def tooltip(*fields: tuple[str, str]) -> list[alt.Tooltip]:
    """Tooltips of these fields and of the counts."""
    return [alt.Tooltip(field=name, title=title) for name, title in (*fields, *COUNTS)]


def inline(rows: list[Row]) -> alt.InlineData:
    """The rows inside the specification: nothing is fetched, and a label is never more than data.

    Fractions keep five decimals, a thousandth of a percentage point: further ones would double a chart's bytes.
    """
    short = [{name: round(v, 5) if isinstance(v, float) else v for name, v in row.items()} for row in rows]
    return alt.InlineData(values=short)  # pyright: ignore[reportArgumentType]  # altair asks for its own mapping type
