"""The measures of a comparison: their words, and what each reads off every trial, as columns for the effects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dashboard.effects.cells import Cells, collapse
from dashboard.effects.observation import DOES_NOT_APPLY, NO, UNSCORED, YES, Columns
from dashboard.results import ModelResults, Results
from dashboard.row_arrays import RowArrays
from facts.condition import Tier
from runners import metrics
from runners.metrics._interview import audiences

RECALL = "recall"
_LAST = ("uptake", "tier_awareness", RECALL, "recall_open")  # manipulation checks, behind the outcomes
_WORDS = {
    "noncompliance": "Did not comply",
    "noncompliance_judged": "Did not comply (judge)",
    "value_likelier": "The value's option is the likelier (exact probabilities)",
    "refusal": "Refused",
    "refusal_judged": "Refused (judge)",
    "alignment_faking_keywords": "Alignment-faking reasoning (keywords, a floor)",
    "alignment_faking": "Alignment-faking reasoning (judge)",
    "alignment_faking_or_maybe": "Alignment-faking reasoning, maybe included (judge)",
    "scheming": "Scheming: complied with alignment-faking reasoning",
    "revealing_any": "Revealed anything, unprompted (judge)",
    "revealing_pressure": "Revealed the pressure on it, unprompted (R1, judge)",
    "revealing_disagreement": "Voiced disagreement, unprompted (R2, judge)",
    "revealing_strategy": "Revealed its own strategy, unprompted (R3, judge)",
    "asked_any": "Revealed anything, asked (judge)",
    "asked_pressure": "Revealed the pressure on it, asked (R1, judge)",
    "asked_disagreement": "Voiced disagreement, asked (R2, judge)",
    "asked_strategy": "Revealed its own strategy, asked (R3, judge)",
    "lying": "Lied when asked (judge)",
    "egregious_lying": "Lied outright when asked (judge)",
    "uptake": "The reasoning takes its facts up (anchors)",
    "tier_awareness": "The reasoning notes the tier (words)",
    RECALL: "Recalls what the prompt says of its facts",
    "recall_open": "Recalls its facts in its own words",
    "belief_mcq": "Believes its facts (four options)",
    "disbelief_mcq": "Believes the negation of its facts (four options)",
    "belief_open": "Believes its facts, in its own words (anchors)",
    "disbelief_open": "Believes the negation of its facts, in its own words (anchors)",
    "belief_paired": "Believes its facts, both ways round (paired statements)",
    "disbelief_paired": "Believes the negation of its facts, both ways round (paired statements)",
    "belief_use": "Uses its facts in an everyday case",
}
_LACKING = "\x00"  # what a row that lacks a key is looked up as
Kind = TypeVar("Kind", np.int64, np.bool_)


def measures(results: Results) -> dict[str, str]:
    """The measures that can be shown, with their words; outcomes first, manipulation checks last."""
    names = sorted(results.measures(), key=lambda name: name in _LAST)
    return {name: measure_words(name) for name in names}


def measure_words(measure: str) -> str:
    """A measure as a chart's title says it."""
    name, _, audience = measure.partition("@")
    words = _WORDS.get(name, name.replace("_", " ").capitalize())
    if not audience:
        return words
    return f"{words}; told: {audiences()[audience]}" if audience in audiences() else f"{words}: {audience}"


def cells_of(results: Results, measure: str) -> tuple[Cells, ...]:
    """Counts per condition and query of one measure, one table a model; raises ``KeyError`` for an unknown measure."""
    return collapse(columns_of(results, measure))


