"""Rows that are held as arrays and made when somebody looks at them: a hundred thousand in a few bytes each."""
# ruff: noqa: N815  (arrays carry axis letters, as fields too)

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import overload

import numpy as np
from numpy.typing import NDArray

from dashboard.row import Row
from dashboard.row_arrays import Ints, RowArrays


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LazyRows(Sequence[Row]):  # noqa: PLW1641  (rows hold mappings, so that there is no hash)
    """Equal to the tuple of its rows. ``key_R`` holds the keys as bytes; the rows are kept once they were gone
    through.
    """

    key_R: NDArray[np.bytes_]
    arrays: RowArrays
    _made: list[tuple[Row, ...]] = field(default_factory=list[tuple[Row, ...]], repr=False)

    def __len__(self) -> int:
        return len(self.key_R)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, slice):
            return self._all()[index]
        if self._made:
            return self._made[0][index]
        return next(self._rows([range(len(self))[index]]))

    def __iter__(self) -> Iterator[Row]:
        return iter(self._all())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, LazyRows | tuple):
            return self._all() == (other._all() if isinstance(other, LazyRows) else other)
        return NotImplemented

    def _all(self) -> tuple[Row, ...]:
        if not self._made:
            self._made.append(tuple(self._rows(range(len(self)))))  # twice by two threads is the same twice
        return self._made[0]

    def _rows(self, places: Sequence[int]) -> Iterator[Row]:
        a = self.arrays
        keys: list[bytes] = self.key_R[places].tolist()
        said: list[list[int]] = a.wording_RF[places].tolist()
        conditions, queries, replicates, frames, codes = (
            _listed(column[places]) for column in (a.condition_R, a.query_R, a.replicate_R, a.frame_R, a.read_R)
        )
        cells = zip(conditions, queries, replicates, strict=True)
        for key, frame, code, wordings, (condition, query, replicate) in zip(
            keys, frames, codes, said, cells, strict=True
        ):
            read = a.reads[code]
            yield Row(
                key=key.decode(), condition=condition, query=query, replicate=replicate, stop=read.stop,
                values=read.values, frame=a.frames[frame], wordings=tuple(wordings), reply_model=read.reply_model,
            )  # fmt: skip


def keys_of(rows: Sequence[Row]) -> list[str]:
    """The keys alone, without making the rows."""
    if not isinstance(rows, LazyRows):
        return [row.key for row in rows]
    held: list[bytes] = rows.key_R.tolist()
    return [key.decode() for key in held]


def _listed(column: Ints) -> list[int]:
    return column.tolist()
