"""What a comparison's results give, each thing computed once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from dashboard.class_counts import ClassCount, class_counts
from dashboard.effects.cells import Cells
from dashboard.effects.families import Adjustment
from dashboard.measured import columns_of
from dashboard.results import Results
from dashboard.tables import Tables, arm_cells, look_of, tables, until
from facts.catalog import Library

Made = TypeVar("Made")


class Findings:
    """Tables, counts and cells of a comparison; safe to share between sessions, because nothing in it changes.

    Two that ask for the same at once may both compute it, and get the same.
    """

    def __init__(self, results: Results, library: Library, adjust: Adjustment = Adjustment.MAX_T) -> None:
        """Nothing is computed yet. ``adjust`` says how p values are adjusted in every table."""
        self.results, self.library, self.adjust = results, library, adjust
        self._made: dict[tuple[str, str], object] = {}

    def tables(self, measure: str) -> Tables:
        """Rates, gaps and effects of one measure; raises ``KeyError`` for an unknown one."""
        return self.once("tables", measure, lambda: tables(self.results, measure, self.library, self.adjust))

    def cells(self, measure: str) -> tuple[Cells, ...]:
        """Counts per arm and query that the effects of a measure rest on, one table a model."""
        results = self.results

        def made() -> tuple[Cells, ...]:
            return until(arm_cells(results, columns_of(results, measure))[0], results, look_of(results))

        return self.once("cells", measure, made)

    def counts(self, metric: str) -> tuple[ClassCount, ...]:
        """How many samples fell into each class of a metric."""
        return self.once("counts", metric, lambda: class_counts(self.results, metric))

    def once(self, kind: str, name: str, make: Callable[[], Made]) -> Made:
        """What was made under this name, or what ``make`` makes of it now."""
        if (kind, name) not in self._made:
            self._made[kind, name] = make()
        return cast("Made", self._made[kind, name])
