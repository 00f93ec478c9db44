"""The sizes of a comparison's requests: composed once, then read from a file until what they rest on changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from dashboard.fingerprint import Unsure, fingerprint
from dashboard.table_names import ground
from dashboard.workspace import Workspace
from facts.catalog import Library
from runners.comparison import Comparison
from runners.judging import NOBODY
from runners.model import Model
from runners.questions import judged
from runners.size_file import remembered
from runners.sizes import Size, sizes

_WORTH = 2_000  # trials of a model from which on a file is faster by more than anybody notices


def planned_sizes(
    comparison: Comparison, library: Library, models: Iterable[Model], workspace: Workspace
) -> dict[str, Iterable[Size]]:
    """What ``estimate`` takes as ``sized``, by model label, each to be gone through once.

    Empty where a file would gain nothing: for few trials, and where judges' questions change with every sample.
    """
    queries = len(comparison.query_ids) or comparison.queries
    few = len(comparison.conditions()) * queries * comparison.replicates < _WORTH
    return {} if few or judged(comparison, library) else {
        model.label: _sizes(comparison, library, model, workspace) for model in models
    }  # fmt: skip


def _sizes(comparison: Comparison, library: Library, model: Model, workspace: Workspace) -> Iterator[Size]:
    source = sizes(comparison, library, model)
    asked = replace(comparison, name="sizes", note="", models=("any",), judges=(), max_calls=None, max_usd=None)
    try:
        base = ground(comparison, library, model, NOBODY)
        name = fingerprint("sizes", base.plans, base.query_names, base.endpoint, asked)
    except Unsure:
        return source
    return remembered(workspace.root / "index" / "sizes" / f"{name}.bin", name, model.label, source)
