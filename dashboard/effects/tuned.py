"""Puts a model beside those tuned from it as one ladder: the dose in training is an axis like any other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from dashboard.effects.cells import Cells
from dashboard.effects.counts import FloatArray
from facts.condition import Channel, Condition
from facts.salience import Dose


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What a model was tuned from, by its label in the comparison, and the dose of the set it was tuned on."""

    base: str
    dose: Dose


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tuned:
    """Cells whose arms are doses in training, and the label of the model that each of their conditions is of."""

    cells: Cells
    source: Mapping[Condition, str]


def by_training(tables: Iterable[Cells], tunings: Mapping[str, Tuning]) -> tuple[Tuned, ...]:
    """For each base its own and its tuned models' conditions that say nothing in the prompt, as arms of one table.

    Arms are paired by query, like those of one model. A second model of the same dose goes into a second table: what
    two trainings differ in is never pooled away.
    """
    by_model = {table.model: table for table in tables}
    found: list[Tuned] = []
    for base in dict.fromkeys(one.base for one in tunings.values()):
        if base not in by_model:
            continue
        waiting = [name for name, one in tunings.items() if one.base == base and name in by_model]
        while waiting:
            taken: dict[Dose, str] = {}
            for name in waiting:
                taken.setdefault(tunings[name].dose, name)
            waiting = [name for name in waiting if name not in taken.values()]
            number = 1 + sum(one.cells.model.startswith(f"{base}, tuned") for one in found)
            label = f"{base}, tuned" if number == 1 else f"{base}, tuned ({number})"
            found.append(_merged(label, by_model, {None: base, **taken}))
    return tuple(found)


def _merged(label: str, by_model: Mapping[str, Cells], arms: Mapping[Dose | None, str]) -> Tuned:
    queries = tuple(sorted({query for name in arms.values() for query in by_model[name].queries}))
    conditions: list[Condition] = []
    source: dict[Condition, str] = {}
    parts: dict[str, list[FloatArray]] = {name: [] for name in _COUNTS}
    for dose, name in arms.items():
        table = by_model[name]
        place = [queries.index(query) for query in table.queries]
        for row, condition in enumerate(table.conditions):
            if condition.doses:
                continue
            put = replace(condition, channel=Channel.FINE_TUNING, doses=() if dose is None else (dose,))
            conditions.append(put)
            source[put] = name
            for field, rows in parts.items():
                counts = np.zeros(len(queries))
                counts[place] = getattr(table, field)[row]
                rows.append(counts)
    measure = by_model[arms[None]].measure
    arrays = {name: np.array(rows).reshape(len(conditions), len(queries)) for name, rows in parts.items()}
    return Tuned(
        cells=Cells(model=label, measure=measure, conditions=tuple(conditions), queries=queries, **arrays),
        source=source,
    )


_COUNTS = ("Y_CG", "N_CG", "unscored_CG", "failed_CG", "refused_CG")
