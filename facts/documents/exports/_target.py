"""What a target's file defines, and which targets there are: collected from this folder, one a file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Protocol, cast

from facts.documents.exports._row import Back, Limits, Row
from facts.errors import UnknownName

_PACKAGE = "facts.documents.exports"


class Target(Protocol):
    """A target's module. ``FORMS`` are the layouts of a row, the default first; ``LEGACY`` says why it is ending."""

    TITLE: str
    FORMS: tuple[str, ...]
    LEGACY: str
    SOURCES: tuple[str, ...]
    LIMITS: Limits

    def write(self, row: Row, form: str) -> dict[str, object]:
        """The row as the target's JSON object; ``Unfit`` where it has no form for it."""
        ...

    def validate(self, path: Path, split: str, form: str) -> Iterator[Back]:
        """What a file teaches, read by the published rules and without the writer; ``Invalid`` where it breaks them."""
        ...


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The targets there are, in alphabetical order."""
    here = [str(Path(__file__).parent)]
    return tuple(sorted(module.name for module in pkgutil.iter_modules(here) if not module.name.startswith("_")))


@lru_cache(maxsize=16)
def find(name: str) -> Target:
    """The target of that name, or ``UnknownName``."""
    if name not in names():
        raise UnknownName("target", name, names(), "Targets are files in facts/documents/exports/.")
    return cast("Target", importlib.import_module(f"{_PACKAGE}.{name}"))
