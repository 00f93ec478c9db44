"""From simulated rows to numbers: coverage, width, false claims, each with the Monte Carlo error that it carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks.calibration.covered import FIELDS, Covered

Array = NDArray[np.float64]
AVERAGE, EACH, TYPE_ONE, BOUNDED = 0.93, 0.90, 0.06, 0.95
HELD = ("rate", "difference", "gap", "gap_change", "slope")  # quantities that the bars are set for
_NULL = 1e-9
_TESTABLE = 6  # with fewer queries that differ no p can be .05


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of simulated cases, and its standard error: cases of one simulation are not independent."""

    value: float
    se: float
    cases: int

    def below(self, bar: float) -> bool:
        """Whether it is below the bar by more than chance explains (two standard errors)."""
        return self.value + 2 * self.se < bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One quantity of one measure at one size of one world.

    ``degenerate`` is the share of intervals without width or value; ``worst`` the least coverage of any one row of this
    quantity (``worst_row``); ``bias`` the mean of estimate − truth; ``together`` how often the simultaneous limits hold
    for all rows at once; ``naive`` the coverage of limits that take samples for independent. ``false`` and
    ``any_false`` are false claims among true nulls that could be tested: single p, and any adjusted p of the family.
    """

    world: str
    measure: str
    queries: int
    replicates: int
    quantity: str
    rows: int
    simulations: int
    coverage: Share
    width: float
    degenerate: float
    worst: float
    worst_row: str
    bias: float
    bounds: Share | None
    together: Share | None
    naive: Share | None
    false: Share | None
    any_false: Share | None


def lines(found: Mapping[str, Mapping[str, Covered]]) -> tuple[Line, ...]:
    """Every line, in the order of the worlds and their sizes."""
    every: list[Line] = []
    for world, parts in found.items():
        for name, part in parts.items():
            measure, _, size = name.rpartition("/")
            queries, replicates = map(int, size.split("x"))
            for quantity in dict.fromkeys(part.kinds):
                rows = np.array([kind == quantity for kind in part.kinds])
                every.append(_line(part, rows, world=world, measure=measure, queries=queries, replicates=replicates,
                                   quantity=quantity))  # fmt: skip
    return tuple(every)


def _line(part: Covered, rows: NDArray[np.bool_], **names: object) -> Line:
    value = {field: part.value_SRF[:, rows, place] for place, field in enumerate(FIELDS)}
    truth = part.truth_R[rows]
    low, high = value["low"], value["high"]
    known = ~(np.isnan(low) | np.isnan(high))
    # Limits are kept in single precision; a limit of exactly 0 or 1 covers a truth of 0 or 1.
    inside = known & (low - 1e-6 <= truth) & (truth <= high + 1e-6)
    each = inside.mean(axis=0)
    worst = int(each.argmin())
    labels = [label for label, kept in zip(part.labels, rows, strict=True) if kept]
    error = value["estimate"] - truth
    return Line(
        **names,  # type: ignore[arg-type]
        rows=int(rows.sum()), simulations=len(low), coverage=share(inside, np.ones(inside.shape)),
        width=float(np.nanmean(high - low)), degenerate=float((~known | (high <= low)).mean()),
        worst=float(each[worst]), worst_row=labels[worst], bias=float(np.nanmean(error)),
        bounds=_within(value["possible_low"], value["possible_high"], truth), together=_together(value, truth),
        naive=_within(value["naive_low"], value["naive_high"], truth), **_claims(value, truth),
    )  # fmt: skip


def share(hit: ArrayLike, of: ArrayLike) -> Share:
    """Σ hit / Σ of over simulations × rows, with a standard error clustered by simulation."""
    a, b = (np.asarray(each, dtype=np.float64).sum(axis=1) for each in (hit, of))
    total = float(b.sum())
    if not total:
        return Share(value=float("nan"), se=float("nan"), cases=0)
    value, count = float(a.sum()) / total, len(a)
    spread = float(np.sqrt(((a - value * b) ** 2).sum() * count / max(count - 1, 1))) / total
    # No variety in what was seen: the rule of three's error instead of none.
    return Share(value=value, se=max(spread, 1.5 / count if value in (0.0, 1.0) else 0.0), cases=int(total))


def _within(low: Array, high: Array, truth: Array) -> Share | None:
    if np.isnan(low).all():
        return None
    known = ~np.isnan(low)
    return share(known & (low - 1e-6 <= truth) & (truth <= high + 1e-6), known.astype(np.float64))


def _together(value: Mapping[str, Array], truth: Array) -> Share | None:
    low, high = value["wide_low"], value["wide_high"]
    if np.isnan(low).all() or low.shape[1] < 2:
        return None
    inside = np.isnan(low) | ((low - 1e-6 <= truth) & (truth <= high + 1e-6))
    every = inside.all(axis=1, keepdims=True)
    return share(every, np.ones(every.shape))


def _claims(value: Mapping[str, Array], truth: Array) -> dict[str, Share | None]:
    null = np.abs(truth) < _NULL
    able = null & (value["differ"] >= _TESTABLE) & ~np.isnan(value["p"])
    if not able.any():
        return {"false": None, "any_false": None}
    claimed = able & (value["p_adjusted"] <= 0.05 + 1e-7)
    return {
        "false": share(able & (value["p"] <= 0.05 + 1e-7), able.astype(np.float64)),
        "any_false": share(claimed.any(axis=1, keepdims=True), able.any(axis=1, keepdims=True).astype(np.float64)),
    }
