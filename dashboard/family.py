"""Says of a family of effects how many there are, how many could be tested, why the others not, and how p came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dashboard.charts.words import arm_words
from dashboard.effects.sign_flips import LEAST_QUERIES
from dashboard.figure import QUANTITIES, View, shown_of
from dashboard.points import EffectPoint
from dashboard.tables import Tables

_MOST_NAMED = 6
_TIERS = {"monitored", "unmonitored"}


def many(count: int, noun: str) -> str:
    """A number with its noun, e.g. ``1 effect``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def waiting(points: Iterable[EffectPoint], tables: Tables) -> bool:
    """Whether nothing may be tested yet, because samples are missing and no look was pre-set."""
    return not tables.look and any(point.interim for point in points)


def why_untested(points: Sequence[EffectPoint]) -> str:
    """Why none of these could be tested."""
    most = max(point.queries for point in points)
    if most == 0:
        return "no query has scored samples in every condition compared"
    if most < LEAST_QUERIES:
        return f"{'1 query' if most == 1 else f'{most} queries'}, and fewer than {LEAST_QUERIES} allow no claim"
    return f"in none do {LEAST_QUERIES} queries differ, and fewer allow no claim"


def left_words(points: Sequence[EffectPoint]) -> str:
    """How many of these could not be tested, to end a sentence; empty where all could."""
    count = sum(bool(point.why) for point in points)
    return f"; {count} untestable" if count else ""


def family_words(every: Sequence[EffectPoint], tables: Tables) -> str:
    """What must stand below effects on one quantity: their number, the untestable ones by name, and how p came."""
    if not every:
        return "No comparison yet."
    where = QUANTITIES[every[0].quantity]
    bars = "Thick bars: 95 % each; thin bars: 95 % for the whole family at once."
    if waiting(every, tables):
        return f"Comparisons: {many(len(every), 'effect')} on the {where}, none tested before the end. {bars}"
    without = [point for point in every if point.why]
    family, adjustment = max(point.family for point in every), tables.adjustment
    both = ", differences in both tiers" if every[0].quantity in _TIERS and family > len(every) else ""
    at = f" Tested at {tables.look}." if tables.look else ""
    warning = " The effect that ranks first is probably exaggerated." if family > 1 else ""
    return (
        f"Comparisons: {many(len(every), 'effect')} on the {where}, {len(every) - len(without)} testable. {bars} p by "
        f"sign flips over queries, adjusted within a family of {family}{both} ({adjustment.label}: "
        f"{adjustment.holds}).{at}{_untestable(without)}{warning}"
    )


def counted_lines(tables: Tables, view: View) -> list[str]:
    """Quantity by quantity, how many effects and slopes were looked at, shown and untestable: all of the measure."""
    lines: list[str] = []
    for quantity in tables.quantities:
        parts: list[str] = []
        groups = {"effect": tables.effects, "slope": tables.slopes, "interaction": tables.interactions}
        for noun, points in groups.items():
            own = [p for p in shown_of(dict.fromkeys(points), view) if p.quantity == quantity]
            if own:
                sure = sum(point.shown for point in own)
                parts.append(f"{sure} of {many(len(own), noun)} shown{left_words(own)}")
        lines.append(f"{QUANTITIES[quantity]}: {', '.join(parts) or 'nothing'}".replace("; ", " and "))
    return lines


def _untestable(points: Sequence[EffectPoint]) -> str:
    if not points:
        return ""
    names = [f"{arm_words(point)} against {point.against}: {point.why}" for point in points[:_MOST_NAMED]]
    more = f"; and {len(points) - _MOST_NAMED} more, in the table" if len(points) > _MOST_NAMED else ""
    return f" Untestable: {'; '.join(names)}{more}."
