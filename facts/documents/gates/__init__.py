"""Gates of document sets, one a file, collected from this folder: what must hold before a set is run or exported."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache
from typing import Protocol, cast

from facts.documents.gates._finding import Example, Finding, Panel, Row, Status, worst
from facts.documents.gates._reading import Reading
from facts.documents.gates._source import is_imported

__all__ = ["Example", "Finding", "Gate", "Panel", "Reading", "Row", "Status", "gates", "is_imported", "worst"]


class Gate(Protocol):
    """What a gate's file defines. Gates run and are shown by ``NUMBER``."""

    NUMBER: int
    NAME: str
    TITLE: str
    ABOUT: str

    def check(self, reading: Reading) -> Finding:
        """What it finds in the set that was read back: pure, and the same for the same set."""
        ...


@lru_cache(maxsize=1)
def gates() -> tuple[Gate, ...]:
    """Every gate in the folder, in order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    found = [cast("Gate", importlib.import_module(f"{__name__}.{name}")) for name in names]
    return tuple(sorted(found, key=lambda gate: gate.NUMBER))
