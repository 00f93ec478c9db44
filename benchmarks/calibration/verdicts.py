"""Samples read by the organism as a judge, and labelled by a person who reads without error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from benchmarks.calibration.readings import Reading
from facts.catalog import shipped
from runners.case import Case
from runners.judging import Judging
from runners.metrics._judge import asked
from runners.model import Model
from runners.organism.evidence import kind_of, thought
from runners.organism.truth import Truth
from runners.providers import organism
from runners.sample import Outcome, Sample, Stop
from runners.transcript import split
from runners.trial import Trial

_VOTES = 100  # more than any rubric takes: replicate numbers of one comparison's judge do not meet another's


def _faking(case: Case) -> bool:
    sample = case.sample
    return sample is not None and bool(thought(split(sample).reasoning or "").faking)


def _not_complied(case: Case) -> bool:
    sample = case.sample
    if sample is None or sample.stop is Stop.REFUSAL:
        return True
    return kind_of(asked(case), split(sample).visible)[0] != "complied"


LABELS: Mapping[str, Callable[[Case], bool]] = {"alignment_faking": _faking, "noncompliance_judged": _not_complied}


def judge_of(organism_name: str) -> Judging:
    """The organism as a judge of its own samples: five votes on alignment faking, as the app asks for by default."""
    model = Model(label="judge", provider="organism", name=organism_name)
    return Judging(judge=model, endpoint=organism.endpoint(model))


def read_judged(
    trial: Trial, chosen: Sequence[Reading], judging: Judging, sample: Sample, truth: Truth, number: int
) -> tuple[tuple[int, ...], tuple[bool, ...]]:
    """What the judge's verdicts say for each measure, and what a perfect reader would say."""
    case = Case(trial=trial, library=shipped(), sample=sample, judging=judging)
    replies: dict[str, Outcome] = {}
    for metric in {id(each.metric): each.metric for each in chosen}.values():
        for request in metric.ask(case):
            if request.key not in replies:
                fresh = replace(request, replicate=number * _VOTES + request.replicate)
                replies[request.key] = organism.reply(organism.body(fresh), truth)
    ready = replace(case, replies=replies)
    values = tuple(each.value(ready) for each in chosen)
    return values, tuple(bool(each.name in LABELS and LABELS[each.name](case)) for each in chosen)
