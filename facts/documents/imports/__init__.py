"""Imports of outside documents and claims, a file a format, collected from this folder: all of a source or nothing."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Protocol, cast

from facts.documents.imports._item import Item
from facts.documents.imports._record import ImportedRecord
from facts.documents.imports._report import Report
from facts.documents.imports._source import fingerprint, objects, shown
from facts.documents.imports._write import DOCUMENTS, Imported, write
from facts.errors import BrokenFile, FactError, UnknownName
from facts.fact import Fact

__all__ = [
    "Format",
    "Imported",
    "ImportedRecord",
    "Report",
    "find",
    "import_documents",
    "kind_of",
    "names",
    "read_imported",
]


class Format(Protocol):
    """What a format's file defines. ``SUFFIXES`` (a folder's is ``/``) and ``KEYS``, which the first JSON object must
    have, say which sources it is for; of several that fit, the one with the most keys is taken.
    """

    TITLE: str
    ABOUT: str
    SUFFIXES: tuple[str, ...]
    KEYS: frozenset[str]

    def read(self, source: Path, columns: Mapping[str, str]) -> Iterator[Item]:
        """Every row in the source's order, lazily; raises ``FactError`` where the source as a whole is broken."""
        ...


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The formats there are, in alphabetical order."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


@lru_cache(maxsize=16)
def find(name: str) -> Format:
    """The format of that name, or ``UnknownName``."""
    if name not in names():
        raise UnknownName("import format", name, names(), "Formats are files in facts/documents/imports/.")
    return cast("Format", importlib.import_module(f"facts.documents.imports.{name}"))


def kind_of(source: Path) -> str:
    """The format that the source looks like, or ``BrokenFile`` saying which there are."""
    suffix = "/" if source.is_dir() else source.suffix.lower()
    fitting = [name for name in names() if suffix in find(name).SUFFIXES]
    if any(find(name).KEYS for name in fitting):
        keys = {key for _, fields in islice(objects(source), 1) for key in fields or ()}
        fitting = [name for name in fitting if keys >= find(name).KEYS]
    if not fitting:
        every = ", ".join(sorted({kind for name in names() for kind in find(name).SUFFIXES if kind != "/"}))
        raise BrokenFile(f"{shown(source)}: nothing here reads this; give a folder of texts or a file of {every}")
    return max(fitting, key=lambda name: len(find(name).KEYS))


def import_documents(
    source: Path, into: Path, *, kind: str = "", columns: Mapping[str, str] | None = None, fact: Fact | None = None
) -> Imported:
    """Imports a source as ``into/<set id>``: documents, universe contexts, and drafts of facts from claims.

    ``kind`` is one of ``names()``, by default what the source looks like. ``columns`` confirms a table's columns
    (role → column, see ``table.ROLES``). ``fact`` is looked for in every document by its anchors; without it spans
    stay unknown. The same rows give the same set, wherever they come from. Raises ``FactError``, and then nothing was
    imported.
    """
    try:
        there = source.exists()
    except (OSError, ValueError) as error:  # a name too long, a null byte
        raise BrokenFile(f"{shown(source)[:200]!r} cannot be a path; give the path of a file or folder") from error
    if not there:
        raise BrokenFile(f"{shown(source)}: there is nothing of that name; check the path")
    name = kind or kind_of(source)
    reader = find(name)
    if source.is_dir() is not ("/" in reader.SUFFIXES):
        raise FactError(
            f"{shown(source)}: {name} reads {'a folder' if '/' in reader.SUFFIXES else 'one file'}, not this"
        )
    origin = {"format": name, "source": shown(source.name)}
    if not source.is_dir():
        origin["sha256"] = fingerprint(source)
    return write(reader.read(source, columns or {}), into, origin, fact)


def read_imported(folder: Path) -> Iterator[ImportedRecord]:
    """The documents of an imported set, lazily, or ``BrokenFile`` with the line that is no such record."""
    path = folder / DOCUMENTS
    for number, fields in objects(path):
        try:
            yield ImportedRecord.model_validate(fields)
        except ValueError as error:
            raise BrokenFile(
                f"{shown(path)}, line {number}: not a record of this project; import the source again"
            ) from error
