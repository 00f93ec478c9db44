"""The kept samples of a comparison as arrays made once, so that a filter over a hundred thousand takes milliseconds."""
# ruff: noqa: N815  (arrays carry axis letters, as fields too)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.results import ModelResults, Results
from dashboard.row import Row

Ints = NDArray[np.int64]
UNSCORED = "unscored"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """One entry a kept sample (axis S), in the order planned; a sample's number in it is its *place*.

    ``outcomes`` gives for each metric (or part of one) its classes and each sample's class, −1 where the metric does
    not apply; ``wording_SF`` is samples × facts of the comparison, −1 where the prompt does not say the fact. ``place``
    finds a sample by key.
    """

    model_S: Ints
    row_S: Ints
    condition_S: Ints
    query_S: Ints
    replicate_S: Ints
    stops: tuple[str, ...]
    stop_S: Ints
    frames: tuple[str, ...]
    frame_S: Ints
    wording_SF: Ints
    outcomes: Mapping[str, tuple[tuple[str, ...], NDArray[np.int16]]]
    keys: tuple[str, ...]
    place: Mapping[str, int]
    cell_S: Ints  # model, condition, query and replicate in one number
    cells: tuple[Ints, Ints]  # all such numbers in ascending order, and their places

    @property
    def count(self) -> int:
        """How many samples are kept."""
        return len(self.keys)

    def at(self, results: Results, place: int) -> tuple[ModelResults, Row]:
        """The model and the row of a place."""
        model = results.models[int(self.model_S[place])]
        return model, model.rows[int(self.row_S[place])]

    def beside(self, results: Results, place: int, condition: int) -> int | None:
        """The place of the sample of the same model, query and replicate in another condition; None: not kept."""
        step = len(results.queries) * results.comparison.replicates
        wanted = int(self.cell_S[place]) + (condition - int(self.condition_S[place])) * step
        ordered, places = self.cells
        found = int(np.searchsorted(ordered, wanted))
        return int(places[found]) if found < len(ordered) and ordered[found] == wanted else None


def columns_of(results: Results) -> Columns:
    """The columns of these results."""
    kept = [(m, r, row) for m, model in enumerate(results.models) for r, row in enumerate(model.rows) if row.stop]
    rows = [row for _, _, row in kept]
    model_S = _ints([m for m, _, _ in kept])
    condition_S, query_S = _ints([row.condition for row in rows]), _ints([row.query for row in rows])
    replicate_S = _ints([row.replicate for row in rows])
    stops, stop_S = _coded([row.stop.value if row.stop else "" for row in rows])
    frames, frame_S = _coded([row.frame for row in rows])
    shape = (len(results.conditions), len(results.queries), results.comparison.replicates)
    cell_S = ((model_S * shape[0] + condition_S) * shape[1] + query_S) * shape[2] + replicate_S
    order = np.argsort(cell_S, kind="stable")
    place = {row.key: number for number, row in reversed(list(enumerate(rows)))}  # of several the first
    return Columns(
        model_S=model_S, row_S=_ints([r for _, r, _ in kept]), condition_S=condition_S, query_S=query_S,
        replicate_S=replicate_S, stops=stops, stop_S=stop_S, frames=frames, frame_S=frame_S,
        wording_SF=_ints([row.wordings for row in rows]).reshape(len(rows), len(results.comparison.facts)),
        outcomes=_outcomes(rows), keys=tuple(row.key for row in rows), place=place,
        cell_S=cell_S, cells=(cell_S[order], order),
    )  # fmt: skip


def _ints(values: Sequence[object]) -> Ints:
    return np.array(values, dtype=np.int64)


def _coded(values: Sequence[str]) -> tuple[tuple[str, ...], Ints]:
    names = {name: code for code, name in enumerate(sorted(set(values)))}
    return tuple(names), _ints([names[value] for value in values])


def _outcomes(rows: Sequence[Row]) -> dict[str, tuple[tuple[str, ...], NDArray[np.int16]]]:
    found: dict[str, tuple[dict[str, int], NDArray[np.int16]]] = {}
    for number, row in enumerate(rows):
        for name, value in row.values.items():
            if name not in found:
                found[name] = ({}, np.full(len(rows), -1, dtype=np.int16))
            codes, class_S = found[name]
            class_S[number] = codes.setdefault(value or UNSCORED, len(codes))
    return {name: (tuple(codes), class_S) for name, (codes, class_S) in sorted(found.items())}
