"""A hash of everything that a derived table rests on: values of every kind, and the source of the code that made it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import cast

import cache
import facts
import runners

_HERE = Path(__file__).parent
_FOLDERS = tuple(Path(package.__file__ or "").parent for package in (facts, runners, cache))
_OWN = (
    "arm_tables",
    "cell_table",
    "fingerprint",
    "kept_rows",
    "row",
    "table_names",
)  # what of the dashboard decides a table
_BEGAN = time.time()


class Unsure(Exception):  # noqa: N818  (reads as what it is)
    """Something that no hash can be made of, so that nothing derived from it can be known to be fresh."""


def fingerprint(*values: object) -> str:
    """One hash of values: frozen dataclasses, mappings, sequences, sets, enums, patterns and plain data.

    Raises ``Unsure`` for anything else.
    """
    return hashlib.sha256(json.dumps([_plain(value) for value in values]).encode()).hexdigest()


def _plain(value: object) -> object:  # noqa: PLR0911  (one kind after the other)
    # Every kind is written down so that no two values look alike, and no order is taken from a set or a mapping.
    if value is None or type(value) in {bool, int, float, str}:
        return value
    if isinstance(value, Enum):
        return ["enum", type(value).__qualname__, value.name]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [[field.name, _plain(getattr(value, field.name))] for field in dataclasses.fields(value)]
        return ["of", type(value).__qualname__, fields]
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        return [
            "map",
            sorted(([_plain(key), _plain(item)] for key, item in pairs), key=lambda pair: json.dumps(pair[0])),
        ]
    if isinstance(value, re.Pattern):
        pattern = cast("re.Pattern[str]", value)
        return ["pattern", pattern.pattern, pattern.flags]
    if isinstance(value, Set):
        return ["set", sorted((_plain(item) for item in cast("Set[object]", value)), key=json.dumps)]
    if isinstance(value, tuple | list):
        return [_plain(item) for item in cast("Sequence[object]", value)]
    raise Unsure(f"a {type(value).__name__} has no fingerprint")


def code() -> str:
    """A hash of the source and data of everything that composes prompts and reads scores, made once a process.

    Raises ``Unsure`` when a file came, went or was changed since this process began: what runs is then not what the
    files say.
    """
    found = tuple(_files())
    known, digest = _hashed()
    if found != known or max(changed for _, changed, _ in found) > _BEGAN * 1e9:
        raise Unsure("the source was changed while it runs; start again")
    return digest


@lru_cache(maxsize=1)
def _hashed() -> tuple[tuple[tuple[str, int, int], ...], str]:
    files = tuple(_files())
    said = hashlib.sha256(repr(sys.version_info).encode())
    for name, _, _ in files:
        path = Path(name)
        said.update(f"{path.parent.name}/{path.name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return files, said.hexdigest()


def _files() -> Iterator[tuple[str, int, int]]:
    # By name, time and size: a stat is a thousandth of a reading. ctime, because a copy may keep an old mtime.
    folders = [str(folder) for folder in _FOLDERS]
    while folders:
        with os.scandir(folders.pop()) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
        for entry in inside:
            if entry.is_dir():
                if entry.name != "__pycache__":
                    folders.append(entry.path)
            else:
                yield _file(entry.path, entry.stat())
    for name in _OWN:
        path = _HERE / f"{name}.py"
        yield _file(str(path), path.stat())


def _file(path: str, status: os.stat_result) -> tuple[str, int, int]:
    return path, max(status.st_mtime_ns, status.st_ctime_ns), status.st_size
