"""Which arms a comparison has: each design turns facts and levels into tuples of doses, the baseline first."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from facts.errors import FactError
from facts.salience import Dose, Polarity, Salience

Arm = tuple[Dose, ...]
DESIGNS = ("one_at_a_time", "ladder", "factorial")
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


def arms(design: str, facts: Sequence[str], levels: Iterable[int], polarities: Sequence[Polarity]) -> tuple[Arm, ...]:
    """The arms of the named design; raises ``FactError`` for an unknown one."""
    match design:
        case "one_at_a_time":
            return one_at_a_time(facts, levels, polarities)
        case "ladder":
            return ladder(facts, levels, polarities)
        case "factorial":
            return factorial(facts, levels, polarities)
        case _:
            raise FactError(f"no design {design!r}; choose one of {', '.join(DESIGNS)}")
