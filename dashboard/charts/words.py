"""The words and tooltip fields that charts share: steps of salience, percentages, counts and p values."""

from __future__ import annotations

import math

import altair as alt

from dashboard.effects.sign_flips import LEAST_QUERIES
from dashboard.points import EffectPoint, OfArm
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


def arm_words(point: OfArm) -> str:
    """An arm in a sentence, e.g. ``Objections are read, affirmed, level 5``; one without facts is ``no fact``."""
    if not point.fact:
        return "no fact"
    doses, titles = point.arm.split(" + "), point.title.split(" + ")
    if len(titles) != len(doses):  # a title may hold the sign itself
        titles = [dose.partition(" ")[0] for dose in doses]
    if len(doses) > 1:
        said = (f"{title} ({_dose(dose.partition(' ')[2])})" for title, dose in zip(titles, doses, strict=True))
        return " and ".join(said)
    return f"{point.title}, {_dose(doses[0].partition(' ')[2])}"


def _dose(words: str) -> str:
    # "affirmed 5 in 2 documents, late" as facts.salience writes it, without the slug
    polarity, _, rest = words.partition(" ")
    level, _, place = rest.partition(" ")
    return f"{polarity}, level {level} {place}".strip() if level else polarity


def percent(value: float | None) -> str:
    """A rate as a percentage with one decimal; an unknown one says so."""
    return "not known" if value is None or math.isnan(value) else f"{100 * value:.1f} %"


def interval(low: float | None, high: float | None) -> str:
    """Two limits of a rate."""
    return f"{percent(low)} to {percent(high)}"


def difference(value: float | None) -> str:
    """A difference of rates in points, with its sign; it is no percentage of anything."""
    return "not known" if value is None or math.isnan(value) else f"{_signed(value)} points"


def difference_interval(low: float | None, high: float | None) -> str:
    """Two limits of a difference."""
    if low is None or high is None:
        return f"{difference(low)} to {difference(high)}"
    return f"{_signed(low)} to {_signed(high)} points"


def amount(value: float | None, *, gap: bool) -> str:
    """A rate as a percentage, or a gap in points."""
    return difference(value) if gap else percent(value)


def amounts(low: float | None, high: float | None, *, gap: bool) -> str:
    """Two limits of a rate, or of a gap."""
    return difference_interval(low, high) if gap else interval(low, high)


def _signed(value: float) -> str:
    points = round(100 * value, 1) + 0.0
    return f"{points:+.1f}".replace("-", "−") if points else "0.0"


def untested(point: EffectPoint) -> str:
    """Why an effect that is known could not be tested, in the few words that a chart has room for."""
    if point.queries < LEAST_QUERIES:
        return f"too few queries ({point.queries})"
    return "too few queries differ"


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
