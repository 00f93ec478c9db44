"""The store: append-only, first write wins, nothing evicted."""

from __future__ import annotations

import sqlite3
import threading
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Protocol, Self, cast

from cache import database, plain_disk
from cache.errors import REPAIR, StoreError, unreadable
from cache.opening import LOCK_WAIT_S, Timeout, opened
from cache.place import network_file_system
from cache.write_ahead import refuse_damaged

_CHUNK = 500  # keys per SELECT; SQLite allows 32,766 placeholders, and more than 500 gains nothing
_GROUP = 500  # rows per transaction, at most
_FEW = 10_000
ASIDE = ":damaged-"  # stands between a key and a row's number where a record was set aside
# What diskcache's own ``add`` writes, at half its cost: the index over keys says itself whether a key is there.
_INSERT = (
    "INSERT OR IGNORE INTO Cache (key, raw, store_time, expire_time, access_time, access_count, tag, size, mode, "
    "filename, value) VALUES (?, 1, ?, NULL, ?, 0, NULL, ?, ?, ?, ?)"
)
_WHOLE = "SELECT rowid, key, raw, mode, filename, value FROM Cache WHERE"


_Row = tuple[object, ...]


class _Rows(Protocol):
    def fetchall(self) -> list[_Row]: ...


def _checked(row: _Row) -> tuple[str, bytes | StoreError]:
    rowid, key, raw, mode, filename, value = row
    try:
        return plain_disk.get(key, raw), plain_disk.unpack(mode, filename, value, f"row {rowid}")
    except StoreError as error:
        return (key if isinstance(key, str) else f"row {rowid}"), error


