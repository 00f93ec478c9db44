"""What charts need of a hundred thousand rows, as arrays made once: condition, query, replicate, paraphrase, scores."""
# ruff: noqa: N815  (arrays carry axis letters, as fields too)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.row import Read, Row
from runners.sample import Stop

_STOPPED = {Stop.REFUSAL, Stop.CONTENT_FILTER}
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowArrays:
    """One entry a row; ``frame_R`` points into ``frames``, ``wording_RF`` is rows × facts of the comparison.

    ``read_R`` points into ``reads``, the distinct things that were read off samples: whatever depends on scores alone
    is worked out once for each of them instead of once a row.
    """

    condition_R: Ints
    query_R: Ints
    replicate_R: Ints
    missing_R: NDArray[np.bool_]
    refused_R: NDArray[np.bool_]
    frames: tuple[str, ...]
    frame_R: Ints
    wording_RF: Ints
    reads: tuple[Read, ...]
    read_R: Ints

    def counts(self) -> list[tuple[int, Read, int]]:
        """Each condition with each thing that was read in it and in how many rows, as rows show it."""
        code_R = self.condition_R * len(self.reads) + self.read_R
        codes, firsts, counts = np.unique(code_R, return_index=True, return_counts=True)
        found: list[tuple[int, Read, int]] = []
        for place in np.argsort(firsts).tolist():
            condition, read = divmod(int(codes[place]), len(self.reads))
            found.append((condition, self.reads[read], int(counts[place])))
        return found


def row_arrays(rows: Sequence[Row]) -> RowArrays:
    """The arrays of these rows, in their order."""
    frames = {frame: code for code, frame in enumerate(dict.fromkeys(row.frame for row in rows))}
    facts = len(rows[0].wordings) if rows else 0
    reads: dict[tuple[object, ...], tuple[int, Read]] = {}
    read_R: list[int] = []
    for row in rows:
        said = (row.stop, row.reply_model, *row.values.items())
        if said not in reads:
            reads[said] = len(reads), Read(stop=row.stop, reply_model=row.reply_model, values=row.values)
        read_R.append(reads[said][0])
    return arrays_of(
        condition_R=np.array([row.condition for row in rows], dtype=np.int64),
        query_R=np.array([row.query for row in rows], dtype=np.int64),
        replicate_R=np.array([row.replicate for row in rows], dtype=np.int64),
        frames=tuple(frames), frame_R=np.array([frames[row.frame] for row in rows], dtype=np.int64),
        wording_RF=np.array([row.wordings for row in rows], dtype=np.int64).reshape(len(rows), facts),
        reads=tuple(read for _, read in reads.values()), read_R=np.array(read_R, dtype=np.int64),
    )  # fmt: skip


def arrays_of(
    *, condition_R: Ints, query_R: Ints, replicate_R: Ints, frames: tuple[str, ...], frame_R: Ints, wording_RF: Ints,
    reads: tuple[Read, ...], read_R: Ints,
) -> RowArrays:  # fmt: skip
    """The arrays of rows whose columns are known: what is missing and what was refused follows from what was read."""
    missing = np.array([read.stop is None for read in reads], dtype=np.bool_)
    refused = np.array([read.stop in _STOPPED for read in reads], dtype=np.bool_)
    return RowArrays(
        condition_R=condition_R, query_R=query_R, replicate_R=replicate_R, missing_R=missing[read_R],
        refused_R=refused[read_R], frames=frames, frame_R=frame_R, wording_RF=wording_RF, reads=reads, read_R=read_R,
    )  # fmt: skip
