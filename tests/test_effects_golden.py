"""The rates and contrasts equal the reference values of tests/data/statistics_golden.json to 1e-8."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard.effects.contrasts import contrast_interval
from dashboard.effects.rates import rate_intervals

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "statistics_golden.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_rates_equal_the_reference(case):
    found = rate_intervals(case["successes"], case["trials"])
    for name in ("icc", "rate", "low", "high", "n_eff"):
        np.testing.assert_allclose(getattr(found, name), case[name], rtol=0, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_contrasts_equal_the_reference(case):
    found = contrast_interval(case["successes"], case["trials"], case["contrast"])
    assert found.queries_used == case["queries_used"]
    assert found.queries_dropped == len(case["successes"][0]) - case["queries_used"]
    np.testing.assert_allclose(
        [found.estimate, found.low, found.high],
        [case["contrast_estimate"], case["contrast_low_unclipped"], case["contrast_high_unclipped"]],
        rtol=0, atol=1e-8,
    )  # fmt: skip


def test_all_zero_and_zero_against_twenty_percent_read_as_the_specification_says():
    ten = np.full((1, 20), 10)
    zero = rate_intervals(0 * ten, ten)
    assert (zero.low[0], round(zero.high[0], 4)) == (0, 0.0578)
    found = contrast_interval(np.repeat([[0], [2]], 20, axis=1), np.repeat(ten, 2, axis=0), [-1, 1])
    assert (round(found.low, 3), round(found.high, 3)) == (0.142, 0.265)
