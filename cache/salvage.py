"""Salvages what can still be read of a damaged store into a new one, and never touches the damaged one."""

from __future__ import annotations

import mmap
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from cache import record
from cache.errors import StoreError
from cache.pages import Image, logged, shapes
from cache.store import ASIDE, Store

_TRIED = 200  # rows that tell which page size is the right one
_WAITING = 2_000
_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvage:
    """What was kept in the new store, and what could not be: key and why, for each.

    ``aside`` were damaged before and bought again (see ``Store.set_aside``), and are not taken along unless they turn
    out to be whole and nothing else has their key. ``said`` is how
    many rows the damaged store says that it had, 0 where it cannot be told.
    """

    kept: int
    lost: dict[str, str]
    aside: int
    said: int

    @property
    def traceless(self) -> int:
        """Rows of which nothing is left, not even their key."""
        return max(0, self.said - self.kept - len(self.lost) - self.aside)


def salvage(folder: Path, into: Path, problem: Callable[[str, bytes], str | None] = record.problem) -> Salvage:
    """Copy every record that is whole, each under the key that its request has, into a new store at ``into``.

    The files in ``folder`` are read as bytes, never opened as a database. ``problem`` says what is wrong with a record.
    Raises ``StoreError`` where there is no store, where ``into`` holds anything, or where it cannot be written.
    """
    if not (folder / "cache.db").exists():
        raise StoreError(f"there is no store in {folder}: it has no cache.db to read")
    if folder.resolve() in (inner := into.resolve()).parents or inner in folder.resolve().parents:
        raise StoreError(f"{into} and the store in {folder} lie in each other; name a folder beside it with --into")
    if into.is_symlink() or (into.exists() and (not into.is_dir() or any(into.iterdir()))):
        raise StoreError(f"{into} is there already; name a new folder with --into")
    said = 0
    try:
        with _files(folder) as (file, log), _new(into, folder) as store:
            work = _Work(store=store, problem=problem)
            for image in _images(file, log):
                work.rows(image)
                work.names(image)
                said = max(said, image.said())
            for key in store.has_many(work.lost):
                del work.lost[key]
            return Salvage(kept=store.count(), lost=work.lost, aside=len(work.aside), said=said)
    except OSError as error:
        raise StoreError(f"the store in {folder} cannot be copied: {error}. See that it may be read") from error


@contextmanager
def _new(into: Path, folder: Path) -> Generator[Store]:
    try:
        with Store(into) as store:
            yield store
    except StoreError as error:
        raise StoreError(
            f"the new store in {into} cannot be written: {error.__cause__ or error}. The store in {folder} was only "
            f"read. Remove {into} if it is there, and name a place with room that you may write to with --into"
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What is found in one image after another goes into the new store."""

    store: Store
    problem: Callable[[str, bytes], str | None]
    lost: dict[str, str] = field(default_factory=dict[str, str])
    aside: set[str] = field(default_factory=set[str])
    brought_back: set[str] = field(default_factory=set[str])

    def rows(self, image: Image) -> None:
        """Save what is whole; what was set aside though it is whole comes last, where nothing else has its key."""
        waiting: deque[Future[bool]] = deque()
        apart: dict[str, bytes] = {}
        for found in image.found():
            key, of_apart, _ = found.key.partition(ASIDE)
            wrong = "its row cannot be read whole" if found.value is None else self.problem(key, found.value)
            if of_apart:
                self.aside.add(found.key)
                if found.value is not None and wrong is None:
                    apart[found.key] = found.value
            elif found.row and wrong is not None:
                self.lost.setdefault(key, wrong)
            elif found.value is not None:
                waiting.append(self.store.add(key, found.value))
            if len(waiting) > _WAITING:
                waiting.popleft().result()
        for one in waiting:
            one.result()
        for name, value in apart.items():
            if self.store.add(name.partition(ASIDE)[0], value).result():
                self.brought_back.add(name)
        self.aside.difference_update(self.brought_back)

    def names(self, image: Image) -> None:
        """Count what only the index names as lost, unless its row was saved under the name that it has itself."""
        missing: dict[str, int] = {}
        for chunk in _chunks((found.key, found.rowid) for found in image.found() if not found.row):
            keys = {key for key, _ in chunk if ASIDE not in key}
            absent = keys - self.store.has_many(keys)
            missing |= {key: rowid for key, rowid in chunk if key in absent}
        if not missing:
            return
        wanted = set(missing.values()) - {0}
        saved: dict[int, str] = {}
        named: set[tuple[int, str]] = set()
        for found in image.found():
            if found.rowid not in wanted:
                continue
            if not found.row:
                named.add((found.rowid, found.key))
            elif self.store.has_many([found.key]):
                saved[found.rowid] = found.key
        for key, rowid in missing.items():
            # Where the index leads to the saved row by its own name too, the row of the missing one is another.
            if rowid not in saved or (rowid, saved[rowid]) in named:
                self.lost.setdefault(key, "its row is gone; only the index names it")


def _chunks(source: Iterator[tuple[str, int]]) -> Iterator[list[tuple[str, int]]]:
    while chunk := list(islice(source, _CHUNK)):
        yield chunk


@contextmanager
def _files(folder: Path) -> Generator[tuple[memoryview, memoryview]]:
    # The log is read and not mapped: whoever still has the store open may cut it short.
    log = folder / "cache.db-wal"
    with (folder / "cache.db").open("rb") as file:
        whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if (folder / "cache.db").stat().st_size else b""
        yield memoryview(whole), memoryview(log.read_bytes() if log.exists() else b"")


def _images(file: memoryview, log: memoryview) -> Iterator[Image]:
    """The database as committed; then with all that its log holds, and without its log, where that says more."""
    size, reserved = _shape(file, log)
    committed, every = logged(log, size)
    yield Image(file=file, size=size, reserved=reserved, over=committed)
    if len(every) > len(committed) or any(every[number] is not page for number, page in committed.items()):
        yield Image(file=file, size=size, reserved=reserved, over=every)
    if committed:
        yield Image(file=file, size=size, reserved=reserved)


def _shape(file: memoryview, log: memoryview) -> tuple[int, int]:
    # A damaged head may name a wrong page size: the right one is that with which rows can be read.
    best, most = shapes(file, log)[0], 0
    for size, reserved in shapes(file, log):
        image = Image(file=file, size=size, reserved=reserved, over=logged(log, size)[1])
        rows = islice((found for found in image.found() if found.row), _TRIED)
        whole = sum(found.value is not None and record.problem(found.key, found.value) is None for found in rows)
        if whole > most:
            best, most = (size, reserved), whole
        if whole > _TRIED // 2:
            break
    return best
