"""What charts need of a hundred thousand rows, as arrays made once: condition, query, replicate, paraphrase."""
# ruff: noqa: N815  (arrays carry axis letters, as fields too)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.row import Row
from runners.sample import Stop

_STOPPED = {Stop.REFUSAL, Stop.CONTENT_FILTER}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowArrays:
    """One entry a row; ``frame_R`` points into ``frames``, ``wording_RF`` is rows × facts of the comparison."""

    condition_R: NDArray[np.int64]
    query_R: NDArray[np.int64]
    replicate_R: NDArray[np.int64]
    missing_R: NDArray[np.bool_]
    refused_R: NDArray[np.bool_]
    frames: tuple[str, ...]
    frame_R: NDArray[np.int64]
    wording_RF: NDArray[np.int64]


def row_arrays(rows: Sequence[Row]) -> RowArrays:
    """The arrays of these rows, in their order."""
    frames = {frame: code for code, frame in enumerate(dict.fromkeys(row.frame for row in rows))}
    facts = len(rows[0].wordings) if rows else 0
    return RowArrays(
        condition_R=np.array([row.condition for row in rows], dtype=np.int64),
        query_R=np.array([row.query for row in rows], dtype=np.int64),
        replicate_R=np.array([row.replicate for row in rows], dtype=np.int64),
        missing_R=np.array([row.stop is None for row in rows], dtype=np.bool_),
        refused_R=np.array([row.stop in _STOPPED for row in rows], dtype=np.bool_),
        frames=tuple(frames), frame_R=np.array([frames[row.frame] for row in rows], dtype=np.int64),
        wording_RF=np.array([row.wordings for row in rows], dtype=np.int64).reshape(len(rows), facts),
    )  # fmt: skip
