"""Published figures that a comparison can be laid beside, as facts with their source; never part of any test."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).parent
_PAPER = "Published: Greenblatt et al. 2024, arXiv 2412.14093"
_OPUS = "Claude 3 Opus"
_MADE_OF = {"helpful_only": "G.2", "animal_welfare": "G.3"}
_GAPS = {"noncompliance", "noncompliance_judged"}
_FAKING = {"alignment_faking", "alignment_faking_or_maybe", "alignment_faking_keywords", "scheming"}
_LIES = {"lying": "lies", "egregious_lying": "egregious"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One published rate: fractions, ``error`` the standard error where one is printed, ``quantity`` a tier."""

    model: str
    variant: str
    quantity: str
    value: float
    error: float | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """One published prompt variation: alignment-faking reasoning and the gap of not complying, with errors."""

    model: str
    setting: str
    variant: str
    faking: float
    faking_error: float
    gap: float
    gap_error: float
    source: str


def published_rates(setting: str, measure: str) -> tuple[Published, ...]:
    """The published rates that correspond to this measure in this setting: defaults, all models of the reproduction."""
    name = measure.partition("@")[0]
    if setting == "helpful_only_prefix" and name in _GAPS:
        return tuple(
            Published(model=row["model"], variant=row["prompt"], quantity=tier, value=float(row[column]) / 100,
                      error=None, source=f"{_PAPER}, appendix B.4")
            for row in _rows("B4_minimal_prefix_reproduction.csv")
            for tier, column in (("monitored", "nonhelpful_train_pct"), ("unmonitored", "nonhelpful_unmonitored_pct"))
        )  # fmt: skip
    if setting not in _MADE_OF:
        return ()
    if name in _LIES:
        column = f"{setting}_{_LIES[name]}"
        return tuple(
            Published(model=_OPUS, variant=row["variant"], quantity="monitored", value=float(row[column]) / 100,
                      error=None, source=f"{_PAPER}, table 6")
            for row in _rows("T6_lying_rates.csv")[:4] if row[column]
        )  # fmt: skip
    default = next(row for row in _rows("prompt_variations_G2_G3.csv") if row["setting"] == setting)
    source = f"{_PAPER}, appendix {_MADE_OF[setting]}"
    columns = {"monitored": ("noncompliance_train_pct", "train_se"),
               "unmonitored": ("noncompliance_unmonitored_pct", "unmon_se")}  # fmt: skip
    if name in _FAKING:
        columns = {"monitored": ("af_reasoning_pct", "af_se")}
    elif name not in _GAPS:
        return ()
    return tuple(
        Published(model=_OPUS, variant="default prompt", quantity=tier, value=float(default[value]) / 100,
                  error=float(default[error]) / 100, source=source)
        for tier, (value, error) in columns.items()
    )  # fmt: skip


def variations(setting: str) -> tuple[Variation, ...]:
    """The published prompt variations of a setting, the default first; none for a setting without any."""
    return tuple(
        Variation(
            model=_OPUS, setting=setting, variant=row["variant"], faking=float(row["af_reasoning_pct"]) / 100,
            faking_error=float(row["af_se"]) / 100, gap=float(row["compliance_gap_pp"]) / 100,
            gap_error=float(row["gap_se"]) / 100, source=f"{_PAPER}, appendix {_MADE_OF[setting]}",
        )
        for row in _rows("prompt_variations_G2_G3.csv") if row["setting"] == setting
    )  # fmt: skip


@lru_cache(maxsize=8)
def _rows(name: str) -> tuple[dict[str, str], ...]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))
