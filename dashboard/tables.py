"""Turns results into the points of charts and tables: rates, gaps and effects of one measure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dashboard.airtime import airtimes
from dashboard.arm_points import ArmFields, arm_fields
from dashboard.effects.cells import Cells, collapse
from dashboard.effects.effect import Against, Effect, Kind
from dashboard.effects.families import Adjustment
from dashboard.effects.looks import Look, complete_prefix, first_queries, look_at, plan_looks
from dashboard.effects.observation import Columns
from dashboard.effects.table import RateRow, effect_rows, rate_rows
from dashboard.effects.takeaway import caption, takeaway
from dashboard.effects.tuned import Tuned, by_training
from dashboard.measured import cells_of, columns_of, measure_words
from dashboard.points import BOTH, GAP, EffectPoint, Point
from dashboard.results import Results
from dashboard.training_doses import tunings
from facts.aliases import alias_words
from facts.catalog import Library
from facts.condition import Channel, Condition, Tier
from runners.comparison import Comparison

RATE_METHOD = "Wilson with an effective sample size over queries, t quantile"
GAP_METHOD = "MOVER on Wilson limits, paired over queries"
_SIMPLE = {Kind.DIFFERENCE, Kind.LEVEL_SHIFT, Kind.GAP_CHANGE}
_SLOPES = {Kind.SLOPE, Kind.GAP_SLOPE, Kind.BREADTH_SLOPE, Kind.BREADTH_GAP_SLOPE, Kind.AIRTIME_SLOPE,
           Kind.AIRTIME_GAP_SLOPE}  # fmt: skip
_MAINS = {Kind.MAIN_EFFECT, Kind.MAIN_GAP_CHANGE}
_INTERACTIONS = {Kind.INTERACTION, Kind.GAP_INTERACTION}
_OF_GAP = {Kind.GAP_CHANGE, Kind.GAP_SLOPE, Kind.BREADTH_GAP_SLOPE, Kind.AIRTIME_GAP_SLOPE, Kind.MAIN_GAP_CHANGE,
           Kind.GAP_INTERACTION}  # fmt: skip
_SINGLE = {Against.ABSENCE, Against.PLACEBO, Against.PLACE}
_CLIMBS = {Against.LEVELS, Against.BREADTHS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Everything shown of one measure. ``effects`` are of single arms (of facts over all arms in a screening design),
    ``slopes`` per level over a fact's ladder, ``mains`` of a fact averaged over the other facts, ``interactions`` of
    two facts together against the sum of each. ``look`` says at which pre-set look the tests were made, if any.
    """

    measure: str
    title: str
    rates: tuple[Point, ...]
    gaps: tuple[Point, ...]
    effects: tuple[EffectPoint, ...]
    slopes: tuple[EffectPoint, ...]
    caption: str
    adjustment: Adjustment
    mains: tuple[EffectPoint, ...] = ()
    interactions: tuple[EffectPoint, ...] = ()
    look: str = ""

    @property
    def quantities(self) -> tuple[str, ...]:
        """What effects can be shown of: the gap first, then the tiers and their mean."""
        found = {effect.quantity for effect in self.effects}
        return tuple(name for name in (GAP, *(tier.value for tier in Tier), BOTH) if name in found)

    @property
    def broad(self) -> bool:
        """Whether arms differ in how many documents carry a fact, in context or in training."""
        return any(point.carriers for point in self.rates)

    @property
    def every(self) -> tuple[EffectPoint, ...]:
        """All effects, each once."""
        return tuple(dict.fromkeys((*self.effects, *self.slopes, *self.mains, *self.interactions)))


class _About(ArmFields):
    model: str
    of: str
    simulated: bool
    interim: bool
    measure: str


def tables(results: Results, measure: str, library: Library, adjust: Adjustment = Adjustment.MAX_T) -> Tables:
    """Rates, gaps and effects of one measure over everything in the comparison, which is the family of the tests.

    Where looks were set before launch, effects are those of the last look that was reached, on its queries alone.
    Raises ``KeyError`` for a measure that the comparison's metrics do not give.
    """
    airtime = airtimes(results.comparison, library)
    rows = columns_of(results, measure)
    cells, tuned = arm_cells(results, rows)
    source = {(one.cells.model, condition): name for one in tuned for condition, name in one.source.items()}
    airtime |= {condition: 0.0 for _, condition in source}  # nothing is said in the prompt
    look = look_of(results)
    looked = until(cells, results, look)
    effects = effect_rows(
        looked, adjust=adjust, seed=results.comparison.seed, airtime=airtime, rows=rows, look=look,
        uptake=heard(results, "uptake"), recall=heard(results, "recall"),
    )  # fmt: skip
    simulated = {model.model.label: model.simulated or results.judge_simulated for model in results.models}
    interim = {model.model.label for model in results.models if model.kept < len(model.rows)}
    for one in tuned:
        behind = set(one.source.values())
        simulated[one.cells.model] = any(simulated[name] for name in behind)
        interim |= {one.cells.model} if interim & behind else set()

    def about(condition: Condition, label: str) -> _About:
        return _arm(condition, library, _About(
            model=label, of=source.get((label, condition), label), simulated=simulated[label],
            interim=label in interim, measure=measure, arm="", fact="",
            title="", level=0, carriers=0, place="", polarity="", reasoning="",
        ))  # fmt: skip

    def points(chosen: Iterable[Effect]) -> tuple[EffectPoint, ...]:
        return tuple(_effect(e, about(_of(e), e.model), library) for e in chosen)

    mains = [e for e in effects if e.kind in _MAINS]
    screening = any(e.screened for e in mains)
    simple = [e for e in effects if e.kind in _SIMPLE and e.against in _SINGLE]
    shown = mains if screening else simple
    return Tables(
        measure=measure, title=measure_words(measure),
        rates=tuple(_rate(row, about(row.condition, row.model), airtime) for row in rate_rows(cells)),
        gaps=tuple(_gap(e, about(e.terms[0][0], e.model), airtime) for e in effects if e.kind is Kind.GAP),
        effects=points(shown), slopes=points(e for e in effects if e.kind in _SLOPES), mains=points(mains),
        interactions=points(e for e in effects if e.kind in _INTERACTIONS), adjustment=adjust,
        caption=caption(shown) + aliased(results.comparison, screening=screening), look=look.words if look else "",
    )  # fmt: skip


