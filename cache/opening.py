"""Opens the database behind the store, with nothing of diskcache that could run code; the only file that imports it."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Protocol, cast

from diskcache import DEFAULT_SETTINGS, Cache, Disk, Timeout  # pyright: ignore[reportMissingTypeStubs]
from diskcache.core import METADATA  # pyright: ignore[reportMissingTypeStubs]

from cache import plain_disk

__all__ = ["LOCK_WAIT_S", "Cache", "Timeout", "opened"]

LOCK_WAIT_S = 60
_IN_ROW = 2**31 - 1  # values never go to files of their own


class _Rows(Protocol):
    def fetchall(self) -> list[tuple[str, object]]: ...


class _Execute(Protocol):
    def __call__(self, statement: str) -> _Rows: ...


class _PlainDisk(Disk):
    """See ``cache/plain_disk.py``: no pickle path and no file path, in either direction."""

    def put(self, key: object) -> tuple[str, bool]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return plain_disk.put(key)

    def get(self, key: object, raw: object) -> str:
        return plain_disk.get(key, raw)

    def store(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        value: object,
        read: bool,
        key: object = None,
    ) -> tuple[int, int, None, bytes]:
        return plain_disk.pack(value)

    def fetch(self, mode: object, filename: object, value: object, read: bool) -> bytes:
        return plain_disk.unpack(mode, filename, value, "value")


_SETTINGS: dict[str, object] = {
    "eviction_policy": "none", "cull_limit": 0, "statistics": 0, "size_limit": 2**62, "disk_min_file_size": _IN_ROW,
    "sqlite_synchronous": 2, "sqlite_mmap_size": 2**33,
}  # fmt: skip


class _Ready(Cache):
    """diskcache without its opening, which writes every setting anew and waits for whoever is writing."""

    def __init__(self, folder: Path) -> None:  # pyright: ignore[reportMissingSuperCall]
        self._directory, self._timeout = str(folder), LOCK_WAIT_S
        self._local, self._txn_id = threading.local(), None
        execute = cast("_Execute", self._sql)  # pyright: ignore[reportUnknownMemberType]
        self.settings = dict(execute("SELECT key, value FROM Settings").fetchall())
        self.names = {name for name, _ in execute("SELECT name, type FROM sqlite_master").fetchall()}
        self._disk = _PlainDisk(str(folder), min_file_size=_IN_ROW)
        for name, value in self.settings.items():
            if name in _WANTED:
                setattr(self, name, value)


_WANTED = {**DEFAULT_SETTINGS, **_SETTINGS}
_TABLES = {"Cache", "Cache_key_raw", "Settings_count_insert", "Settings_size_insert"}


def opened(folder: Path) -> Cache:
    """The store's cache: ready as it is where a store of ours lies there, else as diskcache opens it."""
    try:
        ready = _Ready(folder)
    except sqlite3.OperationalError:
        pass
    else:
        if ready.names >= _TABLES and {n: v for n, v in ready.settings.items() if n not in METADATA} == _WANTED:
            return ready
        ready.close()
    return Cache(str(folder), disk=_PlainDisk, timeout=LOCK_WAIT_S, **_SETTINGS)
