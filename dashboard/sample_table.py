"""Found samples as rows of a table, and one sample as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from cache.query import Query
from cache.store import Store
from dashboard.export_samples import sample_lines
from dashboard.quote_places import phrase_places
from dashboard.results import ModelResults, Results
from dashboard.row import Row
from dashboard.sample_columns import Columns
from runners.keep import kept
from runners.transcript import split

_SHORT = 160
_BEFORE = 40  # characters shown before what was searched for


def table_rows(
    results: Results, columns: Columns, places: Sequence[int], store: Store, query: Query | None = None
) -> list[dict[str, str | int]]:
    """One row a sample, with the beginning of what the user would see, or the passage around what was searched for."""
    found = [columns.at(results, place) for place in places]
    samples = kept(store, [row.key for _, row in found])
    names = [name for name in results.metrics if any(name in row.values for _, row in found)]
    rows: list[dict[str, str | int]] = []
    for model, row in found:
        condition, sample = results.conditions[row.condition], samples.get(row.key)
        parts = split(sample) if sample else None
        text = "" if parts is None else parts.visible
        if parts and query and not phrase_places(query, text) and parts.reasoning:
            text = parts.reasoning
        rows.append({
            "arm": condition.arm, "tier": condition.tier.value, "query": results.queries[row.query],
            "replicate": row.replicate + 1, "reply": passage(text, query),
            **{name: row.values.get(name) or ("unscored" if name in row.values else "") for name in names},
            "stop": row.stop.value if row.stop else "",
            "model": f"{model.model.label} (SIMULATED)" if model.simulated else model.model.label,
        })  # fmt: skip
    return rows


def passage(text: str, query: Query | None = None) -> str:
    """The beginning of a text on one line, or the passage around the first phrase of a search that stands in it."""
    places = phrase_places(query, text) if query else ()
    start = max(0, places[0][0] - _BEFORE) if places else 0
    start = text.rfind(" ", 0, start) + 1 if start else 0
    shown = " ".join(text[start : start + 2 * _SHORT].split())
    cut = shown[:_SHORT]
    return f"{'…' if start else ''}{cut}{'…' if len(cut) < len(shown) or start + 2 * _SHORT < len(text) else ''}"


def sample_file(results: Results, model: ModelResults, row: Row, store: Store) -> bytes:
    """One sample as JSON: its factors, its scores, the request and what came back, as in the export."""
    alone = ModelResults(model=model.model, simulated=model.simulated, rows=(row,))
    line = b"".join(sample_lines(replace(results, models=(alone,)), store))
    return json.dumps(json.loads(line or b"{}"), ensure_ascii=False, indent=2).encode("utf-8", "surrogatepass")