def arm_cells(results: Results, rows: Columns) -> tuple[tuple[Cells, ...], tuple[Tuned, ...]]:
    """Counts per arm and query, one table a model, and a base with the models tuned from it as a table of its own."""
    cells = collapse(rows)
    tuned = by_training(cells, tunings(model.model for model in results.models))
    if results.comparison.channel is Channel.FINE_TUNING:  # all that such a model's own table says is in the ladder's
        cells = tuple(table for table in cells if all(table.model not in one.source.values() for one in tuned))
    return (*cells, *(one.cells for one in tuned)), tuned


def until(cells: tuple[Cells, ...], results: Results, look: Look | None) -> tuple[Cells, ...]:
    """The counts of the queries that a look tests; all of them without a look."""
    return tuple(first_queries(table, results.queries, look.queries) for table in cells) if look else cells


def heard(results: Results, measure: str) -> dict[tuple[str, Condition], tuple[int, int]] | None:
    """Per model and condition, how many samples took their facts up (or knew them), and how many were asked."""
    if measure not in results.measures():
        return None
    return {
        (table.model, condition): (int(hits), int(asked))
        for table in cells_of(results, measure)
        for condition, hits, asked in zip(
            table.conditions, table.Y_CG.sum(axis=1), table.N_CG.sum(axis=1), strict=True
        )
    }  # fmt: skip


def look_of(results: Results) -> Look | None:
    """The last pre-set look that complete queries have reached, in the order asked; None without looks or before."""
    looks = results.comparison.looks
    if looks < 2:
        return None
    lacking = {row.query for model in results.models for row in model.rows if row.stop is None}
    complete = {query for number, query in enumerate(results.queries) if number not in lacking}
    plan = plan_looks(len(results.queries), min(looks, len(results.queries)))
    return look_at(complete_prefix(results.queries, complete), plan)


def aliased(comparison: Comparison, *, screening: bool) -> str:
    """What must be said of a fraction: which interactions are mixed with each main effect."""
    return f" {alias_words(comparison.facts)}" if screening else ""


def _arm(condition: Condition, library: Library, about: _About) -> _About:
    return {**about, **arm_fields(condition, library)}


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
    alike = [c for c, _ in e.terms if c.doses == e.doses or (c.doses and e.against in _CLIMBS)]
    if not alike:  # a main effect of a screen is of no single arm
        return e.terms[0][0]
    return max(alike, key=_loudness)


def _loudness(condition: Condition) -> tuple[int, int]:
    return max(((dose.level, dose.breadth.carriers) for dose in condition.doses), default=(0, 0))


def _effect(e: Effect, about: _About, library: Library) -> EffectPoint:
    interim = about["interim"] and e.look is None
    if e.kind in _MAINS | _INTERACTIONS:  # of its own facts, not of the arms that happen to carry them
        about = _arm(replace(e.baseline, doses=e.doses), library, about)
    return EffectPoint(
        **about, quantity=GAP if e.kind in _OF_GAP else e.tier.value if e.tier else BOTH, kind=e.kind.value,
        against=e.against.value, value=e.estimate, low=e.low, high=e.high,
        wide_low=e.simultaneous_low, wide_high=e.simultaneous_high, p=None if interim else e.p,
        p_adjusted=None if interim else e.p_adjusted, adjustment=e.adjustment.label, family=e.family_size, n=e.n,
        unscored=e.unscored, failed=e.failed, queries=e.queries_used, dropped=e.queries_dropped,
        why="interim, not a test" if interim else e.why, method=GAP_METHOD,
        takeaway=takeaway(e, interim=interim, title=lambda slug: library.fact(slug).title,
                          measure=measure_words(e.measure)),
        alpha=e.alpha, look=e.look.words if e.look else "", possible_low=e.possible_low,
        possible_high=e.possible_high, uptake=e.uptake, uptake_n=e.uptake_n, recall=e.recall, recall_n=e.recall_n,
        frame_sd=e.frame_sd, frame_low=e.frame_low, frame_high=e.frame_high, frames=e.frames,
        wording_sd=e.wording_sd, wording_low=e.wording_low, wording_high=e.wording_high, wordings=e.wordings,
    )  # fmt: skip
