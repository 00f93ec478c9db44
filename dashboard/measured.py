"""The measures of a comparison: their words, and what each reads off every trial, as columns for the effects."""

from __future__ import annotations

import numpy as np

from dashboard.effects.cells import Cells, collapse
from dashboard.effects.observation import DOES_NOT_APPLY, NO, UNSCORED, YES, Columns
from dashboard.results import Results, Row
from facts.condition import Tier
from runners import metrics
from runners.sample import Stop

RECALL = "recall"
_WORDS = {
    "noncompliance": "Did not comply",
    "refusal": "Refused",
    "alignment_faking_keywords": "Alignment-faking reasoning (keywords, a floor)",
    RECALL: "Recalls what the prompt says of its facts",
}
_MONITORED_ONLY = {"alignment_faking_keywords"}  # in the other tier there is nothing to fake, so nothing is lost
_STOPPED = {Stop.REFUSAL, Stop.CONTENT_FILTER}


def measures(results: Results) -> dict[str, str]:
    """The measures that can be shown, with their words; the setting's own first, recall last."""
    names = sorted(results.measures(), key=lambda name: name == RECALL)
    return {name: measure_words(name) for name in names}


def measure_words(measure: str) -> str:
    """A measure as a chart's title says it."""
    return _WORDS.get(measure, measure.replace("_", " ").capitalize())


def cells_of(results: Results, measure: str) -> tuple[Cells, ...]:
    """Counts per condition and query of one measure, one table a model; raises ``KeyError`` for an unknown measure."""
    return collapse(columns_of(results, measure))


def columns_of(results: Results, measure: str) -> Columns:
    """One measure of every trial; recall means of all facts of the arm, and is asked once a query."""
    metric = results.measures()[measure]
    reading = dict(metrics.find(metric).MEASURES[measure])
    recall = measure == RECALL
    names = [
        [f"{metric}:{dose.fact}" for dose in condition.doses] if recall else [metric]
        for condition in results.conditions
    ]
    applies = [
        bool(names[number]) and (measure not in _MONITORED_ONLY or condition.tier is Tier.MONITORED)
        for number, condition in enumerate(results.conditions)
    ]

    def value(row: Row) -> int:
        if not applies[row.condition]:
            return DOES_NOT_APPLY
        read = [reading.get(row.values.get(name) or "") for name in names[row.condition]]
        return UNSCORED if None in read else YES if all(read) else NO

    chosen = [
        (number, row)
        for number, model in enumerate(results.models)
        for row in model.rows
        if applies[row.condition] and not (recall and row.replicate)
    ]
    rows = [row for _, row in chosen]
    return Columns(
        models=tuple(model.model.label for model in results.models), conditions=results.conditions,
        queries=results.queries, measures=(measure,),
        model_R=np.array([number for number, _ in chosen], dtype=np.int64),
        condition_R=np.array([row.condition for row in rows], dtype=np.int64),
        query_R=np.array([row.query for row in rows], dtype=np.int64),
        replicate_R=np.array([row.replicate for row in rows], dtype=np.int64),
        value_MR=np.array([[value(row) for row in rows]], dtype=np.int8).reshape(1, len(rows)),
        failed_R=np.array([row.stop is None for row in rows], dtype=np.bool_),
        refused_R=np.array([row.stop in _STOPPED for row in rows], dtype=np.bool_),
    )  # fmt: skip
