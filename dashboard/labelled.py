"""People's labels of a comparison's samples: what to label, and what the labels say of the judge in each condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dashboard.effects.agreement import MISSING, Agreement, agreement
from dashboard.effects.corrected import corrected_rates
from dashboard.effects.gold import gold
from dashboard.effects.judges import JudgeQuality, judge_quality
from dashboard.effects.quantity import Quantity, unknown
from dashboard.results import ModelResults, Results
from dashboard.workspace import Workspace
from facts.errors import FactError, UnknownName
from runners import metrics
from runners.labels.draw import Item
from runners.labels.file import Labels
from runners.labels.tally import Tally, tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One condition of one model: the judge's quality among these samples, and the rate corrected for its errors.

    ``raw`` is the judge's rate and ``corrected`` the corrected one, for the population of queries (queries weigh
    equally). ``drawn`` counts the samples drawn for labelling by verdict (yes, no); ``unscored`` those without one.
    """

    model: str
    arm: str
    tier: str
    reasoning: str
    queries: int
    drawn: tuple[int, int]
    unscored: int
    raw: float | None
    corrected: Quantity
    quality: JudgeQuality


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelReport:
    """``left_out`` counts labels that do not enter, by reason; ``agreement`` is between labellers."""

    metric: str
    measure: str
    labellers: tuple[str, ...]
    labels: int
    conditions: tuple[Judged, ...]
    left_out: Mapping[str, int]
    agreement: Agreement


def label_path(workspace: Workspace, comparison: str, metric: str) -> Path:
    """Where the labels of a comparison's metric are kept; raises ``UnknownName`` for what is no metric."""
    metrics.find(metric)
    return workspace.root / "labels" / comparison / f"{metric}.jsonl"


def chosen_measure(metric: str, wanted: str | None) -> tuple[str, Mapping[str, bool]]:
    """The measure and which classes it counts as positive: the one that is wanted, else the metric's first."""
    known = metrics.find(metric).MEASURES
    name = wanted or next(iter(known))
    if name not in known:
        raise UnknownName("measure", name, known, f"These are the measures of {metric}.")
    return name, known[name]


def items_of(results: Results, metric: str, counts: Mapping[str, bool]) -> tuple[Item, ...]:
    """Every sample with a verdict; raises ``FactError`` where the comparison does not use the metric."""
    if metric not in results.metrics:
        raise FactError(
            f"{results.comparison.name} does not read {metric}; it reads {', '.join(results.metrics)}. Add it to "
            "metrics in the comparison and run it again: kept samples are read at no cost"
        )
    return tuple(
        Item(key=row.key, condition=f"{m}/{row.condition}", verdict=counts[value], query=results.queries[row.query])
        for m, model in enumerate(results.models)
        for row in model.rows
        if row.stop is not None and (value := row.values.get(metric)) is not None and value in counts
    )


def label_report(
    results: Results, labels: Labels, *, metric: str, measure: str | None = None, rubric: str = "", seed: int = 0
) -> LabelReport:
    """What the labels say, per model and condition with any verdict; the draws of intervals are seeded."""
    name, counts = chosen_measure(metric, measure)
    items, classes = items_of(results, metric, counts), metrics.find(metric).CLASSES
    found = tally(items, labels, measure=name, counts=counts, classes=classes, rubric=rubric)
    people = tuple(sorted({labeller for given in found.votes.values() for labeller in given}))
    return LabelReport(
        metric=metric, measure=name, labellers=people, labels=sum(map(len, found.votes.values())),
        left_out=found.left_out, agreement=_agreement(items, found, people, classes, seed),
        conditions=tuple(
            judged for m, model in enumerate(results.models)
            for judged in _judged(results, m, model, items, found, metric, counts, seed)
        ),
    )  # fmt: skip


def _judged(
    results: Results, m: int, model: ModelResults, items: tuple[Item, ...], found: Tally, metric: str,
    counts: Mapping[str, bool], seed: int,
) -> list[Judged]:  # fmt: skip
    place = {f"{m}/{number}": number for number in range(len(results.conditions))}
    query = {name: g for g, name in enumerate(results.queries)}
    verdicts, labelled, positive = np.zeros((3, len(place), 2, len(query)))
    for item in items:
        if item.condition in place:
            verdicts[place[item.condition], int(not item.verdict), query[item.query]] += 1
    for item, truth in found.truths:
        if item.condition in place:
            at = place[item.condition], int(not item.verdict), query[item.query]
            labelled[at] += 1
            positive[at] += truth
    used = np.flatnonzero(verdicts.sum(axis=(1, 2)))
    if not len(used):
        return []
    table = gold(verdicts[used, 0], verdicts[used].sum(axis=1), labelled[used], positive[used])
    rates, qualities = corrected_rates(table), judge_quality(table, seed=seed)
    unscored = [0] * len(place)
    for row in model.rows:
        value = row.values.get(metric)
        unscored[row.condition] += row.stop is not None and (value is None or value not in counts)
    rows: list[Judged] = []
    for c, number in enumerate(map(int, used)):
        condition, rate = results.conditions[number], float(rates.rate[c])
        limits = {"low": float(rates.low[c]), "high": float(rates.high[c])}
        why = qualities[c].corrected.reason
        rows.append(Judged(
            model=model.model.label, arm=condition.arm, tier=condition.tier.value, reasoning=condition.reasoning.value,
            queries=int((table.scored_CG[c] > 0).sum()), unscored=unscored[number],
            drawn=(found.drawn.get((f"{m}/{number}", True), 0), found.drawn.get((f"{m}/{number}", False), 0)),
            raw=float(rates.raw[c]), quality=qualities[c],
            corrected=Quantity(value=None if why else rate, reason=why, **limits),
        ))  # fmt: skip
    return rows


def _agreement(
    items: tuple[Item, ...], found: Tally, people: tuple[str, ...], classes: tuple[str, ...], seed: int
) -> Agreement:
    queries: dict[str, int] = {}
    query = {item.key: queries.setdefault(item.query, len(queries)) for item in items}
    keys = list(found.votes)
    if len(people) < 2:
        nothing = unknown("fewer than two people have labelled")
        return Agreement(raters=len(people), samples=0, queries=0, percent=nothing, kappa=nothing, alpha=nothing)
    code = {name: number for number, name in enumerate(classes)}
    ratings = [[code[found.votes[key][name]] if name in found.votes[key] else MISSING for key in keys]
               for name in people]  # fmt: skip
    return agreement(np.array(ratings), np.array([query[key] for key in keys]), seed=seed)
