"""Reads outcomes off kept samples: a pure function of the comparison and the store, recomputed whenever asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from cache.store import Store
from facts.catalog import Library
from runners.comparison import Comparison
from runners.judging import NOBODY, Judging
from runners.keep import kept
from runners.model import Model
from runners.planning import trials
from runners.questions import Reader, gather, readers
from runners.sample import Outcome, Sample
from runners.score import Score
from runners.trial import Trial

_LOOK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredTrial:
    """A trial, its sample if one is kept (None: not asked yet, or failed), and the scores of each metric."""

    trial: Trial
    sample: Sample | None
    scores: Mapping[str, tuple[Score, ...]]


def scored(
    comparison: Comparison, library: Library, model: Model, store: Store, judging: Judging = NOBODY
) -> Iterator[ScoredTrial]:
    """Every trial of one model with what can be read off it now, under one judge; never calls a model."""
    using = readers(comparison, library, (judging,))
    source = trials(comparison, library, model)
    while chunk := list(islice(source, _LOOK)):
        samples = kept(store, [trial.key for trial in chunk])
        replies = gather(chunk, library, using, samples, lambda keys: kept(store, keys))
        for trial in chunk:
            sample = samples.get(trial.key)
            scores = read_all(trial, library, using, sample, replies) if sample else {}
            yield ScoredTrial(trial=trial, sample=sample, scores=scores)


def read_all(
    trial: Trial, library: Library, using: Sequence[Reader], sample: Sample, replies: Mapping[str, Outcome]
) -> dict[str, tuple[Score, ...]]:
    """The scores of each metric for one sample."""
    return {reader.name: reader.metric.read(reader.case(trial, library, sample, replies)) for reader in using}
