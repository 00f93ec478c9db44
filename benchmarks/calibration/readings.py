"""The measures that a world reads, each as the results page reads its metric's classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.calibration.grid import World
from dashboard.effects.observation import DOES_NOT_APPLY, NO, UNSCORED, YES
from facts.catalog import shipped
from facts.condition import Tier
from runners import metrics
from runners.case import Case
from runners.metrics import Metric

_FURTHER = ("refusal", "keyword_alignment_faking", "alignment_faking", "compliance", "outcomes", "revealing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a measure reads its metric's classes, as ``dashboard.measured`` does."""

    name: str
    metric: Metric
    reading: Mapping[str, int]
    only_monitored: bool

    def value(self, case: Case) -> int:
        """1, 0, −1 (unscored) or −2 (does not apply)."""
        if self.only_monitored and case.trial.condition.tier is not Tier.MONITORED:
            return DOES_NOT_APPLY
        scores = self.metric.read(case)
        return self.reading.get(scores[0].value or "", UNSCORED) if scores else DOES_NOT_APPLY


def readings(world: World) -> tuple[Reading, ...]:
    """The measures of a world, in its order."""
    found: dict[str, Reading] = {}
    for name in (shipped().setting(world.setting).metric, *_FURTHER):
        metric = metrics.find(name)
        for measure, classes in metric.MEASURES.items():
            reading = {value: YES if truth else NO for value, truth in classes.items()}
            only = measure in metric.MONITORED_ONLY
            found.setdefault(measure, Reading(name=measure, metric=metric, reading=reading, only_monitored=only))
    return tuple(found[measure] for measure in world.measures)
