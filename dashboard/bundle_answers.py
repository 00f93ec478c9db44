"""Says how many of the samples that came in a zip answer its comparison here, and why it may be fewer than there."""

from __future__ import annotations

import zipfile
from typing import cast

import orjson

from cache.store import Store
from dashboard.bundle_members import whole
from dashboard.provenance import revision
from dashboard.results import load_results
from dashboard.terminal_text import printable
from dashboard.workspace import Workspace
from facts.catalog import load
from facts.errors import FactError
from runners.comparison_file import read_comparison

_PROVENANCE = "provenance.json"


def answers(theirs: str, name: str, workspace: Workspace, store: Store) -> str:
    """One line; ``theirs`` is the revision that wrote the file. Composes and reads everything, as the page will do."""
    try:
        comparison = read_comparison(workspace.comparisons / f"{name}.toml")
        results = load_results(comparison, load(workspace.facts, workspace.documents), workspace, store)
    except FactError as error:
        return f"its figures cannot be drawn here: {error}"
    if not results.interim:
        return f"all {results.planned:,} samples answer this comparison here"
    ours = revision()[:12]
    versions = f"; it was written by revision {theirs}, and this is {ours}" if theirs != ours else ""
    return (f"{results.kept:,} of {results.planned:,} samples answer this comparison here: either it was exported "
            f"before all were there, or facts, settings or the version differ{versions}")  # fmt: skip


def revision_of(archive: zipfile.ZipFile) -> str:
    """The beginning of the revision of the source that wrote the file, as the file says."""
    try:
        said = cast("dict[str, dict[str, object]]", orjson.loads(whole(archive, _PROVENANCE)))
        return printable(str(said["software"]["revision"]))[:12]
    except (KeyError, TypeError, ValueError):
        return "unknown"
