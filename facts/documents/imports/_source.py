"""Reads outside files line by line within bounds, and says which line is torn, too long, or no text at all."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, cast

from facts.errors import BrokenFile

MOST_BYTES = 8_000_000  # in one line, or in one file that is one document
_CHUNK = 1 << 20


def open_file(path: Path, *, links: bool = True) -> BinaryIO:
    """The file's bytes; raises ``OSError`` for what is no plain file, so that a pipe or device is never waited for."""
    # Opened first and looked at afterwards, so that nothing can be put in its place in between.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags if links else flags | getattr(os, "O_NOFOLLOW", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError("not a plain file")
    return os.fdopen(handle, "rb")


def fingerprint(path: Path) -> str:
    """The SHA-256 of a file, so that the origin of a set can be told apart from a later version of it."""
    digest = hashlib.sha256()
    with _opened(path) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Each line with its number from 1 and its end; ``BrokenFile`` names the first that cannot be read."""
    with _opened(path) as file:
        number = 0
        while raw := _line(file, path):
            number += 1
            where = f"{shown(path)}, line {number}"
            if number == 1:
                if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                    raise BrokenFile(f"{where}: this is UTF-16; save the file as UTF-8 and try again")
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            if len(raw) > MOST_BYTES:
                raise BrokenFile(f"{where}: longer than {MOST_BYTES // 1_000_000} MB; is this the right file?")
            if b"\x00" in raw:
                raise BrokenFile(f"{where}: holds a null byte, so this is not a text file")
            try:
                yield number, raw.decode("utf-8")
            except UnicodeDecodeError as error:
                raise BrokenFile(
                    f"{where}: byte {error.start + 1} of the line is not UTF-8; save the file as UTF-8"
                ) from error


def objects(path: Path) -> Iterator[tuple[int, Mapping[str, object] | None]]:
    """Each line that is not blank, as a JSON object (None where it is another value); a torn one is ``BrokenFile``."""
    for number, line in lines(path):
        if not line.strip():
            continue
        try:
            value: object = json.loads(line)
        except (ValueError, RecursionError) as error:  # ValueError: torn, or a number without end
            raise BrokenFile(
                f"{shown(path)}, line {number}: not whole JSON ({error}); nothing was taken in, repair the line first"
            ) from error
        yield number, cast("Mapping[str, object]", value) if isinstance(value, dict) else None


def shown(path: Path | str) -> str:
    """A path as text that can be written anywhere, whatever bytes its name has."""
    return str(path).encode("utf-8", "replace").decode().replace("\n", " ")


def _line(file: BinaryIO, path: Path) -> bytes:
    try:
        return file.readline(MOST_BYTES + 1)
    except OSError as error:
        raise BrokenFile(f"{shown(path)}: cannot be read to its end ({error.strerror}); nothing taken in") from error


def _opened(path: Path) -> BinaryIO:
    try:
        return open_file(path)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise BrokenFile(f"{shown(path)}: cannot be read ({why}); give the path of a file") from error
