"""Turns results into the points of charts and tables: rates, gaps and effects of one measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from dashboard.airtime import airtimes
from dashboard.effects.effect import Against, Effect, Kind
from dashboard.effects.families import Adjustment
from dashboard.effects.table import RateRow, effect_rows, rate_rows
from dashboard.effects.takeaway import caption, takeaway
from dashboard.measured import cells_of, measure_words
from dashboard.points import BOTH, GAP, EffectPoint, Point
from dashboard.results import Results
from facts.catalog import Library
from facts.condition import Condition, Tier

RATE_METHOD = "Wilson with an effective sample size over queries, t quantile"
GAP_METHOD = "MOVER on Wilson limits, paired over queries"
_ADJUSTMENT = Adjustment.MAX_T
_SIMPLE = {Kind.DIFFERENCE, Kind.LEVEL_SHIFT, Kind.GAP_CHANGE}
_SLOPES = {Kind.SLOPE, Kind.GAP_SLOPE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Everything shown of one measure. ``effects`` are of single arms, ``slopes`` per level over a fact's ladder."""

    measure: str
    title: str
    rates: tuple[Point, ...]
    gaps: tuple[Point, ...]
    effects: tuple[EffectPoint, ...]
    slopes: tuple[EffectPoint, ...]
    caption: str
    adjustment: Adjustment

    @property
    def quantities(self) -> tuple[str, ...]:
        """What effects can be shown of: the gap first, then the tiers and their mean."""
        found = {effect.quantity for effect in self.effects}
        return tuple(name for name in (GAP, *(tier.value for tier in Tier), BOTH) if name in found)


class _About(TypedDict):
    model: str
    simulated: bool
    interim: bool
    measure: str
    arm: str
    fact: str
    title: str
    level: int
    polarity: str
    reasoning: str


def tables(results: Results, measure: str, library: Library) -> Tables:
    """Rates, gaps and effects of one measure over everything in the comparison, which is the family of the tests.

    Raises ``KeyError`` for a measure that the comparison's metrics do not give.
    """
    airtime = airtimes(results.comparison, library)
    cells = cells_of(results, measure)
    effects = effect_rows(cells, adjust=_ADJUSTMENT, seed=results.comparison.seed)
    simulated = {model.model.label: model.simulated for model in results.models}
    interim = {model.model.label for model in results.models if model.kept < len(model.rows)}

    def about(condition: Condition, label: str) -> _About:
        return _arm(condition, library, _About(
            model=label, simulated=simulated[label], interim=label in interim, measure=measure, arm="", fact="",
            title="", level=0, polarity="", reasoning="",
        ))  # fmt: skip

    simple = [e for e in effects if e.kind in _SIMPLE and e.against in {Against.ABSENCE, Against.PLACEBO}]
    return Tables(
        measure=measure, title=measure_words(measure),
        rates=tuple(_rate(row, about(row.condition, row.model), airtime) for row in rate_rows(cells)),
        gaps=tuple(_gap(e, about(e.terms[0][0], e.model), airtime) for e in effects if e.kind is Kind.GAP),
        effects=tuple(_effect(e, about(_of(e), e.model)) for e in simple),
        slopes=tuple(_effect(e, about(_of(e), e.model)) for e in effects if e.kind in _SLOPES),
        caption=caption(simple), adjustment=_ADJUSTMENT,
    )  # fmt: skip


def _arm(condition: Condition, library: Library, about: _About) -> _About:
    doses = condition.doses
    return {
        **about, "arm": condition.arm, "fact": " + ".join(dose.fact for dose in doses),
        "title": " + ".join(library.fact(dose.fact).title for dose in doses) or "No fact (baseline)",
        "level": max((int(dose.level) for dose in doses), default=0), "reasoning": condition.reasoning.value,
        "polarity": "mixed" if len(doses) > 1 else doses[0].polarity.value if doses else "",
    }  # fmt: skip


def _rate(row: RateRow, about: _About, airtime: Mapping[Condition, float]) -> Point:
    return Point(
        **about, quantity=row.condition.tier.value, airtime=airtime[row.condition], value=row.rate, low=row.low,
        high=row.high, n=row.n, unscored=row.unscored, failed=row.failed, queries=row.queries,
        possible_low=row.possible_low, possible_high=row.possible_high, method=RATE_METHOD,
    )  # fmt: skip


def _gap(e: Effect, about: _About, airtime: Mapping[Condition, float]) -> Point:
    return Point(
        **about, quantity=GAP, airtime=airtime[e.terms[0][0]], value=e.estimate, low=_or(e.low, -1),
        high=_or(e.high, 1), n=e.n, unscored=e.unscored, failed=e.failed, queries=e.queries_used,
        possible_low=_or(e.possible_low, -1), possible_high=_or(e.possible_high, 1), method=GAP_METHOD,
    )  # fmt: skip


def _or(value: float | None, unknown: float) -> float:
    return unknown if value is None else value


def _of(e: Effect) -> Condition:
    # A slope is of the fact's whole ladder: its loudest arm stands for it.
    alike = [c for c, _ in e.terms if c.doses == e.doses or (c.doses and e.against is Against.LEVELS)]
    return max(alike, key=lambda condition: max((dose.level for dose in condition.doses), default=0))


def _effect(e: Effect, about: _About) -> EffectPoint:
    interim = about["interim"]
    return EffectPoint(
        **about, quantity=GAP if e.kind in {Kind.GAP_CHANGE, Kind.GAP_SLOPE} else e.tier.value if e.tier else BOTH,
        against=e.against.value, value=e.estimate, low=e.low, high=e.high,
        wide_low=e.simultaneous_low, wide_high=e.simultaneous_high, p=None if interim else e.p,
        p_adjusted=None if interim else e.p_adjusted, adjustment=e.adjustment.label, family=e.family_size, n=e.n,
        unscored=e.unscored, failed=e.failed, queries=e.queries_used, dropped=e.queries_dropped,
        why="interim, not a test" if interim else e.why, takeaway=takeaway(e, interim=interim), method=GAP_METHOD,
    )  # fmt: skip
