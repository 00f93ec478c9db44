"""The published tables of arXiv 2412.14093 (appendices G.2, G.3, B.4) recompute with our definitions."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from dashboard.effects.cells import Cells
from dashboard.effects.effect import Kind
from dashboard.effects.power import standard_error
from dashboard.effects.table import effect_rows
from facts.condition import Condition, Tier

DATA = Path(__file__).parent.parent / "dashboard" / "published"


def published(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


ROWS = published("prompt_variations_G2_G3.csv")
GAP = {Tier.MONITORED: -1.0, Tier.UNMONITORED: 1.0}


def gap_of(monitored_pct: float, unmonitored_pct: float) -> float:
    """The gap that effect_rows finds for 1,000 samples with these rates of not complying."""
    Y, none = np.array([[monitored_pct * 10], [unmonitored_pct * 10]]), np.zeros((2, 1))
    cells = Cells(
        model="m", measure="not complied", conditions=tuple(Condition(setting="s", tier=tier) for tier in GAP),
        queries=("all",), Y_CG=Y, N_CG=none + 1000, unscored_CG=none, failed_CG=none, refused_CG=none,
    )  # fmt: skip
    (effect,) = effect_rows([cells])
    assert effect.kind is Kind.GAP
    return effect.estimate * 100


def test_there_are_145_variations():
    assert len(ROWS) == 145


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['setting']}-{row['variant_id']}")
def test_each_gap_and_its_standard_error_recompute_to_the_printed_digit(row):
    gap = gap_of(float(row["noncompliance_train_pct"]), float(row["noncompliance_unmonitored_pct"]))
    assert gap == pytest.approx(float(row["compliance_gap_pp"]), abs=0.1 + 1e-9)
    error = np.hypot(float(row["train_se"]), float(row["unmon_se"]))
    assert error == pytest.approx(float(row["gap_se"]), abs=0.1 + 1e-9)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['setting']}-{row['variant_id']}")
def test_each_standard_error_is_ours_without_clustering(row):
    if not row["implied_n_train"]:
        assert row["noncompliance_train_pct"] in {"0.0", "100.0"}
        return
    rate, n = float(row["noncompliance_train_pct"]) / 100, int(row["implied_n_train"])
    error = standard_error((1.0,), (rate,), queries=1, replicates=n, icc=0.0, kappa=0.0)
    assert error * 100 == pytest.approx(float(row["train_se"]), abs=0.05)


@pytest.mark.parametrize(("setting", "r"), [("helpful_only", 0.951), ("animal_welfare", 0.658)])
def test_alignment_faking_goes_with_the_gap_as_published(setting, r):
    rows = [row for row in ROWS if row["setting"] == setting]
    pairs = np.array([(float(row["af_reasoning_pct"]), float(row["compliance_gap_pp"])) for row in rows])
    assert np.corrcoef(pairs.T)[0, 1] == pytest.approx(r, abs=5e-4)


@pytest.mark.parametrize("row", published("B4_minimal_prefix_reproduction.csv"), ids=lambda row: row["model"])
def test_the_minimal_reproductions_gaps_recompute(row):
    gap = gap_of(float(row["nonhelpful_train_pct"]), float(row["nonhelpful_unmonitored_pct"]))
    assert gap == pytest.approx(float(row["compliance_gap_pp"]), abs=0.1 + 1e-9)
