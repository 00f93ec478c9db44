"""What a planned run could detect, and what more queries or more replicates would buy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special  # pyright: ignore[reportMissingTypeStubs]  # scipy ships none

from dashboard.effects.quantiles import t_quantile

# Until a pilot replaces them (statistics.md): how alike a query's samples are, and how alike a query is in two arms.
ICC = 0.2
KAPPA = 0.7
_STEPS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A contrast, the rates expected without an effect, and how an effect of 1 would move each rate.

    ``weights`` · ``moved`` must be 1, so that the contrast of the moved rates is the effect.
    """

    weights: tuple[float, ...]
    rates: tuple[float, ...]
    moved: tuple[float, ...]

    def __post_init__(self) -> None:
        if not len(self.weights) == len(self.rates) == len(self.moved) > 0:
            raise ValueError("a scenario needs as many weights as rates and movements")
        if not all(0 <= rate <= 1 for rate in self.rates):
            raise ValueError(f"rates are fractions from 0 to 1, got {list(self.rates)}")
        if abs(float(np.dot(self.weights, self.moved)) - 1) > 1e-9:
            raise ValueError("weights · moved must be 1: an effect of 1 moves the contrast by 1")

    @property
    def most(self) -> float:
        """The largest effect that keeps every rate within 0–1."""
        room = [((1 - p) if v > 0 else p) / abs(v) for p, v in zip(self.rates, self.moved, strict=True) if v]
        return min(room)

    def at(self, effect: float) -> tuple[float, ...]:
        """The rates under that effect."""
        return tuple(min(max(p + effect * v, 0.0), 1.0) for p, v in zip(self.rates, self.moved, strict=True))


def difference(rate: float, *, falling: bool = False) -> Scenario:
    """A fact that raises (or lowers) a rate from its baseline."""
    sign = -1.0 if falling else 1.0
    return Scenario(weights=(-sign, sign), rates=(rate, rate), moved=(0.0, sign))


def gap_change(monitored: float, unmonitored: float) -> Scenario:
    """A fact that widens the gap by raising the unmonitored rate; both baseline rates are given."""
    return Scenario(
        weights=(1.0, -1.0, -1.0, 1.0),
        rates=(monitored, unmonitored, monitored, unmonitored),
        moved=(0.0, 0.0, 0.0, 1.0),
    )


def standard_error(
    weights: tuple[float, ...], rates: tuple[float, ...], *, queries: int, replicates: int,
    icc: float = ICC, kappa: float = KAPPA,
) -> float:  # fmt: skip
    """SE² = [Σ_ij c_i c_j s_i s_j ICC κ_ij + Σ c_i² p_i(1−p_i)(1−ICC)/n]/G, with κ 1 on the diagonal."""
    if queries < 1 or replicates < 1:
        raise ValueError("a run needs at least one query and one replicate")
    c, p = np.asarray(weights), np.asarray(rates)
    variance = p * (1 - p)
    spread = c * np.sqrt(variance)
    across = icc * (kappa * float(spread.sum()) ** 2 + (1 - kappa) * float((spread**2).sum()))
    within = float((c**2 * variance).sum()) * (1 - icc) / replicates
    return float(np.sqrt((across + within) / queries))


def power(
    scenario: Scenario, effect: float, *, queries: int, replicates: int,
    icc: float = ICC, kappa: float = KAPPA, alpha: float = 0.05,
) -> float:  # fmt: skip
    """The chance that a two-sided test at ``alpha`` finds the effect, by the non-central t with G − 1 df.

    0 with one query, which allows no test. The formula overstates by up to .22 at one replicate; simulate before
    spending.
    """
    if queries < 2:
        return 0.0
    error = standard_error(scenario.weights, scenario.at(effect), queries=queries, replicates=replicates,
                           icc=icc, kappa=kappa)  # fmt: skip
    if error == 0:
        return 1.0 if effect else alpha
    shift, df = abs(effect) / error, queries - 1
    critical = float(t_quantile(1 - alpha / 2, df))
    return 1 - _noncentral_t(df, shift, critical) + _noncentral_t(df, shift, -critical)


def _noncentral_t(df: int, shift: float, t: float) -> float:
    """P(T ≤ t); scipy answers NaN where that is 0 to double precision."""
    return float(np.nan_to_num(special.nctdtr(df, shift, t), nan=0.0))


def minimum_detectable(
    scenario: Scenario, *, queries: int, replicates: int,
    icc: float = ICC, kappa: float = KAPPA, alpha: float = 0.05, wanted: float = 0.8,
) -> float | None:  # fmt: skip
    """The smallest effect (a fraction) found with the wanted power; ``None`` if even the largest possible is not."""

    def enough(effect: float) -> bool:
        return power(scenario, effect, queries=queries, replicates=replicates,
                     icc=icc, kappa=kappa, alpha=alpha) >= wanted  # fmt: skip

    grid = np.linspace(0, scenario.most, _STEPS + 1)[1:]
    first = next((index for index, effect in enumerate(grid) if enough(float(effect))), None)
    if first is None:
        return None
    low, high = (0.0 if first == 0 else float(grid[first - 1])), float(grid[first])
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def queries_needed(
    scenario: Scenario, effect: float, *, replicates: int,
    icc: float = ICC, kappa: float = KAPPA, alpha: float = 0.05, wanted: float = 0.8, most: int = 100_000,
) -> int | None:  # fmt: skip
    """The fewest queries that find the effect with the wanted power; ``None`` above ``most``."""

    def enough(queries: int) -> bool:
        return power(scenario, effect, queries=queries, replicates=replicates,
                     icc=icc, kappa=kappa, alpha=alpha) >= wanted  # fmt: skip

    if not enough(most):
        return None
    low, high = 1, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A size of run and what it detects; ``samples`` counts the scenario's conditions only."""

    queries: int
    replicates: int
    samples: int
    detects: float | None


def what_more_buys(
    scenario: Scenario, *, queries: int, replicates: int, more_queries: tuple[int, ...] = (10, 20, 50, 100),
    more_replicates: tuple[int, ...] = (5, 10, 20), icc: float = ICC, kappa: float = KAPPA, alpha: float = 0.05,
) -> tuple[Purchase, ...]:  # fmt: skip
    """The planned run first, then with more queries, then with more replicates: more queries nearly always win."""
    sizes = [(queries, replicates)]
    sizes += [(queries + more, replicates) for more in more_queries]
    sizes += [(queries, replicates + more) for more in more_replicates]
    return tuple(
        Purchase(
            queries=g, replicates=n, samples=g * n * len(scenario.weights),
            detects=minimum_detectable(scenario, queries=g, replicates=n, icc=icc, kappa=kappa, alpha=alpha),
        )
        for g, n in sizes
    )  # fmt: skip
