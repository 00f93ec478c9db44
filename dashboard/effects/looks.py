"""Looks set before launch: when a running comparison may be tested, and how small p must then be.

Looking at every chance rejects a true null a quarter of the time. O'Brien & Fleming's (1979) boundaries hold the level
over all looks together, and ask little more of the last one than a test without looks.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special  # pyright: ignore[reportMissingTypeStubs]  # scipy ships none

from dashboard.effects.cells import Cells
from dashboard.effects.counts import FloatArray
from dashboard.effects.sign_flips import ALPHA, RANDOM_FLIPS, least_p

MOST_FLIPS = 200_000  # enough for the first of five looks; more would take seconds and hundreds of megabytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One of ``of`` looks, on the first ``queries`` of ``planned``: the run may stop there if p ≤ ``p`` (two-sided).

    ``z`` is the same boundary on the scale of a normal statistic.
    """

    number: int
    of: int
    queries: int
    planned: int
    z: float
    p: float

    @property
    def flips(self) -> int:
        """How many random sign flips to draw: four times what p at the boundary needs, within bounds."""
        return max(RANDOM_FLIPS, min(MOST_FLIPS, math.ceil(4 / self.p)))

    @property
    def reachable(self) -> bool:
        """Whether any data could stop the run here, by a sign-flip test on that many queries with ``flips``."""
        return least_p(self.queries, self.flips) <= self.p

    def stops(self, p: float | None) -> bool:
        """Whether that p (adjusted for its family, if it has one) is small enough; never without a test."""
        return p is not None and p <= self.p

    @property
    def words(self) -> str:
        """What this look asks, or that it cannot stop the run."""
        where = f"look {self.number} of {self.of} on {self.queries} of {self.planned} queries"
        if self.reachable:
            return f"{where}: p must be ≤ {short_p(self.p)}"
        least = short_p(least_p(self.queries, self.flips))
        return f"{where} cannot stop the run: p must be ≤ {short_p(self.p)}, and no data give less than {least}"


def plan_looks(queries: int, looks: int, *, alpha: float = ALPHA) -> tuple[Look, ...]:
    """Looks after equal numbers of complete queries (rounded up), the last at the end.

    The boundaries are for the queries at which the looks really happen. Raises ``ValueError`` unless
    1 ≤ ``looks`` ≤ ``queries`` and 0 < ``alpha`` < 1.
    """
    if not 1 <= looks <= queries:
        raise ValueError(f"{looks} looks at {queries} queries: choose 1 to {queries} looks")
    at = [-(-number * queries // looks) for number in range(1, looks + 1)]
    z = obrien_fleming([count / queries for count in at], alpha=alpha)
    return tuple(
        Look(number=number, of=looks, queries=count, planned=queries, z=float(edge), p=2 * float(special.ndtr(-edge)))
        for number, (count, edge) in enumerate(zip(at, z, strict=True), start=1)
    )


def look_at(complete_queries: int, plan: Iterable[Look]) -> Look | None:
    """The last look that this many complete queries reach; ``None`` before the first."""
    reached = [look for look in plan if look.queries <= complete_queries]
    return max(reached, key=lambda look: look.queries, default=None)


def complete_prefix(asked: Sequence[str], complete: Container[str]) -> int:
    """How many queries, in the order asked, are complete before the first that is not."""
    return next((place for place, query in enumerate(asked) if query not in complete), len(asked))


def first_queries(cells: Cells, asked: Sequence[str], count: int) -> Cells:
    """The cells of the first ``count`` queries in the order asked, as they were when the look was due."""
    chosen = set(asked[:count])
    kept = np.array([query in chosen for query in cells.queries], dtype=np.bool_)
    return replace(
        cells, queries=tuple(query for query in cells.queries if query in chosen), Y_CG=cells.Y_CG[:, kept],
        N_CG=cells.N_CG[:, kept], unscored_CG=cells.unscored_CG[:, kept], failed_CG=cells.failed_CG[:, kept],
        refused_CG=cells.refused_CG[:, kept],
    )  # fmt: skip


def obrien_fleming(information: Sequence[float], *, alpha: float = ALPHA) -> tuple[float, ...]:
    """Boundaries |z| per look, C/√t, that a Brownian path under the null crosses with probability ``alpha``.

    ``information`` is the share t of all queries seen at each look, rising to 1. C by bisection over the recursive
    integration of Armitage, McPherson & Rowe (1969), to 1e-6.
    """
    t = np.asarray(information, dtype=np.float64)
    if not (0 < alpha < 1 and len(t) and t[0] > 0 and (np.diff(t) > 0).all() and abs(t[-1] - 1) < 1e-12):
        raise ValueError("looks need a level between 0 and 1 and shares of the queries that rise to 1")
    # One look needs the first; a path that is watched all the time ends up there half of the time (reflection).
    low, high = float(special.ndtri(1 - alpha / 2)), float(special.ndtri(1 - alpha / 4))
    steps = np.sqrt(np.diff(t, prepend=0.0))
    nodes, weights = np.polynomial.legendre.leggauss(max(40, int(10 * high / float(steps.min()))))
    while high - low > 1e-7:
        middle = (low + high) / 2
        crossed = _crossed(nodes * middle, weights * middle, steps)
        low, high = (middle, high) if crossed > alpha else (low, middle)
    return tuple((high / np.sqrt(t)).tolist())  # high, so that the level is not passed in the last digit


def _crossed(nodes: FloatArray, weights: FloatArray, steps: FloatArray) -> float:
    """The chance that a Brownian path leaves the nodes' interval at any look: on its scale the boundary is flat."""
    density, kernel, of = _normal(nodes / steps[0]) / steps[0], np.empty(0), 0.0
    for step in steps[1:].tolist():
        if abs(step - of) > 1e-12:
            kernel, of = _normal((nodes[:, None] - nodes) / step) / step, step
        density = kernel @ (weights * density)
    return 1 - float(weights @ density)


def _normal(z: FloatArray) -> FloatArray:
    return np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)


def short_p(p: float) -> str:
    """A p as a sentence shows it: two digits that matter, no leading zero."""
    if p < 0.0001:
        return f"{p:.1e}".replace("e-0", "e-")
    return f"{p:.{3 if p >= 0.1 else 4}f}".replace("0.", ".", 1)
