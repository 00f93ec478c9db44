"""Which arms a comparison has: each design turns facts and levels into tuples of doses, the baseline first."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from facts.breadth import Breadth
from facts.errors import FactError
from facts.fractions import Arm, fraction_arms
from facts.salience import Dose, Polarity, Salience

__all__ = ["DESIGNS", "MAX_ARMS", "Arm", "arms", "factorial", "fractional", "ladder", "one_at_a_time", "pairwise"]

DESIGNS = ("one_at_a_time", "ladder", "factorial", "fractional", "pairwise")
MAX_ARMS = 20_000


def _levels(levels: Iterable[int]) -> list[Salience]:
    chosen = sorted({Salience(level) for level in levels})
    if not any(chosen):
        raise FactError("a design needs at least one level above 0; for example levels = [0, 2, 5]")
    return chosen


def _distinct(arms: Iterable[Iterable[Dose]]) -> tuple[Arm, ...]:
    kept: dict[Arm, None] = {(): None}  # the baseline is always there: effects are read against absence
    for arm in arms:
        kept.setdefault(tuple(sorted(dose for dose in arm if dose.level)), None)
        if len(kept) > MAX_ARMS:
            raise FactError(f"this design has more than {MAX_ARMS:,} arms; choose fewer facts or levels")
    return tuple(kept)


def one_at_a_time(facts: Sequence[str], levels: Iterable[int], polarities: Sequence[Polarity]) -> tuple[Arm, ...]:
    """Each fact alone at each level and polarity, after the baseline without any fact."""
    chosen = _levels(levels)
    return _distinct(
        (Dose(fact=fact, level=level, polarity=polarity),)
        for fact in sorted(set(facts)) for polarity in polarities for level in chosen
    )  # fmt: skip


def ladder(facts: Sequence[str], levels: Iterable[int], polarities: Sequence[Polarity]) -> tuple[Arm, ...]:
    """One fact at rising levels; the same arms as ``one_at_a_time``, for exactly one fact."""
    if len(set(facts)) != 1:
        raise FactError(f"a ladder climbs one fact, got {len(set(facts))}; use one_at_a_time for several")
    return one_at_a_time(facts, levels, polarities)


def factorial(facts: Sequence[str], levels: Iterable[int], polarities: Sequence[Polarity]) -> tuple[Arm, ...]:
    """Every combination of absence and each level and polarity, over all facts."""
    chosen = _levels(levels)
    choices = [
        [Dose(fact=fact, level=Salience.ABSENT)]
        + [Dose(fact=fact, level=level, polarity=polarity) for polarity in polarities for level in chosen if level]
        for fact in sorted(set(facts))
    ]
    return _distinct(itertools.product(*choices))


def fractional(facts: Sequence[str], levels: Iterable[int], polarities: Sequence[Polarity]) -> tuple[Arm, ...]:
    """A two-level fraction (Plackett–Burman) for each level and polarity: few arms screen many facts.

    Each arm says about half of the facts, so the background must have room for them. With the placebo among the
    polarities, a twin fraction of the same rows puts a fact's placebo wherever it would be absent. What cannot be told
    apart: ``fractions.aliases``.
    """
    said = [polarity for polarity in polarities if polarity is not Polarity.PLACEBO]
    twins = (False, True) if said and Polarity.PLACEBO in polarities else (False,)
    return _distinct(
        arm
        for level in _levels(levels) if level
        for polarity in said or polarities
        for placebo in twins
        for arm in fraction_arms(_doses(facts, level, polarity), placebo=placebo)
    )  # fmt: skip


def pairwise(facts: Sequence[str], levels: Iterable[int], polarities: Sequence[Polarity]) -> tuple[Arm, ...]:
    """Each fact alone and each two together, at one level and polarity an arm: what two facts do beyond each."""
    if len(set(facts)) < 2:
        raise FactError(f"a pair needs two facts, got {len(set(facts))}; use ladder or one_at_a_time for one")
    groups = [_doses(facts, level, polarity) for polarity in polarities for level in _levels(levels)]
    return _distinct(arm for size in (1, 2) for group in groups for arm in itertools.combinations(group, size))


def _doses(facts: Sequence[str], level: Salience, polarity: Polarity) -> tuple[Dose, ...]:
    return tuple(Dose(fact=fact, level=level, polarity=polarity) for fact in sorted(set(facts)))


def arms(
    design: str, facts: Sequence[str], levels: Iterable[int], polarities: Sequence[Polarity],
    breadths: Sequence[Breadth] = (Breadth(),),
) -> tuple[Arm, ...]:  # fmt: skip
    """The arms of the named design at each breadth; raises ``FactError`` for an unknown one."""
    plain = _arms(design, facts, levels, polarities)
    return _distinct((replace(dose, breadth=breadth) for dose in arm) for arm in plain for breadth in breadths)


def _arms(design: str, facts: Sequence[str], levels: Iterable[int], polarities: Sequence[Polarity]) -> tuple[Arm, ...]:
    match design:
        case "one_at_a_time":
            return one_at_a_time(facts, levels, polarities)
        case "ladder":
            return ladder(facts, levels, polarities)
        case "factorial":
            return factorial(facts, levels, polarities)
        case "fractional":
            return fractional(facts, levels, polarities)
        case "pairwise":
            return pairwise(facts, levels, polarities)
        case _:
            raise FactError(f"no design {design!r}; choose one of {', '.join(DESIGNS)}")
