"""Writes every kept sample of a comparison as JSON lines: its factors, its scores, the request and what came back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice

from cache import record
from cache.errors import StoreError
from cache.store import Store
from dashboard.results import ModelResults, Results
from dashboard.row import Row

_LOOK = 500


def sample_lines(results: Results, store: Store) -> Iterator[bytes]:
    """One JSON object a line, in the order planned; trials without a sample and damaged records are left out.

    Texts come as the store keeps them, never composed anew. Nothing of the environment is in them.
    """
    conditions = [json.dumps(asdict(condition), ensure_ascii=False) for condition in results.conditions]
    for model in results.models:
        rows = iter([row for row in model.rows if row.stop is not None])
        while chunk := list(islice(rows, _LOOK)):
            found = store.get_many(row.key for row in chunk)
            for row in chunk:
                if row.key in found and _whole(row.key, found[row.key]):
                    yield _line(results, model, row, conditions[row.condition], found[row.key])


def _whole(key: str, value: bytes) -> bool:
    try:
        record.read(key, value)
    except StoreError:
        return False
    return True


def _line(results: Results, model: ModelResults, row: Row, condition: str, value: bytes) -> bytes:
    about = {
        "comparison": results.comparison.name, "model": model.model.label, "simulated": model.simulated,
        "key": row.key, "arm": results.conditions[row.condition].arm, "query": results.queries[row.query],
        "group": results.groups[row.query], "replicate": row.replicate, "frame": row.frame, "scores": row.values,
    }  # fmt: skip
    start = json.dumps(about, ensure_ascii=False)[:-1]
    return f'{start}, "condition": {condition}, "record": '.encode() + value + b"}\n"
