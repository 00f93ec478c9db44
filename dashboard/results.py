"""Everything that can be read off a comparison's kept samples now, as columns that effects and pages share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cache.store import Store
from dashboard.launch import judges_of, models_of
from dashboard.row import Row
from dashboard.row_arrays import RowArrays, row_arrays
from dashboard.workspace import Workspace
from facts.catalog import Library
from facts.condition import Condition
from runners import metrics, providers
from runners.comparison import Comparison
from runners.judging import judging_of
from runners.model import Model
from runners.planning import chosen_metrics, queries_of
from runners.scoring import ScoredTrial, scored


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelResults:
    """All trials of one model in the order in which they are planned; ``arrays`` are made of the rows once."""

    model: Model
    simulated: bool
    rows: tuple[Row, ...]
    arrays: RowArrays = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "arrays", row_arrays(self.rows))

    @property
    def kept(self) -> int:
        """Trials with a sample."""
        return sum(row.stop is not None for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A comparison's scores. ``conditions`` and ``queries`` are what the rows' indices point into.

    ``judge`` is whose verdicts the scores are, None where nobody judges; ``judge_simulated`` says that it is no model.
    ``sets`` are the document sets shown, by id, each with what its gates say and whether it is in doubt.
    """

    comparison: Comparison
    conditions: tuple[Condition, ...]
    queries: tuple[str, ...]
    groups: tuple[str, ...]
    metrics: tuple[str, ...]
    models: tuple[ModelResults, ...]
    judge: Model | None = None
    judge_simulated: bool = False
    sets: tuple[tuple[str, str, bool], ...] = ()

    @property
    def planned(self) -> int:
        """Trials of all models."""
        return sum(len(model.rows) for model in self.models)

    @property
    def kept(self) -> int:
        """Trials with a sample."""
        return sum(model.kept for model in self.models)

    @property
    def simulated(self) -> bool:
        """Whether any of it is simulated."""
        return self.judge_simulated or any(model.simulated for model in self.models)

    @property
    def interim(self) -> bool:
        """Whether samples are still missing: charts are then interim, not a test."""
        return self.kept < self.planned

    def measures(self) -> dict[str, str]:
        """The measures that the metrics give, each with the metric that gives it; the first metric wins a name.

        Questions that are put under several conditions of their own give one measure each: ``MEASURE@AUDIENCE``,
        and what is asked about each of several facts, said or not, one a fact: ``MEASURE@FACT``.
        """
        found: dict[str, str] = {}
        for name in self.metrics:
            metric = metrics.find(name)
            several = {"part": self.comparison.audiences, "claim": self.comparison.facts}.get(metric.SCOPE, ())
            alone = metric.SCOPE == "claim" and len(several) == 1
            groups = [""] if alone or not several else [f"@{one}" for one in several]
            for measure in metric.MEASURES:
                for group in groups:
                    found.setdefault(f"{measure}{group}", name)
        return found


def _values(item: ScoredTrial) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    for name, scores in item.scores.items():
        for score in scores:
            key = f"{name}:{score.fact}" if score.fact else f"{name}/{score.part}" if score.part else name
            values[key] = score.value
    return values


def rows_of(
    items: Iterator[ScoredTrial], conditions: Mapping[Condition, int], queries: Mapping[str, int]
) -> Iterator[Row]:
    """Scored trials as rows that point into conditions and queries."""
    for item in items:
        trial, sample = item.trial, item.sample
        first = {span.fact: span.wording for span in reversed(trial.prompt.spans)}
        yield Row(
            key=trial.key, condition=conditions[trial.condition], query=queries[trial.query.id],
            replicate=trial.replicate, stop=sample.stop if sample else None, values=_values(item),
            frame=trial.prompt.frame, wordings=tuple(first.get(fact, -1) for fact in trial.facts),
            reply_model=sample.model if sample else None,
        )  # fmt: skip


def load_results(
    comparison: Comparison, library: Library, workspace: Workspace, store: Store, judge: Model | None = None
) -> Results:
    """Score every kept sample of a comparison; calls nothing. Raises ``FactError`` where it cannot be composed.

    The verdicts are the first judge's, or those of ``judge``.
    """
    chosen = judge or next(iter(judges_of(comparison, workspace)), None)
    judging = judging_of(comparison, chosen)
    conditions = comparison.conditions()
    queries = queries_of(comparison, library.setting(comparison.setting))
    condition_index = {condition: number for number, condition in enumerate(conditions)}
    query_index = {query.id: number for number, query in enumerate(queries)}
    return Results(
        comparison=comparison, conditions=conditions, queries=tuple(q.id for q in queries),
        groups=tuple(q.group for q in queries), metrics=chosen_metrics(comparison, library),
        sets=tuple((pool.set_id, pool.standing, pool.doubted)
                   for pool in map(library.shelf.find, sorted(comparison.document_sets))),
        judge=chosen, judge_simulated=bool(chosen and providers.find(chosen.provider).SIMULATED),
        models=tuple(
            ModelResults(
                model=model, simulated=providers.find(model.provider).SIMULATED,
                rows=tuple(rows_of(scored(comparison, library, model, store, judging), condition_index, query_index)),
            )
            for model in models_of(comparison, workspace)
        ),
    )  # fmt: skip
