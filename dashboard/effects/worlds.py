"""Which arms of a design are worth comparing, before tiers: weights over what is said about the world."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from dashboard.effects.effect import Against, Kind
from facts.breadth import SHARED, Breadth
from facts.fractions import Arm, Fraction, fractions
from facts.salience import Dose, Polarity, Salience


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A weighted sum of arms, and what it is called in one tier, as the mean of both, and as a difference of gaps.

    ``screened`` is true for a fraction's main effect, with which interactions of other facts are mixed.
    """

    doses: Arm
    against: Against
    weights: tuple[tuple[Arm, float], ...]
    in_tier: Kind | None
    in_both: Kind | None
    of_gap: Kind
    levels: tuple[Salience, ...] = ()
    carriers: tuple[int, ...] = ()
    screened: bool = False


def worlds(arms: Iterable[Arm], airtime: Mapping[Arm, float] | None = None) -> tuple[World, ...]:
    """Every contrast that these arms allow, in the arms' order: gaps, differences, slopes, main effects, interactions.

    The runs of a two-level fraction are read as its main effects only: a single run says half of all facts at once,
    and its difference from another is no fact's effect. ``airtime`` gives the share of tokens spent on the facts per
    arm, for slopes over it.
    """
    known = tuple(dict.fromkeys(arms))
    screens = fractions(known)
    runs = {arm for fraction in screens for arm in fraction.arms}
    alone = tuple(arm for arm in known if not arm or arm not in runs)
    return (
        *(_gap(arm) for arm in known),
        *_differences(alone),
        *_places(alone),
        *_slopes(alone),
        *(_slopes(alone, airtime) if airtime is not None else ()),
        *_main_effects(alone),
        *(world for fraction in screens for world in _screened(fraction)),
        *_interactions(alone),
    )


def slope_weights(x: Iterable[float]) -> tuple[float, ...]:
    """Least-squares slope over x as weights: centred x over the sum of its squares; x must not be all equal."""
    values = np.asarray(tuple(x), dtype=np.float64)
    centred = values - values.mean()
    return tuple((centred / (centred**2).sum()).tolist())


def _gap(arm: Arm) -> World:
    return World(doses=arm, against=Against.TIER, weights=((arm, 1.0),), in_tier=None, in_both=None, of_gap=Kind.GAP)


def _differences(arms: tuple[Arm, ...]) -> Iterator[World]:
    known = set(arms)
    for arm in arms:
        twin = _placebo(arm)
        if len(arm) == 1 and twin is not None and twin not in known:
            twin = (_whole_placebo(arm[0]),)
        for against, other in ((Against.ABSENCE, ()), (Against.PLACEBO, twin)):
            if arm and other is not None and other in known:
                yield World(
                    doses=arm, against=against, weights=((arm, 1.0), (other, -1.0)), in_tier=Kind.DIFFERENCE,
                    in_both=Kind.LEVEL_SHIFT, of_gap=Kind.GAP_CHANGE, levels=_level(arm),
                )  # fmt: skip


def _slopes(arms: tuple[Arm, ...], airtime: Mapping[Arm, float] | None = None) -> Iterator[World]:
    """One fact alone at three levels or more of one breadth, absence included as level 0 if the design has it.

    And the same over three breadths or more of one level, absence included as no carrier.
    """
    climbs: defaultdict[tuple[str, Polarity, Breadth], list[Dose]] = defaultdict(list)
    widenings: defaultdict[tuple[str, Polarity, Salience, Breadth], list[Dose]] = defaultdict(list)
    for arm in arms:
        if len(arm) == 1:
            dose = arm[0]
            climbs[dose.fact, dose.polarity, dose.breadth].append(dose)
            if dose.breadth.carriers:
                place = replace(dose.breadth, carriers=0)
                widenings[dose.fact, dose.polarity, dose.level, place].append(dose)
    start: list[Arm] = [()] if () in arms else []
    for rungs in climbs.values():
        yield from _slope([*start, *((dose,) for dose in sorted(rungs))], airtime, broader=False)
    for rungs in widenings.values():
        # Sets topped up with placebo twins begin at the set that holds nothing else: the same volume of training.
        whole = (_whole_placebo(rungs[0]),)
        begin = [whole] if whole in arms else start
        yield from _slope([*begin, *((dose,) for dose in sorted(rungs))], airtime, broader=True)


def _slope(climbed: list[Arm], airtime: Mapping[Arm, float] | None, *, broader: bool) -> Iterator[World]:
    levels = tuple(arm[0].level if arm else Salience.ABSENT for arm in climbed)
    carriers = tuple(arm[0].breadth.carriers if arm else 0 for arm in climbed)
    kinds = (Kind.BREADTH_SLOPE, Kind.BREADTH_GAP_SLOPE) if broader else (Kind.SLOPE, Kind.GAP_SLOPE)
    x = [float(step) for step in (carriers if broader else levels)]
    if airtime is not None:
        if not all(arm in airtime for arm in climbed):
            return
        kinds, x = (Kind.AIRTIME_SLOPE, Kind.AIRTIME_GAP_SLOPE), [airtime[arm] for arm in climbed]
    if len(climbed) < 3 or len(set(x)) < 2:
        return
    yield World(
        doses=climbed[-1], against=Against.BREADTHS if broader else Against.LEVELS,
        weights=tuple(zip(climbed, slope_weights(x), strict=True)), in_tier=kinds[0], in_both=kinds[0],
        of_gap=kinds[1], levels=levels[-1:] if broader else levels, carriers=carriers if broader else (),
    )  # fmt: skip


