"""One metric a file, found by its file name; a metric reads one outcome off a sample."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal, Protocol, cast

from facts.catalog import Library
from facts.errors import UnknownName
from runners.request import Request
from runners.sample import Outcome, Sample
from runners.score import Score
from runners.trial import Trial


class Metric(Protocol):
    """What a metric file defines, as module-level names.

    ``KIND``: ``rule`` reads the sample alone; ``probe`` asks the same model again in a fresh call; ``judge`` asks
    another model. ``MEASURES`` turns classes into 0/1 for rates: a class that a measure leaves out is unscored there.
    ``SETTINGS`` names the settings it can read (empty: all). ``EXAMPLES`` are (reply text, expected class) pairs that
    the tests run.
    """

    TITLE: str
    ABOUT: str
    KIND: Literal["rule", "probe", "judge"]
    HEURISTIC: bool
    SETTINGS: tuple[str, ...]
    CLASSES: tuple[str, ...]
    MEASURES: Mapping[str, Mapping[str, bool]]

    def ask(self, trial: Trial, library: Library) -> tuple[Request, ...]:
        """Further requests that this metric needs for the trial; empty for a rule."""
        ...

    def read(self, trial: Trial, sample: Sample, replies: Sequence[Outcome], library: Library) -> tuple[Score, ...]:
        """The scores of one sample (usually one; recall gives one per fact), given the outcomes of ``ask``. Pure."""
        ...


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The metrics there are, in alphabetical order."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


@lru_cache(maxsize=64)
def find(name: str) -> Metric:
    """The metric of that name, or ``UnknownName``."""
    if name not in names():
        raise UnknownName("metric", name, names(), "A metric is a file in runners/metrics/.")
    return cast("Metric", importlib.import_module(f"runners.metrics.{name}"))