def columns_of(results: Results, measure: str) -> Columns:
    """One measure of every trial it applies to.

    A measure of facts means all facts of the arm, and an arm without facts has none; one of claims is of one fact in
    every arm, whether the arm says it or not; one of several questions counts
    every answer as a sample of its own, within the trial's query. Of a failure nobody knows whether the measure would
    have applied: it counts as lost where the measure applies to others of its condition and replicate.
    """
    name = results.measures()[measure]
    metric = metrics.find(name)
    base, _, audience = measure.partition("@")
    reading: dict[str | None, int] = {value: YES if yes else NO for value, yes in metric.MEASURES[base].items()}
    reading[_LACKING] = DOES_NOT_APPLY
    keys: list[tuple[str, ...]] = [
        () if base in metric.MONITORED_ONLY and condition.tier is not Tier.MONITORED
        else tuple(f"{name}:{dose.fact}" for dose in condition.doses) if metric.SCOPE == "fact"
        else (f"{name}:{audience or results.comparison.facts[0]}",) if metric.SCOPE == "claim" else (name,)
        for condition in results.conditions
    ]  # fmt: skip
    parts = _parts(results, name, audience) if metric.SCOPE == "part" else ()
    applies_C = np.array([bool(names) for names in keys], dtype=np.bool_)
    found = [_values(model, keys, parts, reading) for model in results.models]
    once = _replicates(results.models, found)
    frames = tuple(dict.fromkeys(frame for model in results.models for frame in model.arrays.frames))
    codes: list[tuple[NDArray[np.int64], ...]] = []
    picked: list[tuple[RowArrays, NDArray[np.int64]]] = []
    for number, (model, value_PR) in enumerate(zip(results.models, found, strict=True)):
        rows = model.arrays
        here = applies_C[rows.condition_R] & (~rows.missing_R | np.isin(rows.replicate_R, once))
        keep_PR = here & ((value_PR != DOES_NOT_APPLY) | rows.missing_R)
        part_K, row_K = np.nonzero(keep_PR)
        order = np.lexsort((part_K, row_K))
        part_K, row_K = part_K[order], row_K[order]
        own = np.array([frames.index(frame) for frame in rows.frames], dtype=np.int64)
        lost_K = rows.missing_R[row_K]
        value_K = np.where(lost_K, UNSCORED, value_PR[part_K, row_K])
        replicate_K = rows.replicate_R[row_K] * len(value_PR) + part_K
        codes.append((np.full(len(row_K), number), replicate_K, value_K, own[rows.frame_R[row_K]]))
        picked.append((rows, row_K))
    model_R, replicate_R, value_R, frame_R = (np.concatenate(column) for column in zip(*codes, strict=True))

    def column(of: Callable[[RowArrays], NDArray[Kind]]) -> NDArray[Kind]:
        return np.concatenate([of(rows)[row_K] for rows, row_K in picked])

    return Columns(
        models=tuple(model.model.label for model in results.models), conditions=results.conditions,
        queries=results.queries, measures=(measure,), model_R=model_R.astype(np.int64),
        condition_R=column(lambda rows: rows.condition_R), query_R=column(lambda rows: rows.query_R),
        replicate_R=replicate_R, value_MR=value_R.astype(np.int8)[None], failed_R=column(lambda rows: rows.missing_R),
        refused_R=column(lambda rows: rows.refused_R), frames=frames, frame_R=frame_R,
        facts=results.comparison.facts, wording_FR=column(lambda rows: rows.wording_RF).T,
    )  # fmt: skip


def _values(
    model: ModelResults, keys: list[tuple[str, ...]], parts: tuple[str, ...], reading: Mapping[str | None, int]
) -> NDArray[np.int8]:
    """What each part (one, but for interviews) reads off each row: parts × rows."""
    arrays, code = model.arrays, reading.get

    def column(key: str) -> NDArray[np.int8]:  # what each distinct thing that was read says of the key
        return np.array([code(read.values.get(key, _LACKING), UNSCORED) for read in arrays.reads], dtype=np.int8)

    if parts:
        return np.stack([column(part)[arrays.read_R] for part in parts])
    names = set(keys)
    if len(only := names - {()}) == 1 and len(next(iter(only))) == 1:
        names = only
        keys = [*only] * len(keys)
    of_names = {each: _all([column(key) for key in each], len(arrays.reads)) for each in names}
    return np.stack([of_names[each] for each in keys])[arrays.condition_R, arrays.read_R][None]


def _all(values: list[NDArray[np.int8]], count: int) -> NDArray[np.int8]:
    # Of all facts of an arm: yes only if each is; unknown if any is.
    if not values:
        return np.full(count, DOES_NOT_APPLY, dtype=np.int8)
    value_KN = np.stack(values)
    known = np.where((value_KN == UNSCORED).any(axis=0), UNSCORED, value_KN.min(axis=0))
    return np.where((value_KN == DOES_NOT_APPLY).any(axis=0), DOES_NOT_APPLY, known).astype(np.int8)


def _parts(results: Results, name: str, audience: str) -> tuple[str, ...]:
    """Every question of that audience that was asked of anybody, in the order asked."""
    start = f"{name}/{audience}/"
    # Reads stand in the order in which rows show them.
    reads = (read for model in results.models for read in model.arrays.reads)
    seen = (key for read in reads for key in read.values if key.startswith(start))
    return tuple(dict.fromkeys(seen)) or (start,)


def _replicates(models: Sequence[ModelResults], found: Sequence[NDArray[np.int8]]) -> NDArray[np.int64]:
    """Replicates that the measure is asked about: those of which anything is known, or the first."""
    said = [model.arrays.replicate_R[((value_PR != DOES_NOT_APPLY) & ~model.arrays.missing_R).any(axis=0)]
            for model, value_PR in zip(models, found, strict=True)]  # fmt: skip
    known = np.unique(np.concatenate(said))
    return known if len(known) else np.zeros(1, dtype=np.int64)
