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
        self.parts = {name: _words(sql) for name, sql in execute("SELECT name, sql FROM sqlite_master").fetchall()}
        self._disk = _PlainDisk(str(folder), min_file_size=_IN_ROW)
        for name, value in self.settings.items():
            if name in _WANTED:
                setattr(self, name, value)


_WANTED = {**DEFAULT_SETTINGS, **_SETTINGS}
# What diskcache 5.6.3 makes. A trigger that somebody added or changed would run with every sample that is kept, and
# without the unique index the first write would not win.
_COUNT, _SIZE = 'WHERE key = "count"; END', 'WHERE key = "size"; END'
_ROW = "ON Cache FOR EACH ROW BEGIN UPDATE Settings SET value = value"
_MADE = {
    "Cache_key_raw": "CREATE UNIQUE INDEX Cache_key_raw ON Cache(key, raw)",
    "Cache_expire_time": "CREATE INDEX Cache_expire_time ON Cache (expire_time)",
    "Settings_count_insert": f"CREATE TRIGGER Settings_count_insert AFTER INSERT {_ROW} + 1 {_COUNT}",
    "Settings_count_delete": f"CREATE TRIGGER Settings_count_delete AFTER DELETE {_ROW} - 1 {_COUNT}",
    "Settings_size_insert": f"CREATE TRIGGER Settings_size_insert AFTER INSERT {_ROW} + NEW.size {_SIZE}",
    "Settings_size_update": f"CREATE TRIGGER Settings_size_update AFTER UPDATE {_ROW} + NEW.size - OLD.size {_SIZE}",
    "Settings_size_delete": f"CREATE TRIGGER Settings_size_delete AFTER DELETE {_ROW} - OLD.size {_SIZE}",
}
_TABLES = {"Cache", "Settings", "sqlite_autoindex_Settings_1"}


def _words(sql: object) -> str:
    return " ".join(str(sql).split())


def opened(folder: Path) -> Cache:
    """The store's cache: ready as it is where a store of ours lies there, else as diskcache opens it.

    Raises ``ValueError`` for a database with parts that diskcache never makes.
    """
    try:
        ready = _Ready(folder)
    except sqlite3.OperationalError:
        pass
    else:
        odd = [name for name, sql in ready.parts.items() if name not in _TABLES and _MADE.get(name) != sql]
        if odd:
            ready.close()
            raise ValueError(f"it has parts that this project never makes ({odd[0][:60]!r})")
        whole = ready.parts.keys() >= _MADE.keys() | _TABLES
        if whole and {n: v for n, v in ready.settings.items() if n not in METADATA} == _WANTED:
            return ready
        ready.close()
    return Cache(str(folder), disk=_PlainDisk, timeout=LOCK_WAIT_S, **_SETTINGS)
