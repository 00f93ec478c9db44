"""Two-level fractions: few runs that screen many facts at once, each run with about half of them.

Plackett & Burman 1946; Box, Hunter & Hunter 2005, chapters 6–7. pyDOE3 makes the matrices.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facts.breadth import Breadth
from facts.errors import FactError
from facts.salience import Dose, Polarity, Salience

Arm = tuple[Dose, ...]
Signs = NDArray[np.int8]
_Depth = tuple[Salience, Breadth]

# pyDOE3 doubles matrices of these sizes; it has none of 28 or 36 runs, so the next larger one screens 24–27 facts.
_SIZES = (1, 12, 20)
MOST_FACTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Fraction:
    """A two-level fraction: in half of its arms a fact has its dose in ``high``; in the others it is absent.

    With ``placebo``, the others hold its placebo twin at the same level instead. ``rows`` says so per arm, in the
    order of ``high``.
    """

    high: Arm
    placebo: bool
    arms: tuple[Arm, ...]
    rows: tuple[tuple[bool, ...], ...]


def fraction_runs(facts: int) -> int:
    """How many runs a fraction of that many facts has; raises ``FactError`` for fewer than 2 or more than 100."""
    if facts < 2:
        raise FactError(f"a fraction screens several facts, got {facts}; use ladder or one_at_a_time for one")
    if facts > MOST_FACTS:
        raise FactError(f"a fraction screens up to {MOST_FACTS} facts, got {facts}")
    whole = (runs for runs in itertools.count(4, 4) if runs > facts)
    return next(runs for runs in whole if any(runs % size == 0 and (runs // size).bit_count() == 1 for size in _SIZES))


def screening(facts: int) -> Signs:
    """Runs × facts, +1 where a fact is high and −1 where it is low; the first run has every fact low.

    Columns sum to 0 and are orthogonal. Where runs are a power of two and there is room, no main effect is aliased
    with an interaction of two facts. Raises ``FactError``.
    """
    from pyDOE3 import pbdesign  # noqa: PLC0415  # pyright: ignore  # half a second to import, and untyped

    runs = fraction_runs(facts)
    # pyDOE3's last run has every factor high; with signs turned it is the baseline, and most prompts say half.
    whole = -np.asarray(pbdesign(runs - 1), dtype=np.int8)[::-1]
    odd = [column for column in range(runs - 1) if (column + 1).bit_count() % 2]
    if runs.bit_count() == 1 and facts <= len(odd):
        return whole[:, odd[:facts]]
    return whole[:, :facts]


def fraction_arms(high: Iterable[Dose], *, placebo: bool = False) -> tuple[Arm, ...]:
    """The arms that screen these doses, one a fact: the baseline first, or with ``placebo`` all twins first."""
    doses = tuple(sorted(high))
    return tuple(
        tuple(
            dose if sign > 0 else replace(dose, polarity=Polarity.PLACEBO)
            for dose, sign in zip(doses, row, strict=True) if sign > 0 or placebo
        )
        for row in screening(len(doses)).tolist()
    )  # fmt: skip


def fractions(arms: Iterable[Arm]) -> tuple[Fraction, ...]:
    """The two-level fractions among arms: orthogonal sets at one dose and polarity that leave combinations out.

    Full factorials are none, because they confound nothing, and neither are one-at-a-time or pairwise arms.
    """
    known = tuple(dict.fromkeys(arms))
    told: dict[tuple[_Depth, Polarity], list[Arm]] = {}
    twins: dict[tuple[_Depth, Polarity, tuple[str, ...]], list[Arm]] = {}
    for arm in known:
        depths, said = {(dose.level, dose.breadth) for dose in arm}, {dose.polarity for dose in arm}
        if len(depths) != 1:
            continue
        (depth,), (one, *others) = depths, said
        if not others:
            told.setdefault((depth, one), []).append(arm)
        shown = said - {Polarity.PLACEBO}
        for polarity in shown if len(shown) == 1 else (Polarity.AFFIRMED, Polarity.NEGATED) if not shown else ():
            twins.setdefault((depth, polarity, tuple(dose.fact for dose in arm)), []).append(arm)
    found = [_fraction(depth, polarity, [(), *group], placebo=False) for (depth, polarity), group in told.items()]
    found += [_fraction(depth, polarity, group, placebo=True) for (depth, polarity, _), group in twins.items()]
    return tuple(item for item in found if item is not None and set(item.arms) <= set(known))


def _fraction(depth: _Depth, polarity: Polarity, arms: Sequence[Arm], *, placebo: bool) -> Fraction | None:
    names = sorted({dose.fact for arm in arms for dose in arm})
    if len(names) < 3 or len(arms) % 4 or len(arms) <= len(names) or len(arms) >= 2 ** len(names):
        return None
    level, breadth = depth
    high = tuple(Dose(fact=name, level=level, polarity=polarity, breadth=breadth) for name in names)
    rows = tuple(tuple(dose in held for dose in high) for held in map(set, arms))
    signs = 2 * np.asarray(rows, dtype=np.int64) - 1
    with_mean = np.column_stack([np.ones(len(arms), dtype=np.int64), signs])
    if not np.array_equal(with_mean.T @ with_mean, len(arms) * np.eye(len(names) + 1, dtype=np.int64)):
        return None
    return Fraction(high=high, placebo=placebo, arms=tuple(arms), rows=rows)
