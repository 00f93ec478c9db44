"""The kept samples of a comparison as arrays made once, so that a filter over a hundred thousand takes milliseconds."""
# ruff: noqa: N815  (arrays carry axis letters, as fields too)

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.lazy_rows import keys_of
from dashboard.results import ModelResults, Results
from dashboard.row import Read, Row
from dashboard.row_arrays import RowArrays

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
    models = [model.arrays for model in results.models]
    rows = [np.flatnonzero(~arrays.missing_R) for arrays in models]

    def column(of: Callable[[RowArrays], Ints]) -> Ints:
        return np.concatenate([of(arrays)[row_K] for arrays, row_K in zip(models, rows, strict=True)])

    keys = [names[row] for names, row_K in zip((keys_of(m.rows) for m in results.models), rows, strict=True)
            for row in map(int, row_K)]  # fmt: skip
    model_S = np.repeat(np.arange(len(rows)), [len(row_K) for row_K in rows])
    condition_S, query_S = column(lambda arrays: arrays.condition_R), column(lambda arrays: arrays.query_R)
    replicate_S, read_S = column(lambda arrays: arrays.replicate_R), column(lambda arrays: arrays.read_R)
    read_S = read_S + np.cumsum([0, *(len(arrays.reads) for arrays in models)])[model_S]
    reads = [read for arrays in models for read in arrays.reads]
    stops, stop_S = _coded([read.stop.value if read.stop else "" for read in reads], read_S)
    names = [name for arrays in models for name in arrays.frames]
    first = np.cumsum([0, *(len(arrays.frames) for arrays in models)])[model_S]
    frames, frame_S = _coded(names, column(lambda arrays: arrays.frame_R) + first)
    shape = (len(results.conditions), len(results.queries), results.comparison.replicates)
    cell_S = ((model_S * shape[0] + condition_S) * shape[1] + query_S) * shape[2] + replicate_S
    order = np.argsort(cell_S, kind="stable")
    place = {key: number for number, key in reversed(list(enumerate(keys)))}  # of several the first
    return Columns(
        model_S=model_S, row_S=np.concatenate(rows), condition_S=condition_S, query_S=query_S,
        replicate_S=replicate_S, stops=stops, stop_S=stop_S, frames=frames, frame_S=frame_S,
        wording_SF=column(lambda arrays: arrays.wording_RF), outcomes=_outcomes(reads, read_S), keys=tuple(keys),
        place=place, cell_S=cell_S, cells=(cell_S[order], order),
    )  # fmt: skip


def _coded(values: Sequence[str], code_S: Ints) -> tuple[tuple[str, ...], Ints]:
    # The values that occur, in alphabetical order, and each sample's place among them.
    used: list[int] = np.unique(code_S).tolist()
    names = {name: code for code, name in enumerate(sorted({values[code] for code in used}))}
    return tuple(names), np.array([names.get(value, -1) for value in values], dtype=np.int64)[code_S]


def _outcomes(reads: Sequence[Read], read_S: Ints) -> dict[str, tuple[tuple[str, ...], NDArray[np.int16]]]:
    # Classes are numbered as samples show them; each thing that was read is looked at once, however many read it.
    codes, firsts = np.unique(read_S, return_index=True)
    found: dict[str, tuple[dict[str, int], NDArray[np.int16]]] = {}
    shown: list[int] = codes[np.argsort(firsts)].tolist()
    for number in shown:
        for name, value in reads[number].values.items():
            if name not in found:
                found[name] = ({}, np.full(len(reads), -1, dtype=np.int16))
            classes, class_N = found[name]
            class_N[number] = classes.setdefault(value or UNSCORED, len(classes))
    return {name: (tuple(classes), class_N[read_S]) for name, (classes, class_N) in sorted(found.items())}
