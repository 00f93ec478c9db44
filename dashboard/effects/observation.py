"""Scored samples as rows, and the same as columns of codes that a hundred thousand rows collapse from quickly."""
# ruff: noqa: N815  (arrays carry axis letters, as fields and properties too)

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.effects.counts import BoolArray, IntArray
from facts.condition import Condition

YES, NO, UNSCORED, DOES_NOT_APPLY = 1, 0, -1, -2

_CODE: dict[bool | None, int] = {True: YES, False: NO, None: UNSCORED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One trial that was asked, and what each measure reads off it.

    ``measures`` maps each measure that applies to its value; ``None`` is unscored. A measure that is left out does
    not apply here (as alignment faking in the unmonitored tier) and is not counted as lost. ``failed``: nothing came
    back, so every measure is lost. ``refused``: the provider stopped the reply; a result, counted apart as well.
    """

    model: str
    condition: Condition
    query: str
    replicate: int
    measures: Mapping[str, bool | None]
    failed: bool = False
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """Observations as arrays over rows: codes into the tuples of names, and a value (1, 0, −1, −2) per measure.

    ``frame_R`` points into ``frames``, the setting's paraphrases. ``wording_FR``, facts × rows, is the place in the
    fact's bank of the first wording that the row's prompt says. Both are −1 where nothing is said or known, and may
    be left out: then nothing is known of any spread between paraphrases.
    """

    models: tuple[str, ...]
    conditions: tuple[Condition, ...]
    queries: tuple[str, ...]
    measures: tuple[str, ...]
    model_R: IntArray
    condition_R: IntArray
    query_R: IntArray
    replicate_R: IntArray
    value_MR: NDArray[np.int8]
    failed_R: BoolArray
    refused_R: BoolArray
    frames: tuple[str, ...] = ()
    frame_R: IntArray | None = None
    facts: tuple[str, ...] = ()
    wording_FR: IntArray | None = None

    def __post_init__(self) -> None:
        rows = len(self.model_R)
        for name, values, most in (
            ("model_R", self.model_R, len(self.models)),
            ("condition_R", self.condition_R, len(self.conditions)),
            ("query_R", self.query_R, len(self.queries)),
            ("replicate_R", self.replicate_R, None),
        ):
            if values.shape != (rows,) or (rows and (values.min() < 0 or (most is not None and values.max() >= most))):
                raise ValueError(f"{name} needs {rows} codes from 0 to one less than the names it points to")
        if self.value_MR.shape != (len(self.measures), rows):
            raise ValueError(f"value_MR must be measures × rows, {(len(self.measures), rows)}")
        if self.failed_R.shape != (rows,) or self.refused_R.shape != (rows,):
            raise ValueError(f"failed_R and refused_R need {rows} values")
        frame, wording = self.frame_R, self.wording_FR
        if frame is not None and (frame.shape != (rows,) or not _codes(frame, len(self.frames))):
            raise ValueError(f"frame_R needs {rows} codes into frames, or −1")
        if wording is not None and (wording.shape != (len(self.facts), rows) or not _codes(wording, None)):
            raise ValueError(f"wording_FR must be facts × rows, {(len(self.facts), rows)}, places in a bank or −1")


def _codes(values: IntArray, most: int | None) -> bool:
    return not values.size or bool(values.min() >= -1 and (most is None or values.max() < most))


def columns(observations: Iterable[Observation]) -> Columns:
    """The rows as columns; conditions and queries in order of first appearance."""
    rows = list(observations)
    model, models = _encoded([row.model for row in rows])
    query, queries = _encoded([row.query for row in rows])
    condition, conditions = _encoded_conditions(rows)
    measures = tuple(dict.fromkeys(name for row in rows for name in row.measures))
    return Columns(
        models=models,
        conditions=conditions,
        queries=queries,
        measures=measures,
        model_R=model,
        condition_R=condition,
        query_R=query,
        replicate_R=np.array([row.replicate for row in rows], dtype=np.int64),
        value_MR=np.array([[_code(row, name) for row in rows] for name in measures], dtype=np.int8).reshape(
            len(measures), len(rows)
        ),
        failed_R=np.array([row.failed for row in rows], dtype=np.bool_),
        refused_R=np.array([row.refused for row in rows], dtype=np.bool_),
    )  # fmt: skip


def _code(row: Observation, measure: str) -> int:
    return _CODE[row.measures[measure]] if measure in row.measures else DOES_NOT_APPLY


def _encoded(values: list[str]) -> tuple[IntArray, tuple[str, ...]]:
    codes: dict[str, int] = {}
    encoded = np.array([codes.setdefault(value, len(codes)) for value in values], dtype=np.int64)
    return encoded, tuple(codes)


def _encoded_conditions(rows: list[Observation]) -> tuple[IntArray, tuple[Condition, ...]]:
    """Rows mostly share the condition's object: looking at identity first saves hashing it a hundred thousand times."""
    codes: dict[Condition, int] = {}
    known: dict[int, int] = {}
    encoded = np.empty(len(rows), dtype=np.int64)
    for index, row in enumerate(rows):
        code = known.get(id(row.condition))
        if code is None:
            code = known[id(row.condition)] = codes.setdefault(row.condition, len(codes))
        encoded[index] = code
    return encoded, tuple(codes)
