"""Everything that can be read off a comparison's kept samples now, as columns that effects and pages share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cache.store import Store
from dashboard.fingerprint import Unsure
from dashboard.kept_rows import kept_rows
from dashboard.launch import judges_of, models_of
from dashboard.lazy_rows import LazyRows
from dashboard.opened_files import Came, came_with
from dashboard.row import Row, read_of, wordings_of
from dashboard.row_arrays import RowArrays, row_arrays
from dashboard.table_names import ground
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
    """All trials of one model in the order in which they are planned; ``arrays`` are made of the rows once.

    Going through ``rows`` makes a hundred thousand objects: what arrays can tell is asked of them.
    """

    model: Model
    simulated: bool
    rows: Sequence[Row]
    arrays: RowArrays = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        arrays = self.rows.arrays if isinstance(self.rows, LazyRows) else row_arrays(self.rows)
        object.__setattr__(self, "arrays", arrays)

    @property
    def kept(self) -> int:
        """Trials with a sample."""
        return len(self.rows) - int(self.arrays.missing_R.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A comparison's scores. ``conditions`` and ``queries`` are what the rows' indices point into.

    ``judge`` is whose verdicts the scores are, None where nobody judges; ``judge_simulated`` says that it is no model.
    ``sets`` are the document sets shown, by id, each with what its gates say and whether it is in doubt.
    ``came`` are the opened files that samples came with.
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
    came: tuple[Came, ...] = ()

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


def rows_of(
    items: Iterator[ScoredTrial], conditions: Mapping[Condition, int], queries: Mapping[str, int]
) -> Iterator[Row]:
    """Scored trials as rows that point into conditions and queries."""
    for item in items:
        trial, read = item.trial, read_of(item.sample, item.scores)
        yield Row(
            key=trial.key, condition=conditions[trial.condition], query=queries[trial.query.id],
            replicate=trial.replicate, stop=read.stop, values=read.values, frame=trial.prompt.frame,
            wordings=wordings_of(trial), reply_model=read.reply_model,
        )  # fmt: skip


def load_results(
    comparison: Comparison, library: Library, workspace: Workspace, store: Store, judge: Model | None = None,
    *, derived: bool = True,
) -> Results:  # fmt: skip
    """Score every kept sample of a comparison; calls nothing. Raises ``FactError`` where it cannot be composed.

    The verdicts are the first judge's, or those of ``judge``. What was composed and read before is taken from tables
    in the workspace's index as far as nothing that they rest on has changed; without ``derived`` all is done anew.
    """
    chosen = judge or next(iter(judges_of(comparison, workspace)), None)
    judging = judging_of(comparison, chosen)
    conditions = comparison.conditions()
    queries = queries_of(comparison, library.setting(comparison.setting))
    condition_index = {condition: number for number, condition in enumerate(conditions)}
    query_index = {query.id: number for number, query in enumerate(queries)}

    def rows(model: Model) -> Sequence[Row]:
        if derived:
            try:
                base = ground(comparison, library, model, judging)
            except Unsure:  # such as code that is being edited
                pass
            else:
                return kept_rows(base, store, workspace.root / "index" / "rows", comparison.replicates)
        return tuple(rows_of(scored(comparison, library, model, store, judging), condition_index, query_index))

    found = tuple(
        ModelResults(model=model, simulated=providers.find(model.provider).SIMULATED, rows=rows(model))
        for model in models_of(comparison, workspace)
    )
    return Results(
        came=came_with(workspace, comparison.name, [one.rows for one in found]),
        comparison=comparison, conditions=conditions, queries=tuple(q.id for q in queries),
        groups=tuple(q.group for q in queries), metrics=chosen_metrics(comparison, library),
        sets=tuple((pool.set_id, pool.standing, pool.doubted)
                   for pool in map(library.shelf.find, sorted(comparison.document_sets))),
        judge=chosen, judge_simulated=bool(chosen and providers.find(chosen.provider).SIMULATED),
        models=found,
    )  # fmt: skip
