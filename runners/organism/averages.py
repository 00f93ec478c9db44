"""Rates averaged over random effects in log-odds, and the log-odds that make such an average what it should be."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

_POINTS = 41
_SURE = 36.0  # log-odds beyond which a double is 1


@lru_cache(maxsize=4096)
def intercept(rate: float, spread: float, odd: float = 0.0, odd_effect: float = 0.0) -> float:
    """The log-odds around which random effects give the rate on average; see :func:`average` for the effects."""
    if rate <= 0 or rate >= 1:
        return -math.inf if rate <= 0 else math.inf
    low, high = -30.0, 30.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if average(middle, spread, odd, odd_effect) < rate else (low, middle)
    return (low + high) / 2


def average(log_odds: float, spread: float, odd: float = 0.0, odd_effect: float = 0.0) -> float:
    """The mean rate over normal random effects of standard deviation ``spread``, by Gauss–Hermite quadrature.

    A share ``odd`` of them is moved besides, half by plus and half by minus ``odd_effect``.
    """
    if math.isinf(log_odds):
        return float(log_odds > 0)
    usual = _mean(log_odds, spread)
    if not odd or not odd_effect:
        return usual
    moved = (_mean(log_odds + odd_effect, spread) + _mean(log_odds - odd_effect, spread)) / 2
    return (1 - odd) * usual + odd * moved


def _mean(log_odds: float, spread: float) -> float:
    points, weights = quadrature()
    return float(np.sum(weights * shares(log_odds + spread * points)))


def shares(log_odds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The probability that goes with each log-odds."""
    return 1 / (1 + np.exp(-np.clip(log_odds, -_SURE, _SURE)))


def share(log_odds: float) -> float:
    """The probability that goes with log-odds, infinite ones included."""
    return 1 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0


@lru_cache(maxsize=1)
def quadrature() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Points and weights that average a function over a standard normal variable."""
    points, weights = np.polynomial.hermite_e.hermegauss(_POINTS)
    return points, weights / np.sum(weights)