class Store:
    """Kept samples by key, in one folder, shared safely by threads and processes of one machine.

    Values are bytes (JSON with the request beside the sample). ``add`` is committed by one writer thread in groups:
    its future is done when the row is on disk. Raises ``StoreError`` where the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kind = network_file_system(folder if folder.exists() else folder.parent)
        if kind:
            warnings.warn(
                f"{folder} is on a network file system ({kind}), where the store can be damaged; choose a local "
                "folder with --workspace",
                stacklevel=2,
            )
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
            database.create(folder)
            refuse_damaged(folder / database.NAME)
            self._cache = opened(folder)
            self._file = database.identity(self.folder)
        except (OSError, sqlite3.Error, TypeError, AttributeError, ValueError) as error:  # the latter: planted settings
            raise StoreError(
                f"the store in {folder} cannot be opened: {error}. Nothing was changed. If the disk is full, free "
                f"space; if the folder is not yours to write, choose another --workspace. {REPAIR}"
            ) from error
        self._queue: SimpleQueue[tuple[str, bytes, Future[bool]] | None] = SimpleQueue()
        self._closed = False
        self._writer = threading.Thread(target=self._write, name="store-writer", daemon=True)
        self._writer.start()

    def _sql(self, statement: str, values: Sequence[object] = ()) -> list[_Row]:
        # diskcache has no bulk read; its own connection (one per thread) is the supported place to ask.
        try:  # the connection is opened by the first statement of a thread
            execute = self._cache._sql  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportUnknownVariableType]
            return cast("_Rows", execute(statement, values)).fetchall()
        except (sqlite3.Error, OSError) as error:
            raise unreadable(self.folder, error, gone=database.identity(self.folder) is None) from error

    def add(self, key: str, value: bytes) -> Future[bool]:
        """Keep ``value`` under ``key`` unless the key is there already; the result says whether it was added.

        The future fails with ``StoreError`` when the row cannot be written (disk full, damaged file).
        """
        plain_disk.put(key)
        plain_disk.pack(value)
        future: Future[bool] = Future()
        future.set_running_or_notify_cancel()  # from here on it cannot be cancelled: a paid sample is not given up
        if self._closed:
            future.set_exception(StoreError("the store is closed; open it again to write"))
        else:
            self._queue.put((key, value, future))
        return future

    def _write(self) -> None:
        while (first := self._queue.get()) is not None:
            group = [first]
            stop = False
            while len(group) < _GROUP and not self._queue.empty():
                item = self._queue.get()
                if item is None:
                    stop = True
                    break
                group.append(item)
            self._commit(group)
            if stop:
                break
        self._cache.close()  # this thread's connection: the last one to close folds the log into the file

    def _commit(self, group: list[tuple[str, bytes, Future[bool]]]) -> None:
        deadline = time.monotonic() + LOCK_WAIT_S
        while True:
            try:
                with self._cache.transact():
                    now = time.time()
                    execute = self._cache._sql  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportUnknownVariableType]
                    added = [execute(_INSERT, (key, now, now, *plain_disk.pack(value))).rowcount > 0
                             for key, value, _ in group]  # fmt: skip
            except Timeout as waited:
                cause = waited.__context__  # diskcache says "timeout" to every error at the start of a transaction
                if "locked" not in str(cause):
                    error = self._not_kept(cause)
                elif time.monotonic() < deadline:
                    continue
                else:
                    error = StoreError(f"another process holds the store in {self.folder}; close it and resume")
            except (sqlite3.Error, OSError) as cause:
                error = self._not_kept(cause)
            else:
                if (
                    database.identity(self.folder) != self._file
                ):  # SQLite goes on writing into a file that nobody can find any more
                    error = StoreError(
                        f"the store in {self.folder} was removed or replaced while in use; what was bought since is "
                        "lost. Put it back or run again: nothing more is bought until then"
                    )
                    self._fail(group, error)
                    return
                for (_, _, future), was_new in zip(group, added, strict=True):
                    future.set_result(was_new)
                return
            self._fail(group, error)
            return

    def _not_kept(self, cause: BaseException | None) -> StoreError:
        return StoreError(
            f"a sample could not be kept in {self.folder}: {cause}. Free disk space or repair the folder, then "
            f"resume: what was kept so far is not touched. {REPAIR}"
        )

    @staticmethod
    def _fail(group: list[tuple[str, bytes, Future[bool]]], error: StoreError) -> None:
        for _, _, future in group:
            future.set_exception(error)

    def set_aside(self, key: str) -> None:
        """Give a damaged record another name, so that its request can be bought and kept again; nothing is removed."""
        self._sql("UPDATE Cache SET key = key || ? || rowid WHERE raw = 1 AND key = ?", (ASIDE, key))

    def keep_apart(self, key: str, value: bytes) -> Future[bool]:
        """Keep a sample under another name, as ``add`` does, where its own cannot be had; a repair brings it back."""
        return self.add(f"{key}{ASIDE}reply", value)

    def get(self, key: str) -> bytes | None:
        """The value kept under ``key``, or None; raises ``UnsafeRow`` for a row that this project never writes."""
        rows = self._sql("SELECT mode, filename, value FROM Cache WHERE raw = 1 AND key = ?", (key,))
        for mode, filename, value in rows:
            return plain_disk.unpack(mode, filename, value, f"row {key}")
        return None

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """The values there are, by key; absent keys and rows that this project never writes are left out, alone."""
        wanted = list(dict.fromkeys(keys))
        found: dict[str, bytes] = {}
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            rows = self._sql(f"SELECT key, mode, filename, value FROM Cache WHERE raw = 1 AND key IN ({marks})", part)
            found |= cast("dict[str, bytes]", {key: value for key, mode, filename, value in rows
                                               if plain_disk.plain(mode, filename, value)})  # fmt: skip
        return found

    def has_many(self, keys: Iterable[str]) -> set[str]:
        """Those of ``keys`` that are kept; reads the index only."""
        wanted = list(dict.fromkeys(keys))
        found: set[str] = set()
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            found.update(cast("str", row[0]) for row in self._sql(
                f"SELECT key FROM Cache WHERE raw = 1 AND key IN ({marks})", part))  # fmt: skip
        return found

    def rows(self) -> Iterator[tuple[str, bytes | StoreError]]:
        """Every row in the order kept; a row that this project never writes comes as an error, unread."""
        last, highest = 0, self.version()
        while last < highest:
            until = min(last + _CHUNK, highest)
            try:
                found = self._sql(f"{_WHOLE} rowid > ? AND rowid <= ? ORDER BY rowid", (last, until))
            except StoreError:  # a damaged page hides its neighbours: ask for each row alone
                for rowid in range(last + 1, until + 1):
                    try:
                        yield from map(_checked, self._sql(f"{_WHOLE} rowid = ?", (rowid,)))
                    except StoreError as error:
                        yield f"row {rowid}", error
            else:
                yield from map(_checked, found)
            last = until

    def count(self) -> int:
        """How many rows are kept."""
        return cast("int", self._sql("SELECT COUNT(*) FROM Cache")[0][0])

    def count_indexed(self) -> int:
        """How many rows the index of keys names, which is their number unless the file is damaged."""
        return cast("int", self._sql("SELECT COUNT(key) FROM Cache INDEXED BY Cache_key_raw")[0][0])

    def version(self) -> int:
        """A number that grows with every row; cheap, for knowing whether anything is new."""
        return cast("int", self._sql("SELECT COALESCE(MAX(rowid), 0) FROM Cache")[0][0])

    def keys_after(self, row: int, until: int) -> list[str]:
        """The keys of the rows kept after one number (a ``version``) and up to another."""
        # A short way back is read off the rows; a long one off the index, which is a fraction of their size.
        plus = "+" if until - row > _FEW else ""
        found = self._sql(f"SELECT key FROM Cache WHERE raw = 1 AND {plus}rowid > ? AND {plus}rowid <= ?", (row, until))
        return [cast("str", key) for (key,) in found]

    def aside(self) -> frozenset[str]:
        """The keys of records that were set aside, each as ``KEY:damaged-ROW``."""
        found = self._sql("SELECT key FROM Cache WHERE raw = 1 AND instr(key, ?)", (ASIDE,))
        return frozenset(cast("str", key) for (key,) in found)

    def kept_at(self, row: int) -> str:
        """When the row of that number was kept, "" where there is none: tells a store from another one in its place."""
        found = self._sql("SELECT store_time FROM Cache WHERE rowid = ?", (row,))
        return repr(found[0][0]) if found else ""

    def close(self) -> None:
        """Commit what is queued and let go of the file."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._writer.join(timeout=LOCK_WAIT_S * 2)
            self._cache.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
