"""Reads a set's folder into what gates look at: our own records, or an import's."""

from __future__ import annotations

from pathlib import Path

from facts.catalog import Library
from facts.documents.gates._reading import Reading


def read_folder(folder: Path, library: Library, twin: Path | None = None) -> tuple[Reading, str]:
    """The set and the sha256 of its documents; ``BrokenFile`` for a torn or changed one."""
    raise NotImplementedError
