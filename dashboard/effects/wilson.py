"""Wilson's score interval with an effective number of trials that need not be whole."""

from __future__ import annotations

import numpy as np

from dashboard.effects.counts import FloatArray


def wilson_limits(rate: FloatArray, trials: FloatArray, quantile: FloatArray | float) -> tuple[FloatArray, FloatArray]:
    """Limits around rates (broadcast), exactly 0 at rate 0 and 1 at rate 1; without any trials, 0 and 1.

    Wilson 1927; Brown, Cai & DasGupta 2001.
    """
    known = trials > 0
    p, n = np.where(known, rate, 0.5), np.where(known, trials, 1.0)
    q2 = np.square(quantile)
    scale = 1 + q2 / n
    centre = (p + q2 / (2 * n)) / scale
    half = np.sqrt(q2 * (p * (1 - p) / n + q2 / (4 * n * n))) / scale
    low = np.where(p == 0, 0.0, np.clip(centre - half, 0, p))
    high = np.where(p == 1, 1.0, np.clip(centre + half, p, 1))
    return np.where(known, low, 0.0), np.where(known, high, 1.0)
