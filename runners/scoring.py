"""Reads outcomes off kept samples: a pure function of the comparison and the store, recomputed whenever asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from cache.store import Store
from facts.catalog import Library
from runners import metrics
from runners.comparison import Comparison
from runners.keep import kept
from runners.model import Model
from runners.planning import chosen_metrics, trials
from runners.sample import Failure, Outcome, Sample, Trouble
from runners.score import Score
from runners.trial import Trial

_LOOK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredTrial:
    """A trial, its sample if one is kept (None: not asked yet, or failed), and the scores of each metric."""

    trial: Trial
    sample: Sample | None
    scores: Mapping[str, tuple[Score, ...]]


def scored(comparison: Comparison, library: Library, model: Model, store: Store) -> Iterator[ScoredTrial]:
    """Every trial of one model with what can be read off it now; never calls a model."""
    chosen = [(name, metrics.find(name)) for name in chosen_metrics(comparison, library)]
    source = trials(comparison, library, model)
    while chunk := list(islice(source, _LOOK)):
        probes = {
            (trial.key, name): [request.key for request in metric.ask(trial, library)]
            for trial in chunk for name, metric in chosen
        }  # fmt: skip
        wanted = [trial.key for trial in chunk] + [key for keys in probes.values() for key in keys]
        found = kept(store, wanted)
        for trial in chunk:
            sample = found.get(trial.key)
            scores: dict[str, tuple[Score, ...]] = {}
            for name, metric in chosen:
                replies: list[Outcome] = [found.get(key) or _missing() for key in probes[trial.key, name]]
                if sample is not None:
                    scores[name] = metric.read(trial, sample, replies, library)
            yield ScoredTrial(trial=trial, sample=sample, scores=scores)


def _missing() -> Failure:
    return Failure(trouble=Trouble.STOPPED, message="this question has no kept reply yet", advice="run the comparison")
