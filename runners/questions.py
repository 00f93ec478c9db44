"""What a comparison asks about each sample: every metric with its judge, and what they want to know next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from facts.catalog import Library
from runners import metrics, providers
from runners.case import Case
from runners.comparison import Comparison
from runners.judging import NOBODY, Judging
from runners.metrics import Metric
from runners.model import Model
from runners.planning import chosen_metrics
from runners.request import Request
from runners.sample import Outcome, Sample
from runners.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One metric under one judge."""

    name: str
    metric: Metric
    judging: Judging

    @property
    def asks(self) -> bool:
        """Whether it asks anything at all."""
        return self.metric.KIND != "rule"

    def case(
        self, trial: Trial, library: Library, sample: Sample | None = None, replies: Mapping[str, Outcome] | None = None
    ) -> Case:
        """The sample in front of this reader."""
        return Case(trial=trial, library=library, sample=sample, judging=self.judging, replies=replies or {})


def readers(comparison: Comparison, library: Library, judging: Iterable[Judging]) -> tuple[Reader, ...]:
    """Every metric of the comparison, those that judge once for each judge."""
    found: list[Reader] = []
    for name in chosen_metrics(comparison, library):
        metric = metrics.find(name)
        each = tuple(judging) if metric.KIND == "judge" else (NOBODY,)
        found += [Reader(name=name, metric=metric, judging=one) for one in each]
    return tuple(found)


def address(model: Model) -> tuple[str, str, str]:
    """What a request says of the model that it goes to: provider, endpoint, name."""
    return model.provider, providers.find(model.provider).endpoint(model), model.name


def judged(comparison: Comparison, library: Library) -> bool:
    """Whether any metric asks about what was replied, so that not every request can be named beforehand."""
    return any(metrics.find(name).KIND == "judge" for name in chosen_metrics(comparison, library))


def for_subject(request: Request, trial: Trial) -> bool:
    """Whether a request goes to the model under test: it bears the trial's own system text."""
    return request.system == trial.request.system


def wanted(
    trial: Trial, library: Library, using: Iterable[Reader], sample: Sample | None, replies: Mapping[str, Outcome]
) -> dict[str, Request]:
    """Every request that the readers can name now, by key, in their order."""
    found: dict[str, Request] = {}
    for reader in using:
        if reader.asks:
            for request in reader.metric.ask(reader.case(trial, library, sample, replies)):
                found.setdefault(request.key, request)
    return found


def gather(
    trials: Sequence[Trial], library: Library, using: Sequence[Reader], samples: Mapping[str, Sample],
    look: Callable[[Sequence[str]], Mapping[str, Sample]],
    note: Callable[[Trial, Mapping[str, Request]], None] | None = None,
) -> dict[str, Outcome]:  # fmt: skip
    """Every reply that ``look`` finds to what the readers ask about these trials, question after question.

    ``samples`` are the trials' own, by key. What is not found stays away and ends that chain of questions. ``note`` is
    told of each trial everything that was asked, answered or not, by key; the last time counts.
    """
    replies: dict[str, Outcome] = {}
    asking = [reader for reader in using if reader.asks]
    sought: set[str] = set()
    left: Sequence[Trial] = trials if asking else ()
    while left:
        fresh: dict[str, None] = {}
        going: list[Trial] = []
        for trial in left:
            asked = wanted(trial, library, asking, samples.get(trial.key), replies)
            if note:
                note(trial, asked)
            keys = [key for key in asked if key not in sought]
            fresh.update(dict.fromkeys(keys))
            if keys:
                going.append(trial)
        sought.update(fresh)
        replies.update(look(list(fresh)) if fresh else {})
        left = going
    return replies
