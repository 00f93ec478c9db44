"""Sizes of a plan in a file, so that a plan can be made again without composing a prompt; derived, never the truth."""

from __future__ import annotations

import os
import struct
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from runners.sizes import Size

_ROW = struct.Struct("<32sIIqI")  # hash, tokens, most, text, lasting
_HEAD = struct.Struct("<8s64sQI")  # magic, what the sizes rest on, rows, checksum
_MAGIC, _PREFIX = b"SIZES  1", "v1:"
_CHUNK = 2_000
_DAY_S = 86_400


def remembered(path: Path, rests_on: str, label: str, source: Iterable[Size]) -> Iterator[Size]:
    """The sizes in the file where they rest on the same 64 characters, else those of the source, which are written.

    ``source`` is gone through once, in order, and only as far as the result is; the file appears when it is exhausted.
    A file that is damaged, or cannot be written, is as if there were none.
    """
    if _whole(path, rests_on):
        yield from _read(path, label)
    else:
        yield from _written(path, rests_on, source)


def _whole(path: Path, rests_on: str) -> bool:
    try:
        with path.open("rb") as file:
            magic, said, rows, crc = _HEAD.unpack(file.read(_HEAD.size))
            if (magic, said) != (_MAGIC, rests_on.encode()) or path.stat().st_size != _HEAD.size + rows * _ROW.size:
                return False
            real = 0
            while part := file.read(1 << 20):
                real = zlib.crc32(part, real)
        if path.stat().st_mtime < time.time() - _DAY_S:
            os.utime(path)  # still in use
    except (OSError, struct.error):
        return False
    return real == crc


def _read(path: Path, label: str) -> Iterator[Size]:
    with path.open("rb") as file:
        file.seek(_HEAD.size)
        while part := file.read(_CHUNK * _ROW.size):
            for digest, tokens, most, text, lasting in _ROW.iter_unpack(part):
                yield Size(label, _PREFIX + digest.hex(), tokens, most, text, lasting)


def _written(path: Path, rests_on: str, source: Iterable[Size]) -> Iterator[Size]:
    every = iter(source)
    fresh = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    rows, crc, writing = 0, 0, True
    try:
        while chunk := list(islice(every, _CHUNK)):
            yield from chunk
            if writing:
                try:
                    part = b"".join(map(_row, chunk))
                    if not rows:
                        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                        fresh.write_bytes(bytes(_HEAD.size))
                    with fresh.open("ab") as file:
                        file.write(part)
                    rows, crc = rows + len(chunk), zlib.crc32(part, crc)
                except (OSError, ValueError, struct.error):  # a full disk; a size that cannot be known beforehand
                    writing = False
        if writing and rows:
            with suppress(OSError):
                with fresh.open("r+b") as file:
                    file.write(_HEAD.pack(_MAGIC, rests_on.encode(), rows, crc))
                fresh.replace(path)
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


def _row(size: Size) -> bytes:
    if size.key is None or size.later or not size.key.startswith(_PREFIX):
        raise ValueError("this size is not one of a request that is known beforehand")
    return _ROW.pack(bytes.fromhex(size.key[len(_PREFIX) :]), size.tokens, size.most, size.text, size.lasting)
