"""Simulated comparisons: real prompts, the organism's reply to each request, and the metrics' reading of it."""

# ruff: noqa: N815  (arrays carry axis letters, as fields too)

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration.grid import World
from benchmarks.calibration.readings import Reading, readings
from benchmarks.calibration.verdicts import judge_of, read_judged
from dashboard.effects.observation import DOES_NOT_APPLY
from facts.catalog import shipped
from facts.condition import Condition
from runners.case import Case
from runners.model import Model
from runners.organism import truth as truths
from runners.organism.truth import Truth
from runners.planning import trials
from runners.providers import organism
from runners.sample import Sample, Stop
from runners.trial import Trial

_REPLICATE = re.compile(rb'"replicate":\d+')
_STOPPED = {Stop.REFUSAL, Stop.CONTENT_FILTER}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """Simulations S of one composed comparison with trials T: what every measure M reads off every sample.

    ``value_MST`` holds 1, 0, −1 (unscored) or −2 (does not apply), as ``Columns`` does.
    """

    conditions: tuple[Condition, ...]
    queries: tuple[str, ...]
    measures: tuple[str, ...]
    condition_T: NDArray[np.int64]
    query_T: NDArray[np.int64]
    replicate_T: NDArray[np.int64]
    value_MST: NDArray[np.int8]
    refused_ST: NDArray[np.bool_]
    label_MST: NDArray[np.bool_]  # what a perfect reader says; read in judged worlds only


def simulate(world: World, numbers: Sequence[int], *, seed: int) -> Block:
    """The simulations of these numbers: each asks the same prompts of an organism with effects of its own.

    The comparison is composed with ``seed``. Number k asks ``ORGANISM#k``, whose queries and frames are drawn afresh.
    What else is drawn depends on the request alone, which the simulations share: so each sends replicate numbers of
    its own.
    """
    library = shipped()
    model = Model(label="organism", provider="organism", name=world.organism)
    comparison = world.comparison(seed)
    every = list(trials(comparison, library, model))
    conditions, queries = comparison.conditions(), tuple(dict.fromkeys(trial.query.id for trial in every))
    place = {condition: c for c, condition in enumerate(conditions)}
    where = {query: g for g, query in enumerate(queries)}
    planned = [trial for trial in every if world.needs(where[trial.query.id], trial.replicate)]
    chosen, judge = readings(world), judge_of(world.organism)
    value_MST = np.full((len(chosen), len(numbers), len(planned)), DOES_NOT_APPLY, dtype=np.int8)
    label_MST = np.zeros(value_MST.shape, dtype=np.bool_)
    refused_ST = np.zeros((len(numbers), len(planned)), dtype=np.bool_)
    found = [truths.find(f"{world.organism}#{number}") for number in numbers]
    for t, trial in enumerate(planned):
        read, (before, after) = _reader(trial, chosen), _around_replicate(trial)
        for s, (number, truth) in enumerate(zip(numbers, found, strict=True)):
            replicate = number * comparison.replicates + trial.replicate
            sample = organism.reply(b'%s"replicate":%d%s' % (before, replicate, after), truth)
            refused_ST[s, t] = sample.stop in _STOPPED
            if world.labels:
                value_MST[:, s, t], label_MST[:, s, t] = read_judged(trial, chosen, judge, sample, truth, number)
            else:
                value_MST[:, s, t] = read(sample)
    return Block(
        conditions=conditions, queries=queries, measures=world.measures,
        condition_T=np.array([place[trial.condition] for trial in planned]),
        query_T=np.array([where[trial.query.id] for trial in planned]),
        replicate_T=np.array([trial.replicate for trial in planned]),
        value_MST=value_MST, refused_ST=refused_ST, label_MST=label_MST,
    )  # fmt: skip


def organism_of(world: World) -> Truth:
    """The truth that every simulation of a world shares: rates, slopes and noise."""
    return truths.find(world.organism)


def _reader(trial: Trial, chosen: Sequence[Reading]) -> Callable[[Sample], tuple[int, ...]]:
    """What rules read off a sample of this trial; equal replies are read once."""
    library, known = shipped(), dict[tuple[str, Stop], tuple[int, ...]]()

    def read(sample: Sample) -> tuple[int, ...]:
        key = (sample.text, sample.stop)
        if key not in known:
            known[key] = tuple(each.value(Case(trial=trial, library=library, sample=sample)) for each in chosen)
        return known[key]

    return read


def _around_replicate(trial: Trial) -> tuple[bytes, bytes]:
    pieces = _REPLICATE.split(organism.body(trial.request))
    if len(pieces) != 2:
        raise ValueError("a request's body names its replicate exactly once")
    return pieces[0], pieces[1]
