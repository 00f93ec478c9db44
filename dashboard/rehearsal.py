"""Rehearses a planned comparison on the simulated organism, with the actual design, readers and tests: before spending.

SIMULATED throughout: it says what a design would find if the world were as the organism's truth has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dashboard.effects.cells import collapse
from dashboard.effects.effect import Effect
from dashboard.effects.families import Adjustment
from dashboard.effects.table import effect_rows
from dashboard.measured import columns_of
from dashboard.results import ModelResults, Results, rows_of
from facts.catalog import Library
from runners import metrics
from runners.comparison import Comparison
from runners.judging import Judging, judging_of
from runners.model import Model
from runners.model_spec import model_of_spec
from runners.organism import truth as truths
from runners.organism.truth import Truth
from runners.planning import chosen_metrics, queries_of, trials
from runners.providers import organism
from runners.questions import Reader, readers, wanted
from runners.request import Request
from runners.sample import Sample
from runners.scoring import ScoredTrial, read_all
from runners.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What became of one effect over ``simulations`` simulated comparisons: how often its test was passed, alone and
    adjusted for its family, the mean estimate, and how often no test could have been passed.
    """

    kind: str
    arm: str
    against: str
    tier: str
    simulations: int
    found: float
    found_adjusted: float
    mean_estimate: float | None
    no_test: float


def rehearse(
    comparison: Comparison, library: Library, measure: str, *, name: str = "paper_like", simulations: int = 100,
    seed: int = 0, adjust: Adjustment = Adjustment.MAX_T,
) -> Iterator[tuple[Rehearsed, ...]]:  # fmt: skip
    """The tally after each simulated comparison, so that a caller can show progress and stop.

    Each simulation draws a fresh organism ``name#k``: new effects of queries and frames, the same truth about facts.
    Judges are simulated too, with that truth's errors. Raises ``UnknownName`` for an organism or ``KeyError`` for a
    measure that there is not.
    """
    model = model_of_spec(f"organism/{name}")
    assert model is not None  # noqa: S101  (the spec has its form)
    planned = tuple(trials(comparison, library, model))
    judging = judging_of(comparison, model)
    metric = next((one for one in chosen_metrics(comparison, library)
                   if measure.partition("@")[0] in metrics.find(one).MEASURES), "")  # fmt: skip
    using = [reader for reader in readers(comparison, library, (judging,)) if reader.name == metric]
    found: Counter[tuple[str, ...]] = Counter()
    adjusted: Counter[tuple[str, ...]] = Counter()
    untested: Counter[tuple[str, ...]] = Counter()
    sums: dict[tuple[str, ...], list[float]] = {}
    for number in range(simulations):
        truth = truths.find(f"{name}#{seed * 100_003 + number + 1}")
        results = _simulated(comparison, library, model, planned, using, judging, truth)
        for effect in effect_rows(collapse(columns_of(results, measure)), adjust=adjust, seed=comparison.seed):
            key = _key(effect)
            values = sums.setdefault(key, [])
            if effect.estimate is not None:
                values.append(effect.estimate)
            testable = effect.p is not None and not effect.why
            untested[key] += not testable
            found[key] += testable and effect.p is not None and effect.p <= effect.alpha
            adjusted[key] += effect.shown
        done = number + 1
        yield tuple(
            Rehearsed(
                kind=key[0], arm=key[1], against=key[2], tier=key[3], simulations=done, found=found[key] / done,
                found_adjusted=adjusted[key] / done, mean_estimate=sum(values) / len(values) if values else None,
                no_test=untested[key] / done,
            )
            for key, values in sums.items()
        )  # fmt: skip


def _key(effect: Effect) -> tuple[str, ...]:
    return effect.kind.value, effect.arm, effect.against.value, effect.tier.value if effect.tier else ""


def _simulated(
    comparison: Comparison, library: Library, model: Model, planned: Sequence[Trial], using: Sequence[Reader],
    judging: Judging, truth: Truth,
) -> Results:  # fmt: skip
    samples = {trial.key: _reply(trial.request, truth) for trial in planned}
    asking = [reader for reader in using if reader.asks]
    items: list[ScoredTrial] = []
    for trial in planned:
        known: dict[str, Sample] = {}
        sample = samples[trial.key]
        while fresh := {key: request for key, request in wanted(trial, library, asking, sample, known).items()
                        if key not in known}:  # fmt: skip
            known |= {key: _reply(request, truth) for key, request in fresh.items()}
        scores = read_all(trial, library, using, sample, known)
        items.append(ScoredTrial(trial=trial, sample=sample, scores=scores))
    conditions = comparison.conditions()
    queries = queries_of(comparison, library.setting(comparison.setting))
    rows = rows_of(iter(items), {c: n for n, c in enumerate(conditions)}, {q.id: n for n, q in enumerate(queries)})
    return Results(
        comparison=comparison, conditions=conditions, queries=tuple(q.id for q in queries),
        groups=tuple(q.group for q in queries), metrics=tuple(reader.name for reader in using),
        models=(ModelResults(model=model, simulated=True, rows=tuple(rows)),), judge=judging.judge,
        judge_simulated=True,
    )  # fmt: skip


def _reply(request: Request, truth: Truth) -> Sample:
    return organism.reply(organism.body(request), truth)
