"""Counts per condition, query and paraphrase, from the columns that cells are collapsed from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, TypeVar

import numpy as np

from dashboard.effects.cells import Cells
from dashboard.effects.counts import BoolArray, FloatArray, IntArray
from dashboard.effects.observation import YES, Columns
from dashboard.effects.planned import Planned
from dashboard.effects.spread import Spreads, spreads
from facts.condition import Condition
from facts.salience import Dose

Name = TypeVar("Name", str, Condition)


class Between(TypedDict, total=False):
    """What an effect row says of paraphrases; see ``Effect``."""

    frame_sd: float | None
    frame_low: float | None
    frame_high: float | None
    frames: int | None
    wording_sd: float | None
    wording_low: float | None
    wording_high: float | None
    wordings: int | None


def between_paraphrases(
    contrasts: Sequence[Planned], cells: Cells, c_KC: FloatArray, rows: Columns | None
) -> list[Between]:
    """The spread of each contrast between frames, and of those about a single dose between the dose's wordings."""
    found = [Between() for _ in contrasts]
    if rows is None:
        return found
    frames = frame_spreads(rows, cells, c_KC)
    if frames is not None:
        for k, fields in enumerate(found):
            sd, low, high, count = _numbers(frames, k)
            fields.update(Between(frame_sd=sd, frame_low=low, frame_high=high, frames=count))
    about: dict[Dose, list[int]] = {}
    for k, contrast in enumerate(contrasts):
        if len(contrast.world.doses) == 1:
            about.setdefault(contrast.world.doses[0], []).append(k)
    for dose, members in about.items():
        wordings = wording_spreads(rows, cells, dose, c_KC[members])
        if wordings is not None:
            for place, k in enumerate(members):
                sd, low, high, count = _numbers(wordings, place)
                found[k].update(Between(wording_sd=sd, wording_low=low, wording_high=high, wordings=count))
    return found


def _numbers(found: Spreads, k: int) -> tuple[float | None, float | None, float | None, int | None]:
    if np.isnan(found.sd[k]):
        return None, None, None, None
    return float(found.sd[k]), float(found.low[k]), float(found.high[k]), int(found.paraphrases[k])


def frame_spreads(rows: Columns, cells: Cells, c_KC: FloatArray) -> Spreads | None:
    """Each contrast's spread between the frames that queries were put in; ``None`` if nobody gave them.

    ``rows`` are those that the cells were collapsed from. Raises ``ValueError`` if they lack its model or measure.
    """
    if rows.frame_R is None:
        return None
    chosen_R = _chosen(rows, cells, cells.conditions)
    return spreads(*_counts(rows, cells, cells.conditions, chosen_R, rows.frame_R[chosen_R]), c_KC)


def wording_spreads(rows: Columns, cells: Cells, dose: Dose, c_KC: FloatArray) -> Spreads | None:
    """The spread of contrasts about one dose between the wordings it begins with; ``None`` if nobody gave them.

    A query's replicate draws the same place in the bank for every arm, so samples of arms without the dose are
    compared with those that share its query and replicate.
    """
    if rows.wording_FR is None or dose.fact not in rows.facts:
        return None
    used = np.flatnonzero((c_KC != 0).any(axis=0))
    conditions = tuple(cells.conditions[index] for index in used)
    chosen_R = _chosen(rows, cells, conditions)
    replicates = int(rows.replicate_R.max(initial=0)) + 1
    draw_R = rows.query_R[chosen_R] * replicates + rows.replicate_R[chosen_R]
    says_C = np.array([dose in condition.doses for condition in rows.conditions], dtype=np.bool_)
    wording_R = rows.wording_FR[rows.facts.index(dose.fact)][chosen_R]
    known = says_C[rows.condition_R[chosen_R]] & (wording_R >= 0)
    drawn = np.full(len(rows.queries) * replicates, -1, dtype=np.int64)
    drawn[draw_R[known]] = wording_R[known]
    return spreads(*_counts(rows, cells, conditions, chosen_R, drawn[draw_R]), c_KC[:, used])


def _chosen(rows: Columns, cells: Cells, conditions: Sequence[Condition]) -> IntArray:
    """The scored rows of the cells' model and measure in these conditions."""
    if cells.model not in rows.models or cells.measure not in rows.measures:
        raise ValueError(f"the rows hold no {cells.measure!r} of {cells.model!r}; pass those the cells come from")
    wanted = set(conditions)
    wanted_C = np.array([condition in wanted for condition in rows.conditions], dtype=np.bool_)
    here: BoolArray = wanted_C[rows.condition_R] & (rows.value_MR[rows.measures.index(cells.measure)] >= 0)
    if len(rows.models) > 1:
        here &= rows.model_R == rows.models.index(cells.model)
    return np.flatnonzero(here & ~rows.failed_R)


def _counts(
    rows: Columns, cells: Cells, conditions: Sequence[Condition], chosen_R: IntArray, group_R: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Successes and trials, conditions × queries × paraphrases; rows without a known paraphrase are left out."""
    condition = _places(rows.conditions, conditions)[rows.condition_R[chosen_R]]
    query = _places(rows.queries, cells.queries)[rows.query_R[chosen_R]]
    yes_R = rows.value_MR[rows.measures.index(cells.measure)][chosen_R] == YES
    groups = int(group_R.max(initial=0)) + 1
    shape = (len(conditions), len(cells.queries), groups)
    cell_R = (condition * len(cells.queries) + query) * groups + group_R
    known = (group_R >= 0) & (condition >= 0) & (query >= 0)  # a look's cells hold the first queries only
    size = shape[0] * shape[1] * shape[2]

    def count(chosen: BoolArray) -> FloatArray:
        return np.bincount(cell_R[chosen], minlength=size).reshape(shape).astype(np.float64)

    return count(known & yes_R), count(known)


def _places(names: Sequence[Name], kept: Sequence[Name]) -> IntArray:
    place = {name: index for index, name in enumerate(kept)}
    return np.array([place.get(name, -1) for name in names], dtype=np.int64)
