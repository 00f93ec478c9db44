"""One table of an arm on disk: columns by query and replicate; derived, deletable at any time, never the truth."""
# ruff: noqa: N815  (arrays carry axis letters, as fields too)

from __future__ import annotations

import io
import json
import os
import threading
import time
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.generic]
Ints = NDArray[np.int64]
_HELD_CELLS = 1_000_000  # of all tables that stay in memory, about 100 bytes each
_OLD_S, _DAY_S = 30 * 86_400, 86_400
_MOST_REPLICATES = 2**31
# What reading a file that is not, or not any more, what we wrote can raise.
_DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError, EOFError, ArithmeticError, NotImplementedError,
           RecursionError, zipfile.BadZipFile, zlib.error)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Up to which row of the store a table was made; ``kept_at`` tells that store from another one in its place."""

    row: int = 0
    kept_at: str = ""
    aside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellTable:
    """One entry a cell (axis N), in no particular order. ``query_N`` points into ``queries``, the queries' hashes.

    Codes in columns point into ``words``, JSON data that is only ever added to. ``mark_M`` are marks of keys that
    cells rest on, ``marks_N`` of them for each cell, one cell after the other.
    """

    queries: tuple[str, ...] = ()
    query_N: Ints
    replicate_N: Ints
    columns: Mapping[str, Column]
    words: tuple[object, ...] = ()
    mark_M: NDArray[np.uint64]
    marks_N: Ints
    seen: Seen = Seen()

    def ints(self, name: str) -> Ints:
        """A column of whole numbers."""
        return cast("Ints", self.columns[name])

    def texts(self, name: str) -> NDArray[np.bytes_]:
        """A column of short texts, as bytes."""
        return cast("NDArray[np.bytes_]", self.columns[name])

    def find(self, queries: Sequence[str], query_B: Ints, replicate_B: Ints) -> Ints:
        """Where cells stand, −1 for those that are not here; ``query_B`` points into ``queries``."""
        if not len(self.query_N):
            return np.full(len(query_B), -1, dtype=np.int64)
        own = {name: number for number, name in enumerate(self.queries)}
        wanted = np.array([own.get(name, -1) for name in queries], dtype=np.int64)[query_B] * _MOST_REPLICATES
        code_N = self.query_N * _MOST_REPLICATES + self.replicate_N
        order = np.argsort(code_N)
        place = np.minimum(np.searchsorted(code_N, wanted + replicate_B, sorter=order), len(order) - 1)
        return np.where(code_N[order[place]] == wanted + replicate_B, order[place], -1)

    def without(self, marks: NDArray[np.uint64]) -> CellTable:
        """The table without the cells that rest on any of these keys."""
        if not len(marks) or not len(self.query_N):
            return self
        hit_M = np.isin(self.mark_M, marks)
        if not hit_M.any():
            return self
        cell_M = np.repeat(np.arange(len(self.marks_N)), self.marks_N)
        keep_N = np.ones(len(self.marks_N), dtype=np.bool_)
        keep_N[cell_M[hit_M]] = False
        return replace(
            self, query_N=self.query_N[keep_N], replicate_N=self.replicate_N[keep_N],
            columns={name: column[keep_N] for name, column in self.columns.items()},
            mark_M=self.mark_M[keep_N[cell_M]], marks_N=self.marks_N[keep_N],
        )  # fmt: skip

    def joined(self, more: CellTable) -> CellTable:
        """Both one after the other; ``more`` shares the queries and the words, or has more of them at their end."""
        if not len(self.query_N):
            return more
        return replace(
            more, query_N=np.concatenate([self.query_N, more.query_N]),
            replicate_N=np.concatenate([self.replicate_N, more.replicate_N]),
            columns={name: np.concatenate([column, more.columns[name]]) for name, column in self.columns.items()},
            mark_M=np.concatenate([self.mark_M, more.mark_M]), marks_N=np.concatenate([self.marks_N, more.marks_N]),
        )  # fmt: skip


def mark(key: str) -> int:
    """A number that stands for a key: keys that are equal have equal marks, and others hardly ever."""
    return int.from_bytes(key.encode()[-8:], "little")


_held: OrderedDict[Path, CellTable] = OrderedDict()
_lock = threading.Lock()
_swept: set[Path] = set()


def read_table(path: Path) -> CellTable | None:
    """The table, from memory or from its file; None where there is none, or it is damaged."""
    with _lock:
        if path in _held:
            _held.move_to_end(path)
            return _held[path]
    try:
        table = _decoded(path.read_bytes(), path.name)
        if path.stat().st_mtime < time.time() - _DAY_S:
            os.utime(path)  # still in use
    except _DAMAGE:
        return None
    _hold(path, table)
    return table


def write_table(path: Path, table: CellTable, *, to_disk: bool = True) -> None:
    """Keep the table in memory and, unless the disk is full or not ours to write, in its file, whole or not at all."""
    _hold(path, table)
    if not to_disk:
        return
    fresh = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sweep(path.parent)
        fresh.write_bytes(_encoded(table, path.name))
        fresh.replace(path)
    except OSError:
        try:
            fresh.unlink(missing_ok=True)
        except OSError:
            return


def forget_tables() -> None:
    """Let go of what is held in memory; files stay."""
    with _lock:
        _held.clear()


def _hold(path: Path, table: CellTable) -> None:
    with _lock:
        _held[path] = table
        _held.move_to_end(path)
        cells = sum(len(one.query_N) for one in _held.values())
        while cells > _HELD_CELLS and len(_held) > 1:
            cells -= len(_held.popitem(last=False)[1].query_N)


def _sweep(folder: Path) -> None:
    # Tables of code, facts and comparisons that are no more; once a process is often enough.
    if folder in _swept:
        return
    _swept.add(folder)
    for path in folder.iterdir():
        if path.stat().st_mtime < time.time() - _OLD_S:
            path.unlink(missing_ok=True)


def _encoded(table: CellTable, name: str) -> bytes:
    seen = table.seen
    head = {"name": name, "queries": table.queries, "words": table.words,
            "seen": [seen.row, seen.kept_at, sorted(seen.aside)]}  # fmt: skip
    with io.BytesIO() as file:
        np.savez(
            file, head=np.frombuffer(json.dumps(head).encode(), dtype=np.uint8),
            query_N=table.query_N.astype(np.int32), replicate_N=table.replicate_N.astype(np.int32),
            mark_M=table.mark_M, marks_N=table.marks_N.astype(np.int32),
            **{f"column_{name}": column for name, column in table.columns.items()},  # pyright: ignore[reportArgumentType]
        )  # fmt: skip
        return file.getvalue()


def _decoded(data: bytes, name: str) -> CellTable:
    # A zip bears a checksum for each of its parts, so that a flipped bit is damage and not another score.
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        parts = {name: cast("Column", file[name]) for name in file.files}
    head = json.loads(parts["head"].tobytes())
    if head["name"] != name:
        raise ValueError("it is another table")
    row, kept_at, aside = head["seen"]
    table = CellTable(
        queries=tuple(head["queries"]), words=tuple(head["words"]),
        query_N=parts["query_N"].astype(np.int64), replicate_N=parts["replicate_N"].astype(np.int64),
        columns={name.removeprefix("column_"): part for name, part in parts.items() if name.startswith("column_")},
        mark_M=parts["mark_M"].astype(np.uint64), marks_N=parts["marks_N"].astype(np.int64),
        seen=Seen(row=int(row), kept_at=str(kept_at), aside=frozenset(map(str, aside))),
    )  # fmt: skip
    lengths = {len(column) for column in (table.query_N, table.replicate_N, table.marks_N, *table.columns.values())}
    if len(lengths) > 1 or (table.marks_N < 0).any() or table.marks_N.sum() != len(table.mark_M):
        raise ValueError("its columns are of several lengths")
    return table
