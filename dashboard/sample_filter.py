"""Finds kept samples by model, arm, tier, query, outcome, stop and words, without holding their texts in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from cache.errors import StoreError
from cache.store import Store
from dashboard.results import ModelResults, Results
from dashboard.row import Row
from runners.keep import from_record, kept
from runners.transcript import split

_LOOK = 500
_SHORT = 160
MOST_SEARCHED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to keep; an empty field keeps everything. ``outcome`` is ``metric: class``."""

    models: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    words: str = ""


Found = tuple[ModelResults, Row]


def outcomes_of(results: Results) -> list[str]:
    """Every outcome class that occurs, as ``metric: class``."""
    seen = {(name, value) for model in results.models for row in model.rows for name, value in row.values.items()}
    return sorted(f"{name}: {value or 'unscored'}" for name, value in seen)


def matching(results: Results, wanted: Filter, store: Store) -> list[Found]:
    """The kept samples that match, in the order planned; words are looked for in at most 20,000 of them."""
    conditions = [
        (not wanted.arms or c.arm in wanted.arms) and (not wanted.tiers or c.tier.value in wanted.tiers)
        for c in results.conditions
    ]
    queries = [not wanted.queries or query in wanted.queries for query in results.queries]
    outcomes = {tuple(outcome.rsplit(": ", 1)) for outcome in wanted.outcomes}
    found = [
        (model, row)
        for model in results.models
        if not wanted.models or model.model.label in wanted.models
        for row in model.rows
        if row.stop is not None and conditions[row.condition] and queries[row.query]
        and (not wanted.stops or row.stop.value in wanted.stops)
        and (not outcomes or any((name, value or "unscored") in outcomes for name, value in row.values.items()))
    ]  # fmt: skip
    words = wanted.words.casefold().split()
    return found if not words else list(_with_words(found[:MOST_SEARCHED], words, store))


def _with_words(found: Iterable[Found], words: list[str], store: Store) -> Iterator[Found]:
    rows = iter(found)
    while chunk := list(islice(rows, _LOOK)):
        values = store.get_many(row.key for _, row in chunk)
        for model, row in chunk:
            try:
                sample = from_record(row.key, values[row.key])
            except (KeyError, StoreError):
                continue
            text = f"{sample.text} {sample.reasoning or ''}".casefold()
            if all(word in text for word in words):
                yield model, row


def table_rows(results: Results, found: list[Found], store: Store) -> list[dict[str, str | int]]:
    """The found samples as rows of a table, with the beginning of what the user would see."""
    samples = kept(store, [row.key for _, row in found])
    names = [name for name in results.metrics if any(name in row.values for _, row in found)]
    rows: list[dict[str, str | int]] = []
    for model, row in found:
        condition, sample = results.conditions[row.condition], samples.get(row.key)
        seen = " ".join(split(sample).visible.split()) if sample else ""
        rows.append({
            "arm": condition.arm, "tier": condition.tier.value, "query": results.queries[row.query],
            "replicate": row.replicate + 1, "reply": seen[:_SHORT] + ("…" if len(seen) > _SHORT else ""),
            **{name: row.values.get(name) or "unscored" for name in names},
            "stop": row.stop.value if row.stop else "",
            "model": f"{model.model.label} (SIMULATED)" if model.simulated else model.model.label,
        })  # fmt: skip
    return rows
