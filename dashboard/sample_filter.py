"""Which kept samples match: by every factor of the design and every outcome, over columns that are held in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.results import Results
from dashboard.sample_columns import Columns
from facts.condition import Condition
from facts.salience import Salience

NO_FACT = "(no fact)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to keep; an empty field keeps everything, and several values in one field mean any of them.

    ``facts``, ``levels`` and ``polarities`` ask for one dose that is all of it. ``outcomes`` are ``metric: class``:
    classes of one metric mean any of them, of several metrics that all hold. ``wordings`` are ``fact: number``; numbers
    count from 1.
    """

    models: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    polarities: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    reasoning: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    replicates: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    wordings: tuple[str, ...] = ()


def level_name(level: int) -> str:
    """A level as it is chosen: ``2 stated``."""
    return f"{level} {Salience(level).name.lower()}"


def options_of(results: Results, columns: Columns) -> dict[str, list[str]]:
    """What can be chosen in each field of a filter, as far as it occurs in the design or in the samples."""
    conditions, c = results.conditions, results.comparison
    doses = [dose for condition in conditions for dose in condition.doses]
    bare = any(not condition.doses for condition in conditions)
    levels = sorted({int(dose.level) for dose in doses} | ({0} if bare else set()))
    return {
        "models": [m.model.label for m in results.models],
        "arms": list(dict.fromkeys(condition.arm for condition in conditions)),
        "facts": [*dict.fromkeys(dose.fact for dose in doses), *([NO_FACT] if bare else [])],
        "levels": [level_name(level) for level in levels],
        "polarities": list(dict.fromkeys(dose.polarity.value for dose in doses)),
        "tiers": list(dict.fromkeys(condition.tier.value for condition in conditions)),
        "reasoning": list(dict.fromkeys(condition.reasoning.value for condition in conditions)),
        "queries": sorted(results.queries),
        "replicates": [str(number + 1) for number in range(c.replicates)],
        "outcomes": [f"{name}: {value}"
                     for name, (classes, _) in columns.outcomes.items() for value in sorted(classes)],
        "stops": list(columns.stops),
        "frames": list(columns.frames),
        "wordings": [f"{fact}: {number + 1}" for f, fact in enumerate(c.facts)
                     for number in sorted(set(columns.wording_SF[:, f].tolist()) - {-1})],
    }  # fmt: skip


def matching(results: Results, columns: Columns, wanted: Filter) -> NDArray[np.bool_]:
    """For each kept sample whether it matches."""
    c, f = columns, wanted
    models = [not f.models or m.model.label in f.models for m in results.models]
    found = np.array(models, dtype=np.bool_)[c.model_S]
    found &= np.array([_wants(f, one) for one in results.conditions], dtype=np.bool_)[c.condition_S]
    for values, names, code_S in ((f.queries, results.queries, c.query_S), (f.stops, c.stops, c.stop_S),
                                  (f.frames, c.frames, c.frame_S)):  # fmt: skip
        if values:
            found &= np.array([name in values for name in names], dtype=np.bool_)[code_S]
    if f.replicates:
        found &= np.isin(c.replicate_S, [int(number) - 1 for number in f.replicates if number.isdecimal()])
    return found & _of_outcomes(c, f.outcomes) & _of_wordings(results, c, f.wordings)


def _wants(wanted: Filter, condition: Condition) -> bool:
    if (wanted.arms and condition.arm not in wanted.arms) or (wanted.tiers and condition.tier not in wanted.tiers):
        return False
    if wanted.reasoning and condition.reasoning not in wanted.reasoning:
        return False
    if not condition.doses:
        return ((not wanted.facts or NO_FACT in wanted.facts) and not wanted.polarities
                and (not wanted.levels or level_name(0) in wanted.levels))  # fmt: skip
    return any(
        (not wanted.facts or dose.fact in wanted.facts)
        and (not wanted.levels or level_name(dose.level) in wanted.levels)
        and (not wanted.polarities or dose.polarity in wanted.polarities)
        for dose in condition.doses
    )  # fmt: skip


def _of_outcomes(columns: Columns, wanted: Sequence[str]) -> NDArray[np.bool_]:
    by_metric: dict[str, list[str]] = {}
    for outcome in wanted:
        name, _, value = outcome.rpartition(": ")
        by_metric.setdefault(name, []).append(value)
    found = np.ones(columns.count, dtype=np.bool_)
    for name, values in by_metric.items():
        classes, class_S = columns.outcomes.get(name, ((), np.full(columns.count, -1, dtype=np.int16)))
        found &= np.isin(class_S, [code for code, value in enumerate(classes) if value in values])
    return found


def _of_wordings(results: Results, columns: Columns, wanted: Sequence[str]) -> NDArray[np.bool_]:
    found = np.full(columns.count, not wanted, dtype=np.bool_)
    for wording in wanted:
        fact, _, number = wording.rpartition(": ")
        if fact in results.comparison.facts and number.isdecimal():
            found |= columns.wording_SF[:, results.comparison.facts.index(fact)] == int(number) - 1
    return found


def ordered(columns: Columns, found: NDArray[np.bool_], *, seed: int | None) -> NDArray[np.int64]:
    """The places of the samples found: as planned (query by query), or in a random order drawn with the seed.

    The random order is drawn over all samples, so that a narrower filter keeps the order of what is left.
    """
    if seed is None:
        return np.flatnonzero(found).astype(np.int64)
    order = np.random.default_rng(seed).permutation(columns.count)
    return order[found[order]].astype(np.int64)
