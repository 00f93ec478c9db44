"""What a set is held to, read from thresholds.toml."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from facts.parse import Strict, parse_toml, read_text

_FILE = Path(__file__).with_name("thresholds.toml")


class Leakage(Strict):
    """Overlap with queries."""

    words: int
    worst: int


class Fingerprint(Strict):
    """The classifier between arms."""

    low: float
    high: float
    pairs: int
    least: int
    folds: int
    ridge: float
    resamples: int
    alpha: float


class Diversity(Strict):
    """How repetitive texts may be."""

    gzip_bytes: int
    gzip_windows: int
    gzip_warn: float
    gzip_fail: float
    words: int
    pairs: int
    jaccard_warn: float
    jaccard_fail: float
    nearest_warn: float
    nearest_fail: float
    work: int
    sample: int
    distinct_words: int
    distinct_warn: float
    name_warn: float
    least: int


class Parity(Strict):
    """How far arms may lie apart."""

    tokens: float
    distance: float
    sentiment_warn: float
    alpha: float
    resamples: int
    least: int
    slices: int


class Reproducible(Strict):
    """How many documents are written again."""

    sample: int
    ladder: int


class Thresholds(Strict):
    """All of them, by gate."""

    leakage: Leakage
    fingerprint: Fingerprint
    diversity: Diversity
    parity: Parity
    reproducible: Reproducible


@lru_cache(maxsize=1)
def thresholds() -> Thresholds:
    """Those that come with the project."""
    return parse_toml(_FILE, read_text(_FILE), Thresholds)
