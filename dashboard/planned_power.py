"""What a planned comparison could detect, and what more queries or replicates would buy and cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.effects.effect import Kind
from dashboard.effects.pilot import pilot
from dashboard.effects.planned import planned
from dashboard.effects.power import (
    ICC,
    KAPPA,
    Scenario,
    difference,
    gap_change,
    minimum_detectable,
    power,
    queries_needed,
)
from dashboard.measured import cells_of, measure_words, measures
from dashboard.results import Results
from facts.condition import Channel, Condition, Tier
from runners.comparison import Comparison
from runners.estimate import Plan

RATE, GAP = "rate", "gap"
_LEAST_PILOT = 30  # scored samples without a fact, below which their rate says too little to plan on
_SIZES = 14
_KIND = {RATE: (Kind.DIFFERENCE, Kind.MAIN_EFFECT), GAP: (Kind.GAP_CHANGE, Kind.MAIN_GAP_CHANGE)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What power rests on. ``rates`` are those without a fact, by tier; ``icc`` how alike a query's samples are and
    ``kappa`` how alike a query is in two conditions. ``source`` says in words where they come from.
    """

    rates: Mapping[Tier, float]
    icc: float = ICC
    kappa: float = KAPPA
    source: str = ""
    simulated: bool = False


DEFAULTS = Assumed(
    rates={Tier.MONITORED: 0.3, Tier.UNMONITORED: 0.5},
    source="assumed, as there are no samples to go by: once some are kept, their rates and likeness are used",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detectable:
    """The smallest change of a quantity that a size of run finds 4 times in 5; None where none that is possible is.

    ``power`` is the chance to find the wanted effect. Where ``least`` is None, about ``needs`` queries would find the
    largest possible change, if any number does.
    """

    quantity: str
    queries: int
    replicates: int
    least: float | None
    power: float
    needs: int | None = None

    @property
    def words(self) -> str:
        """The smallest change in percentage points, or what it would take."""
        if self.least is not None:
            return f"{100 * self.least:.1f} points"
        return no_change_words(self.needs)


def no_change_words(needs: int | None) -> str:
    """That a size of run finds no change that is possible, and how many queries would find the largest one."""
    return f"none that is possible; needs about {needs:,} queries" if needs else "none that is possible"


def assumed(results: Results) -> Assumed:
    """Rates and likeness of the kept samples (a pilot), of the first measure; the defaults where they are too few."""
    if not results.kept or not (names := list(measures(results))):
        return DEFAULTS
    tables = [table for table in cells_of(results, names[0]) if table.N_CG.size]
    rates: dict[Tier, list[tuple[float, float]]] = {}
    for table in tables:
        for row, condition in enumerate(table.conditions):
            if not condition.doses:
                counted = float(table.Y_CG[row].sum()), float(table.N_CG[row].sum())
                rates.setdefault(condition.tier, []).append(counted)
    known = {tier: (sum(y for y, _ in pairs), sum(n for _, n in pairs)) for tier, pairs in rates.items()}
    if not known or min(n for _, n in known.values()) < _LEAST_PILOT:
        return DEFAULTS
    found = [pilot(table) for table in tables]
    counted = int(sum(n for _, n in known.values()))
    return Assumed(
        rates={**DEFAULTS.rates, **{tier: y / n for tier, (y, n) in known.items()}},
        icc=sum(one.icc for one in found) / len(found), kappa=sum(one.kappa for one in found) / len(found),
        source=f"from the {counted:,} kept samples without a fact, of “{measure_words(names[0])}”",
        simulated=results.simulated,
    )  # fmt: skip


def family_sizes(conditions: tuple[Condition, ...], models: int) -> dict[str, int]:
    """How many effects of each quantity are tested together, over all models."""
    kinds = Counter(item.kind for item in planned(conditions))
    return {quantity: models * max(kinds[kind] for kind in of) for quantity, of in _KIND.items()}


def scenario(quantity: str, given: Assumed) -> Scenario:
    """The contrast: a rate, or the unmonitored one alone for the gap, that rises or falls, whichever has more room."""
    monitored, unmonitored = given.rates[Tier.MONITORED], given.rates[Tier.UNMONITORED]
    if quantity == RATE:
        return difference(monitored, falling=monitored > 0.5)
    if unmonitored <= 0.5:
        return gap_change(monitored, unmonitored)
    rates = (monitored, unmonitored, monitored, unmonitored)
    return Scenario(weights=(-1.0, 1.0, 1.0, -1.0), rates=rates, moved=(0.0, 0.0, 0.0, -1.0))


def detectable(
    quantity: str, given: Assumed, family: int, *, queries: int, replicates: int, effect: float
) -> Detectable:
    """What that size finds, at 5 % shared among the family (Bonferroni: a little less than the test used allows)."""
    contrast, alpha = scenario(quantity, given), 0.05 / max(1, family)
    chance = power(contrast, min(effect, contrast.most), queries=queries, replicates=replicates, icc=given.icc,
                   kappa=given.kappa, alpha=alpha) if effect <= contrast.most else 0.0  # fmt: skip
    least = minimum_detectable(contrast, queries=queries, replicates=replicates, icc=given.icc, kappa=given.kappa,
                               alpha=alpha)  # fmt: skip
    needs = None if least is not None else queries_needed(
        contrast, contrast.most, replicates=replicates, icc=given.icc, kappa=given.kappa, alpha=alpha
    )  # fmt: skip
    return Detectable(quantity=quantity, queries=queries, replicates=replicates, power=chance, least=least, needs=needs)


def curve(
    quantities: tuple[str, ...], given: Assumed, families: Mapping[str, int], *, most: int, replicates: int
) -> tuple[Detectable, ...]:
    """The smallest detectable change over the number of queries, up to ``most``."""
    sizes = sorted({max(2, round(2 * (most / 2) ** (step / _SIZES))) for step in range(_SIZES + 1)})
    return tuple(
        detectable(quantity, given, families[quantity], queries=size, replicates=replicates, effect=0.0)
        for quantity in quantities for size in sizes
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a size would call beyond what is kept, about, and cost in USD (None: a price is unknown)."""

    calls: int
    new: int
    usd: float | None


def price(plan: Plan, *, queries: int, replicates: int, whole: Plan | None = None) -> Price:
    """The plan's calls and expected cost, scaled: exact composing waits until the plan is set to that size.

    Trials grow with queries and replicates, questions that follow them at most as fast. ``whole`` is the same plan as
    if nothing were kept: what a call costs where all of the plan is kept.
    """
    planned_size = plan.queries * plan.comparison.replicates
    calls = round(plan.calls * queries * replicates / planned_size)
    new = max(0, calls - plan.kept)
    basis = plan if plan.new else whole
    expected = basis.cost() if basis else None
    each = expected / basis.new if basis and basis.new and expected is not None else None
    return Price(calls=calls, new=new, usd=0.0 if not new else None if each is None else each * new)


def quantities_of(comparison: Comparison) -> tuple[str, ...]:
    """What the comparison's effects are of: a rate, and the gap where both tiers are asked."""
    if comparison.channel is Channel.FINE_TUNING:
        return ()  # what is compared there are models, whose number says nothing of queries
    return (RATE, GAP) if len(comparison.tiers) == 2 else (RATE,)
