"""What tells that a file was changed since it was read: names, times and sizes of what a comparison is made of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dashboard.workspace import Workspace
from facts.parse import home_path
from runners.comparison import Comparison

Stamp = tuple[tuple[str, int, int], ...]


def stamp(workspace: Workspace, comparison: Comparison | None = None) -> Stamp:
    """Of the workspace's facts and models, and of a comparison's own queries and document sets."""
    files = [*sorted(workspace.facts.glob("*.toml")), workspace.models]
    if comparison is not None:
        if comparison.query_file:
            files.append(home_path(comparison.query_file))
        for name in comparison.document_sets:
            files.extend(sorted((workspace.documents / name).glob("*")))
    return tuple(_of(files))


def _of(files: Iterable[Path]) -> Iterable[tuple[str, int, int]]:
    for path in files:
        try:
            status = path.stat()
        except (OSError, ValueError):  # not there, which is to be told from there
            continue
        yield str(path), status.st_mtime_ns, status.st_size
