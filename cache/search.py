"""A full-text index beside the store: derived from kept texts, rebuildable, never the truth.

Texts and queries are cut into the same words by ``cache.query``. The database only sees words and phrases of words, so
what a user types is never read as its query language; the texts themselves stay in the store.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from cache.errors import StoreError
from cache.query import Query, spaced

_VERSION = 1  # of the words that texts are cut into; another one is built anew
_CHUNK = 500
_LOCK_WAIT_S = 3
_TABLES = """
CREATE TABLE IF NOT EXISTS Key (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE VIRTUAL TABLE IF NOT EXISTS Words USING fts5 (text, content='', tokenize='ascii', columnsize=0);
"""


class IndexBroken(StoreError):  # noqa: N818  (reads as what it is)
    """The index cannot be read or written now; the texts can still be searched one by one, slowly."""


class IndexDamaged(IndexBroken):
    """The index was damaged, or of another version, and is gone now: the next use begins it again."""


class SearchIndex:
    """Which keys' texts hold which words, in one file; shared by threads and processes of one machine.

    A file that is damaged or of another version is deleted, because nothing in it is lost for good: ``IndexDamaged``.
    Raises ``IndexBroken`` where the file cannot be used now: locked, disk full, not writable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def count(self) -> int:
        """How many texts are indexed."""
        with self._used() as connection:
            return int(connection.execute("SELECT COUNT(*) FROM Key").fetchone()[0])

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those of ``keys`` that are not indexed yet, in their order."""
        wanted = list(dict.fromkeys(keys))
        known: set[str] = set()
        with self._used() as connection:
            for part in _parts(wanted):
                marks = ",".join("?" * len(part))
                known.update(row[0] for row in connection.execute(f"SELECT key FROM Key WHERE key IN ({marks})", part))
        return [key for key in wanted if key not in known]

    def add(self, texts: Iterable[tuple[str, str]]) -> None:
        """Index texts by key, all of them or none; a key that is indexed already keeps what it has."""
        rows = [(key, spaced(text)) for key, text in texts]
        with self._used() as connection, connection:  # the inner one is a transaction
            connection.execute("BEGIN IMMEDIATE")
            for key, words in rows:
                new = connection.execute("INSERT OR IGNORE INTO Key (key) VALUES (?)", (key,))
                if new.rowcount:
                    connection.execute("INSERT INTO Words (rowid, text) VALUES (?, ?)", (new.lastrowid, words))

    def find(self, query: Query) -> set[str]:
        """The keys of the indexed texts that hold every phrase of the query."""
        if not query.phrases:
            return set()
        # Words hold letters and digits alone, so that quotes around them cannot be closed from within.
        match = " AND ".join(f'"{" ".join(phrase.words)}"{" *" if phrase.begins else ""}' for phrase in query.phrases)
        with self._used() as connection:
            rows = connection.execute(
                "SELECT key FROM Words JOIN Key ON id = Words.rowid WHERE Words MATCH ?", (match,)
            )
            return {row[0] for row in rows}

    @contextmanager
    def _used(self) -> Generator[sqlite3.Connection]:
        # A connection for each use: the file may have been deleted or begun again since, here or in another process.
        try:
            with closing(self._opened()) as connection:
                yield connection
        except (sqlite3.Error, OSError) as error:
            if isinstance(error, OSError | sqlite3.OperationalError) and "no such table" not in str(error):
                raise IndexBroken(f"the search index {self.path} cannot be used now ({error})") from error
            self._discard()
            raise IndexDamaged(f"the search index {self.path} was damaged and is built again ({error})") from error

    def _opened(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = sqlite3.connect(self.path, timeout=_LOCK_WAIT_S, isolation_level=None)
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in {0, _VERSION}:
                raise sqlite3.DatabaseError("it is of another version")
            if version == 0:
                self.path.chmod(0o600)
                connection.execute("PRAGMA journal_mode = WAL")  # readers go on while one writer adds
                connection.executescript(f"{_TABLES} PRAGMA user_version = {_VERSION};")
            connection.execute("PRAGMA synchronous = NORMAL")  # a crash loses only what can be built again
        except BaseException:
            connection.close()
            raise
        return connection

    def _discard(self) -> None:
        for ending in ("", "-wal", "-shm"):
            try:
                self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
            except OSError as error:
                raise IndexBroken(f"the search index {self.path} is damaged and cannot be removed: {error}") from error


def _parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]
