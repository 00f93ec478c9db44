"""One metric a file, found by its file name; a metric reads one outcome off a sample."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, Protocol, cast

from facts.errors import UnknownName
from runners.case import Case
from runners.request import Request
from runners.score import Score


class Metric(Protocol):
    """What a metric file defines, as module-level names.

    ``KIND``: ``rule`` reads the sample alone; ``probe`` asks the same model again in a fresh call, whatever it
    replied; ``exact`` asks it for probabilities instead of text; ``judge`` asks about what was replied. ``SCOPE``: one
    score a ``sample``, one a ``fact`` of the arm or a ``claim``, which is of a fact whether the arm says it or not
    (both named in ``Score.fact``), or one a ``part`` (named in ``Score.part``). ``MEASURES`` turns classes into 0/1 for
    rates: a class that a measure leaves out is unscored there; those in ``MONITORED_ONLY`` do not exist in the other
    tier.
    ``SETTINGS`` names the settings it can read (empty: all). ``EXAMPLES`` are (reply, expected class) that the tests
    run; for a judge (reply of the model, reply of the judge, expected class or None for unscored).
    """

    TITLE: str
    ABOUT: str
    KIND: Literal["rule", "probe", "judge", "exact"]
    HEURISTIC: bool
    SCOPE: Literal["sample", "fact", "claim", "part"]
    MONITORED_ONLY: tuple[str, ...]
    SETTINGS: tuple[str, ...]
    CLASSES: tuple[str, ...]
    MEASURES: Mapping[str, Mapping[str, bool]]

    def ask(self, case: Case) -> tuple[Request, ...]:
        """Every request that can be named with what is known so far, those answered already included. Pure.

        Asked again as replies come: a question may rest on the reply to another. Without a sample, only what does not
        depend on it.
        """
        ...

    def read(self, case: Case) -> tuple[Score, ...]:
        """The scores of one sample; none where the metric does not apply, as in a tier that it does not read. Pure."""
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
