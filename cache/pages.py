"""Reads a database's pages off its files, without the database: what its own trees no longer lead to is found still.

Every row of the store begins with its key, and no key is longer than a page: searching for keys finds every row, in
whichever page, and the head of the row before the key says how long its value is and where it goes on. The layout is
that of SQLite's file format (sqlite.org/fileformat2.html, 1.6 "B-tree pages", 2.1 "Record format", 4 "WAL").
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_KEY = re.compile(rb"v\d{1,3}:[0-9a-f]{64}")
_INTS = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)  # bytes of numbers by their kind
_HEADS = range(13, 33)  # bytes of the head of a row of twelve columns
_INDEX_HEADS = range(4, 8)
_SHORTEST_KEY, _LONGEST_KEY = 66, 256
_COUNT = re.compile(rb"\x03\x17([\x01-\x06\x08\x09])count", re.DOTALL)  # diskcache's own row of how many there are
_NAME = b"SQLite format 3\0"
WAL_HEAD, FRAME_HEAD = 32, 24  # bytes before the frames, and before the page in each
MAGIC = (0x377F0682, 0x377F0683)
SIZES = (8192, 4096, 1024, 2048, 16384, 32768, 65536, 512)

Buffer = bytes | memoryview


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A key and its row's value: None where the row cannot be read whole, or where only an index names the key.

    ``rowid`` is the row's number, or that of the row to which the index leads; 0 where it cannot be told.
    """

    key: str
    value: bytes | None = None
    row: bool = True
    rowid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The pages of a database: those of its file, and over them some of its write-ahead log."""

    file: Buffer
    size: int
    reserved: int = 0
    over: Mapping[int, Buffer] = field(default_factory=dict[int, Buffer])

    def page(self, number: int) -> Buffer | None:
        """A page by its number, which begins with 1; None where there is none."""
        if number in self.over:
            return self.over[number]
        start = (number - 1) * self.size
        page = self.file[start : start + self.size]
        return page if number > 0 and len(page) == self.size else None

    def pages(self) -> Iterator[Buffer]:
        """Every page there is, in order."""
        count = len(self.file) // self.size
        for number in range(1, max([count, *self.over]) + 1):
            page = self.page(number)
            if page is not None:
                yield page

    def said(self) -> int:
        """How many rows the database says that it has; 0 where it does not say."""
        most = 0
        for page in self.pages():
            for match in _COUNT.finditer(page):
                kind, at = match[1][0], match.end()
                most = max(most, int(kind == 9) or int.from_bytes(page[at : at + _INTS[kind]], "big"))
        return most

    def found(self) -> Iterator[Found]:
        """Every key that stands at the head of a row or in the index, in the order of pages."""
        for page in self.pages():
            for match in _KEY.finditer(page):
                yield from self._at(page, match.start())

    def _at(self, page: Buffer, key: int) -> Iterator[Found]:
        for head in _HEADS:
            sizes = _columns(page, key - head, head, 12)
            if sizes and sizes[0] == 0 and _SHORTEST_KEY < sizes[1] <= _LONGEST_KEY:
                name = bytes(page[key : key + sizes[1]]).decode("ascii", "replace")
                whole = self._payload(page, key - head, head + sum(sizes))
                value = None if whole is None else whole[len(whole) - sizes[11] :]
                yield Found(key=name, value=value, rowid=_number_before(page, key - head))
                return
        for head in _INDEX_HEADS:
            sizes = _columns(page, key - head, head, 3)
            if sizes and _SHORTEST_KEY < sizes[0] <= _LONGEST_KEY:
                name = bytes(page[key : key + sizes[0]]).decode("ascii", "replace")
                at = key + sizes[0] + sizes[1]
                rowid = int.from_bytes(page[at : at + sizes[2]], "big") if sizes[2] else 1  # 1 takes no bytes
                yield Found(key=name, row=False, rowid=rowid)
                return

    def _payload(self, page: Buffer, start: int, length: int) -> bytes | None:
        usable = self.size - self.reserved
        least = (usable - 12) * 32 // 255 - 23
        local = length
        if length > usable - 35:
            local = least + (length - least) % (usable - 4)
            local = least if local > usable - 35 else local
        if start + local > usable or length > (len(self.over) + 1) * self.size + len(self.file):
            return None
        parts, rest = [bytes(page[start : start + local])], length - local
        following = bytes(page[start + local : start + local + 4])
        while rest > 0:
            more = self.page(int.from_bytes(following, "big"))
            if more is None:
                return None
            part = bytes(more[4 : 4 + min(rest, usable - 4)])
            parts.append(part)
            rest -= len(part)
            following = bytes(more[:4])
        return b"".join(parts)


def _columns(page: Buffer, start: int, head: int, count: int) -> list[int] | None:
    """The sizes of a row's columns in bytes, read off its head; None where this is not the head of such a row."""
    if start < 0 or page[start] != head:
        return None
    sizes: list[int] = []
    at, end = start + 1, start + head
    while at < end:
        kind = 0
        for _ in range(9):
            byte = page[at]
            at += 1
            kind = kind << 7 | byte & 0x7F
            if byte < 0x80 or at >= end:
                break
        if kind in (10, 11):
            return None
        sizes.append(_INTS[kind] if kind < 10 else (kind - 12) // 2)
    return sizes if len(sizes) == count else None


def _number_before(page: Buffer, end: int) -> int:
    """The variable-length number that ends there; before it stands another, whose last byte is below 128."""
    start = end - 1
    while start > max(end - 9, 0) and page[start - 1] >= 0x80:
        start -= 1
    number = 0
    for byte in bytes(page[start:end]) if start >= 0 else b"":
        number = number << 7 | byte & 0x7F
    return number


def shapes(file: Buffer, log: Buffer) -> list[tuple[int, int]]:
    """Page sizes and reserved bytes that the database may have, as its heads say and then as they may be damaged."""
    said: list[tuple[int, int]] = []
    if len(file) >= 100 and bytes(file[:16]) == _NAME:
        size = int.from_bytes(file[16:18], "big")
        said.append((65536 if size == 1 else size, file[20]))
    if len(log) >= WAL_HEAD:
        said.append((int.from_bytes(log[8:12], "big"), 0))
    plausible = [(size, reserved) for size, reserved in said if size in SIZES and reserved <= size - 480]
    return list(dict.fromkeys([*plausible, *((size, 0) for size in SIZES)]))


def logged(log: Buffer, size: int) -> tuple[dict[int, Buffer], dict[int, Buffer]]:
    """The newest version of each page in a write-ahead log: as committed, and of all that looks like part of it."""
    committed: dict[int, Buffer] = {}
    every: dict[int, Buffer] = {}
    if len(log) < WAL_HEAD + FRAME_HEAD + size:
        return committed, every
    magic = int.from_bytes(log[:4], "big")
    order = ">" if magic & 1 else "<"
    sums = sums_of(log[:24], order, (0, 0))
    whole = magic in MAGIC and sums == struct.unpack(">2I", log[24:32])
    salts = bytes(log[16:24]) if whole else bytes(log[WAL_HEAD + 8 : WAL_HEAD + 16])
    waiting: dict[int, Buffer] = {}
    for start in range(WAL_HEAD, len(log) - FRAME_HEAD - size + 1, FRAME_HEAD + size):
        head, page = log[start : start + FRAME_HEAD], log[start + FRAME_HEAD : start + FRAME_HEAD + size]
        number, commit = struct.unpack(">2I", head[:8])
        if bytes(head[8:16]) != salts:
            whole = False
            continue
        every[number] = page
        if whole:
            sums = sums_of(page, order, sums_of(head[:8], order, sums))
            whole = sums == struct.unpack(">2I", head[16:24])
        if whole:
            waiting[number] = page
            if commit:
                committed |= waiting
                waiting.clear()
    return committed, every


def sums_of(data: Buffer, order: str, before: tuple[int, int]) -> tuple[int, int]:
    """The log's checksum of a piece, going on from that of what stands before it; ``order`` is ``<`` or ``>``."""
    one, two = before
    words = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for first in words:
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + next(words) + one) & 0xFFFFFFFF
    return one, two
