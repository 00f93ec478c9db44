"""Chooses transcripts for a report: the same first queries in every condition, so that arms can be compared."""

from __future__ import annotations

from collections.abc import Iterator

from cache.store import Store
from dashboard.reading import Reading, read
from dashboard.results import Results
from facts.catalog import Library

MOST = 120


def chosen(results: Results, library: Library, store: Store, most: int = MOST) -> Iterator[Reading]:
    """At most ``most`` readings: replicate 1 of as many first queries as fit, of every model and condition.

    Where the conditions alone are more than fit, those of the first conditions. Raises ``FactError``.
    """
    arms = max(1, len(results.conditions) * len(results.models))
    queries = max(1, most // arms)
    left = most
    for model in results.models:
        for row in model.rows:
            if left and row.query < queries and not row.replicate and row.stop is not None:
                reading = read(results, model, row, library, store)
                if reading:
                    left -= 1
                    yield reading