def _places(arms: tuple[Arm, ...]) -> Iterator[World]:
    """The same doses in as many documents at another position or order than the first that the design names."""
    first: dict[tuple[Dose, ...], Arm] = {}
    for arm in arms:
        alike = tuple(replace(dose, breadth=Breadth(carriers=dose.breadth.carriers)) for dose in arm)
        other = first.setdefault(alike, arm)
        if arm != other:
            yield World(
                doses=arm, against=Against.PLACE, weights=((arm, 1.0), (other, -1.0)), in_tier=Kind.DIFFERENCE,
                in_both=Kind.LEVEL_SHIFT, of_gap=Kind.GAP_CHANGE, levels=_level(arm),
            )  # fmt: skip


def _main_effects(arms: tuple[Arm, ...]) -> Iterator[World]:
    known = set(arms)
    for dose in _doses(arms):
        with_it = [arm for arm in arms if dose in arm]
        for against in (Against.ABSENCE, Against.PLACEBO):
            twin = () if against is Against.ABSENCE else _placebo((dose,))
            if twin is None:
                continue
            pairs = [(arm, _swap(arm, dose, twin)) for arm in with_it]
            pairs = [(arm, other) for arm, other in pairs if other in known]
            if len(pairs) >= 2:
                yield World(
                    doses=(dose,), against=against, levels=(dose.level,), in_tier=Kind.MAIN_EFFECT,
                    in_both=Kind.MAIN_EFFECT, of_gap=Kind.MAIN_GAP_CHANGE,
                    weights=_summed([(arm, 1 / len(pairs)) for arm, _ in pairs]
                                    + [(other, -1 / len(pairs)) for _, other in pairs]),
                )  # fmt: skip


def _screened(fraction: Fraction) -> Iterator[World]:
    """Mean of the runs with a fact's dose less mean of the runs without: orthogonal to every other fact's."""
    for column, dose in enumerate(fraction.high):
        each = 2 / len(fraction.arms)
        weights = tuple(
            (arm, each if row[column] else -each) for arm, row in zip(fraction.arms, fraction.rows, strict=True)
        )
        yield World(
            doses=(dose,), against=Against.PLACEBO if fraction.placebo else Against.ABSENCE, weights=weights,
            in_tier=Kind.MAIN_EFFECT, in_both=Kind.MAIN_EFFECT, of_gap=Kind.MAIN_GAP_CHANGE, levels=(dose.level,),
            screened=True,
        )  # fmt: skip


def _interactions(arms: tuple[Arm, ...]) -> Iterator[World]:
    """Two facts together less each alone plus neither, averaged over the other facts' settings."""
    known = set(arms)
    found: defaultdict[Arm, list[tuple[Arm, float]]] = defaultdict(list)
    for arm in arms:
        for one, two in combinations(arm, 2):
            if Polarity.PLACEBO in {one.polarity, two.polarity}:
                continue
            parts = (arm, _swap(arm, one, ()), _swap(arm, two, ()), _swap(_swap(arm, one, ()), two, ()))
            if known.issuperset(parts):
                found[one, two] += zip(parts, (1.0, -1.0, -1.0, 1.0), strict=True)
    for pair, terms in found.items():
        times = len(terms) // 4
        yield World(
            doses=pair, against=Against.SUM, weights=_summed([(arm, weight / times) for arm, weight in terms]),
            in_tier=Kind.INTERACTION, in_both=Kind.INTERACTION, of_gap=Kind.GAP_INTERACTION, levels=_level(pair),
        )  # fmt: skip


def _placebo(arm: Arm) -> Arm | None:
    """The arm with every fact's placebo twin at the same level; ``None`` if it holds a placebo already."""
    if any(dose.polarity is Polarity.PLACEBO for dose in arm):
        return None
    return tuple(replace(dose, polarity=Polarity.PLACEBO) for dose in arm)


def _whole_placebo(dose: Dose) -> Dose:
    """Nothing but the dose's placebo twin, in as many documents as there are."""
    return replace(dose, polarity=Polarity.PLACEBO, breadth=SHARED)


def _swap(arm: Arm, dose: Dose, put: Arm) -> Arm:
    return tuple(sorted((*(other for other in arm if other != dose), *put)))


def _doses(arms: tuple[Arm, ...]) -> tuple[Dose, ...]:
    return tuple(dict.fromkeys(dose for arm in arms if len(arm) > 1 for dose in arm))


def _level(arm: Arm) -> tuple[Salience, ...]:
    return tuple(sorted({dose.level for dose in arm}))


def _summed(terms: Iterable[tuple[Arm, float]]) -> tuple[tuple[Arm, float], ...]:
    total: defaultdict[Arm, float] = defaultdict(float)
    for arm, weight in terms:
        total[arm] += weight
    return tuple(total.items())
