"""Full-text search over all kept samples: by the index as far as it is built, by reading text after text where not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cache.errors import StoreError
from cache.query import Query
from cache.search import IndexBroken, IndexDamaged, SearchIndex
from cache.store import Store
from runners.keep import kept
from runners.transcript import split

_CHUNK = 500
_RETRY_S = 60
_SCANS = 4  # so many searches without an index are kept, or go on
AT_ONCE = 1_000  # so many texts are read while the page waits; more are read in the background

Texts = Callable[[Sequence[str]], Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a search has found so far: ``searched`` of ``total`` texts. ``trouble`` is why it reads texts one by one."""

    found: frozenset[str]
    searched: int
    total: int
    trouble: str = ""

    @property
    def done(self) -> bool:
        """Whether every text has been searched."""
        return self.searched >= self.total


def sample_texts(store: Store) -> Texts:
    """What can be searched of kept samples: reasoning and reply as they are shown; all there is where unreadable."""

    def texts(keys: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, sample in kept(store, keys).items():
            parts = split(sample)
            whole = f"{sample.reasoning or ''}\n{sample.text}"
            found[key] = f"{parts.reasoning or ''}\n{parts.visible}" if parts.readable else whole
        return found

    return texts


@dataclass(slots=True)
class _Scan:
    query: Query
    keys: Sequence[str]
    found: set[str] = field(default_factory=set[str])
    searched: int = 0
    stopped: bool = False
    thread: threading.Thread | None = None


class Searcher:
    """Searches texts by key and builds their index as it goes, in a thread that owns nothing but the index.

    Asking again is how progress is seen: nothing waits for more than ``AT_ONCE`` texts. Safe to share between threads.
    """

    def __init__(self, path: Path, texts: Texts) -> None:
        self.index = SearchIndex(path)
        self._texts = texts
        self._lock = threading.Lock()
        self._known: set[str] = set()  # indexed already, as far as this process has seen
        self._file: tuple[int, int] | None = None
        self._gone: set[str] = set()  # not in the store, or damaged
        self._wanted: tuple[Sequence[str], frozenset[str]] = ((), frozenset())  # the keys asked about last
        self._whole: Sequence[str] | None = None  # keys of which none is missing
        self._builder: threading.Thread | None = None
        self._trouble, self._again = "", 0.0  # what is wrong with the index, and when to try it again
        self._scans: list[_Scan] = []

    def look(self, query: Query, keys: Sequence[str]) -> Looked:
        """What of ``keys`` holds the query, as far as is known now; ``StoreError`` where texts cannot be read."""
        with self._lock:
            if self._trouble and time.monotonic() > self._again:
                self._trouble = ""
            for _ in range(2):
                try:
                    return self._by_index(query, keys)
                except IndexDamaged:  # it is gone now, and begins again at once
                    self._known.clear()
                    self._whole = None
                except IndexBroken as error:  # once more: what is indexed may still be found
                    self._failed(error)
            return self._by_reading(query, keys, frozenset(), keys)

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait for what goes on in the background."""
        for thread in (self._builder, *(scan.thread for scan in self._scans)):
            if thread:
                thread.join(timeout_s)

    def _failed(self, error: Exception) -> None:
        self._trouble, self._again = str(error), time.monotonic() + _RETRY_S

    def _by_index(self, query: Query, keys: Sequence[str]) -> Looked:
        missing = self._missing(keys)
        if len(missing) > AT_ONCE and not self._trouble:
            self._build(missing)
        elif missing and not self._trouble:
            self._add(missing)
            missing = self._missing(keys)
        if self._wanted[0] is not keys or not isinstance(keys, tuple):
            self._wanted = (keys, frozenset(keys))
        found = self._wanted[1] & self.index.find(query)
        if self._trouble:
            return self._by_reading(query, keys, found, missing)
        return Looked(found=found, searched=len(keys) - len(missing), total=len(keys))

    def _missing(self, keys: Sequence[str]) -> list[str]:
        try:
            status = self.index.path.stat()
            file = (status.st_dev, status.st_ino)
        except OSError:
            file = None
        if file != self._file or file is None:
            self._known.clear()
            self._whole = None
        if self._whole is keys and isinstance(keys, tuple):  # a list may have grown since
            return []
        unknown = [key for key in keys if key not in self._known and key not in self._gone]
        if not unknown:
            self._whole = keys
            return []
        missing = self.index.missing(unknown)
        self._known.update(set(unknown) - set(missing))
        status = self.index.path.stat()
        self._file = (status.st_dev, status.st_ino)
        return missing

    def _add(self, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), _CHUNK):
            part = keys[start : start + _CHUNK]
            texts = self._texts(part)
            self._gone.update(key for key in part if key not in texts)
            self.index.add(texts.items())

    def _build(self, keys: Sequence[str]) -> None:
        if self._builder and self._builder.is_alive():
            return

        def work() -> None:
            try:
                self._add(keys)
            except StoreError as error:  # shown at the next look, which goes on by reading
                self._failed(error)

        self._builder = threading.Thread(target=work, name="search-index", daemon=True)
        self._builder.start()

    def _by_reading(self, query: Query, keys: Sequence[str], found: frozenset[str], left: Sequence[str]) -> Looked:
        scan = next((scan for scan in self._scans if scan.query == query and scan.keys is keys), None)
        if scan is None:
            scan = _Scan(query=query, keys=keys)
            self._scans.append(scan)
            for old in self._scans[:-_SCANS]:
                old.stopped = True
            self._scans = self._scans[-_SCANS:]
            if len(left) > AT_ONCE:
                scan.thread = threading.Thread(target=self._scan, args=(scan, left), name="search-scan", daemon=True)
                scan.thread.start()
            else:
                self._scan(scan, left)
        searched = min(len(keys) - len(left) + scan.searched, len(keys))
        return Looked(found=found | frozenset(scan.found), searched=searched, total=len(keys), trouble=self._trouble)

    def _scan(self, scan: _Scan, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), _CHUNK):
            part = keys[start : start + _CHUNK]
            try:
                texts = self._texts(part)
            except StoreError:  # the store says so itself wherever it is read
                return
            for key, text in texts.items():
                if scan.stopped:
                    return
                if scan.query.holds(text):
                    scan.found.add(key)
            scan.searched += len(part)
