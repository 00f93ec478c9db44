"""The measures of a comparison: their words, and what each reads off every trial, as columns for the effects."""

from __future__ import annotations

import numpy as np

from dashboard.effects.cells import Cells, collapse
from dashboard.effects.observation import DOES_NOT_APPLY, NO, UNSCORED, YES, Columns
from dashboard.results import Results, Row
from facts.condition import Tier
from runners import metrics
from runners.metrics._interview import audiences
from runners.sample import Stop

RECALL = "recall"
_LAST = ("uptake", "tier_awareness", RECALL, "recall_open")  # manipulation checks, behind the outcomes
_WORDS = {
    "noncompliance": "Did not comply",
    "noncompliance_judged": "Did not comply (judge)",
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
}
_STOPPED = {Stop.REFUSAL, Stop.CONTENT_FILTER}


def measures(results: Results) -> dict[str, str]:
    """The measures that can be shown, with their words; outcomes first, manipulation checks last."""
    names = sorted(results.measures(), key=lambda name: name in _LAST)
    return {name: measure_words(name) for name in names}


def measure_words(measure: str) -> str:
    """A measure as a chart's title says it."""
    name, _, audience = measure.partition("@")
    words = _WORDS.get(name, name.replace("_", " ").capitalize())
    return f"{words}; told: {audiences().get(audience, audience)}" if audience else words


def cells_of(results: Results, measure: str) -> tuple[Cells, ...]:
    """Counts per condition and query of one measure, one table a model; raises ``KeyError`` for an unknown measure."""
    return collapse(columns_of(results, measure))


def columns_of(results: Results, measure: str) -> Columns:
    """One measure of every trial it applies to.

    A measure of facts means all facts of the arm, and an arm without facts has none; one of several questions counts
    every answer as a sample of its own, within the trial's query.
    """
    name = results.measures()[measure]
    metric = metrics.find(name)
    base, _, audience = measure.partition("@")
    reading = {value: YES if truth else NO for value, truth in metric.MEASURES[base].items()}
    only_monitored = base in metric.MONITORED_ONLY
    keys: list[tuple[str, ...]] = [
        () if only_monitored and condition.tier is not Tier.MONITORED
        else tuple(f"{name}:{dose.fact}" for dose in condition.doses) if metric.SCOPE == "fact" else (name,)
        for condition in results.conditions
    ]  # fmt: skip
    parts = _parts(results, name, audience) if metric.SCOPE == "part" else ()
    once = _replicates(results, name)
    found: list[tuple[int, Row, int, int]] = []
    for number, model in enumerate(results.models):
        for row in model.rows:
            names = keys[row.condition]
            if not names or (row.stop is None and row.replicate not in once):
                continue
            if not parts:
                values = [reading.get(row.values[key] or "", UNSCORED) for key in names if key in row.values]
                applies = len(values) == len(names)
                value = DOES_NOT_APPLY if not applies else UNSCORED if UNSCORED in values else min(values)
                found.append((number, row, row.replicate, value))
                continue
            for place, part in enumerate(parts):
                value = reading.get(row.values[part] or "", UNSCORED) if part in row.values else DOES_NOT_APPLY
                found.append((number, row, row.replicate * len(parts) + place, value))
    found = [item for item in found if item[3] != DOES_NOT_APPLY or item[1].stop is None]
    rows = [row for _, row, _, _ in found]
    frames = {frame: code for code, frame in enumerate(dict.fromkeys(row.frame for row in rows))}
    facts = results.comparison.facts
    return Columns(
        models=tuple(model.model.label for model in results.models), conditions=results.conditions,
        queries=results.queries, measures=(measure,),
        model_R=np.array([number for number, *_ in found], dtype=np.int64),
        condition_R=np.array([row.condition for row in rows], dtype=np.int64),
        query_R=np.array([row.query for row in rows], dtype=np.int64),
        replicate_R=np.array([replicate for _, _, replicate, _ in found], dtype=np.int64),
        # Of a failure nobody knows whether the measure would have applied: it counts as lost where it does to others.
        value_MR=np.array([[UNSCORED if row.stop is None else value for _, row, _, value in found]],
                          dtype=np.int8).reshape(1, len(rows)),
        failed_R=np.array([row.stop is None for row in rows], dtype=np.bool_),
        refused_R=np.array([row.stop in _STOPPED for row in rows], dtype=np.bool_),
        frames=tuple(frames), frame_R=np.array([frames[row.frame] for row in rows], dtype=np.int64),
        facts=facts, wording_FR=np.array([row.wordings for row in rows], dtype=np.int64).reshape(-1, len(facts)).T,
    )  # fmt: skip


def _parts(results: Results, name: str, audience: str) -> tuple[str, ...]:
    """Every question of that audience that was asked of anybody, in the order asked."""
    start = f"{name}/{audience}/"
    seen = (key for model in results.models for row in model.rows for key in row.values if key.startswith(start))
    return tuple(dict.fromkeys(seen)) or (start,)


def _replicates(results: Results, name: str) -> set[int]:
    """Replicates that the metric asks about: those of which it has said anything, or the first."""
    said = {row.replicate for model in results.models for row in model.rows
            if any(key == name or key.startswith((f"{name}:", f"{name}/")) for key in row.values)}  # fmt: skip
    return said or {0}
