"""What may lie in an exported zip, under which name and how large; no more of it is read than is allowed."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from typing import IO

from dashboard.bundle_parts import OWN, REPLIES
from dashboard.terminal_text import printable
from facts.errors import BrokenFile

SUMS, COMPARISON, SAMPLES = "SHA256SUMS", "comparison.toml", "samples.jsonl"
RECORDS = (SAMPLES, REPLIES)

_MB = 1_000_000
_READ = 1 << 20
_LINE = 50 * _MB
_MOST_FILES = 20_000
# Of all files together: more is no comparison but an attempt to fill the disk.
_MOST = 50_000 * _MB
_FIGURES = 1_000 * _MB
_LIMITS = {SUMS: 5 * _MB, COMPARISON: 5 * _MB, **dict.fromkeys(RECORDS, 20_000 * _MB)}
_OWN = (
    (re.compile(r"models\.toml"), 5 * _MB),
    (re.compile(r"facts/[a-z][a-z0-9_]{1,60}\.toml"), 20 * _MB),
    (re.compile(r"queries/[^/]+"), 20 * _MB),
    (re.compile(r"labels/[a-z][a-z0-9_]{0,60}\.jsonl"), 200 * _MB),
    (re.compile(r"documents/[A-Za-z0-9][A-Za-z0-9_-]{0,80}/documents\.jsonl"), 2_000 * _MB),
    (re.compile(r"documents/[A-Za-z0-9][A-Za-z0-9_-]{0,80}/(set|quality|override)\.json"), 20 * _MB),
)


def looked_over(archive: zipfile.ZipFile, name: str) -> None:
    """Raises ``BrokenFile`` for a name or a size that no export has; reads the list of files and nothing else."""
    infos = archive.infolist()
    if len(infos) > _MOST_FILES or sum(info.file_size for info in infos) > _MOST:
        raise BrokenFile(f"{name}: unpacks to more than {_MOST:,} bytes or {_MOST_FILES:,} files; this is no export")
    for info in infos:
        _named(info.filename, name)
        if info.file_size > (most := _limit(info.filename, name)):
            raise BrokenFile(f"{name}: {info.filename} unpacks to more than {most:,} bytes; this is no export")
    names = [info.filename for info in infos]
    if len({member.casefold() for member in names}) < len(names):
        raise BrokenFile(f"{name}: holds two files of one name; do not open it")


def _named(member: str, name: str) -> None:
    shown = printable(repr(member))[:200]
    steps = member.split("/")
    if member.startswith("/") or {"..", "."} & set(steps) or "\\" in member or ":" in member:
        raise BrokenFile(f"{name}: holds a file that would lie outside ({shown}); do not open it")
    seen = unicodedata.normalize("NFC", member) == member and printable(member) == member and member.isprintable()
    if not seen or any(not step or step.startswith(".") or len(step.encode()) > 200 for step in steps):
        raise BrokenFile(f"{name}: holds a file whose name no export has ({shown}); do not open it")


def _limit(member: str, name: str) -> int:
    head, _, below = member.partition("/")
    if head.casefold() != OWN:
        return _LIMITS.get(member, _FIGURES)
    for pattern, most in _OWN:
        if head == OWN and pattern.fullmatch(below):
            return most
    raise BrokenFile(f"{name}: {member}: nothing of this kind belongs into a workspace; do not open the file")


def parts(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    """The bytes of a file, never more than its kind may have, whatever the zip says of its size."""
    return _bounded(archive, member, lambda file: file.read(_READ))


def whole(archive: zipfile.ZipFile, member: str) -> bytes:
    """The file as a whole; ``KeyError`` where there is none."""
    return b"".join(parts(archive, member))


def lines(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    """The lines of a file, as bounded as its bytes; one that is too long comes in pieces."""
    return _bounded(archive, member, lambda file: file.readline(_LINE))


def _bounded(archive: zipfile.ZipFile, member: str, read: Callable[[IO[bytes]], bytes]) -> Iterator[bytes]:
    left = _limit(member, member)
    with archive.open(member) as file:
        while part := read(file):
            left -= len(part)
            if left < 0:
                raise BrokenFile(f"{member} unpacks to more than it may; this is no export")
            yield part
