"""The rules of authoring, read from their data file: how often to try, what to ask for, and what to drop."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from facts.documents.authoring.heard import Reason
from facts.parse import Strict, parse_toml, read_text
from facts.salience import Part, Salience

_FILE = Path(__file__).with_name("rules.toml")


class _Filter(Strict, strict=False):
    most_chars: int
    shortest: float
    longest: float
    context_words: tuple[int, int]
    idea_words: tuple[int, int]
    key_facts: tuple[int, int]
    item_words: tuple[int, int]
    most_notes: int
    letters: float
    word_length: tuple[float, float]
    distinct: float
    mention_longer: float
    twin_overlap: float
    duplicate: float
    elsewhere: tuple[str, ...]
    refusal_words: int
    refusal: re.Pattern[str]
    leaks: tuple[re.Pattern[str], ...]
    markup: re.Pattern[str]
    preface: re.Pattern[str]


class _Rewrite(Strict, strict=False):
    group: int
    shortest: float
    longest: float
    parity: float
    shared: float
    echo: re.Pattern[str]
    leaks: re.Pattern[str]
    tokens: float


class _File(Strict, strict=False):
    attempts: int
    world_attempts: int
    expected_again: float
    loudness: dict[int, str]
    parts: dict[Part, str]
    exposures: dict[int, tuple[int, int]]
    filter: _Filter
    rewrite: _Rewrite
    say: dict[Reason, str]
    notes: dict[Reason, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything in ``rules.toml``, whose comments say what each number is."""

    attempts: int
    world_attempts: int
    expected_again: float
    loudness: Mapping[Salience, str]
    parts: Mapping[Part, str]
    exposures: Mapping[Salience, tuple[int, int]]
    filter: _Filter
    rewrite: _Rewrite
    say: Mapping[Reason, str]
    notes: Mapping[Reason, str]


@lru_cache(maxsize=1)
def rules() -> Rules:
    """The rules that come with the project; raises ``BrokenFile``."""
    raw = parse_toml(_FILE, read_text(_FILE), _File)
    return Rules(
        attempts=raw.attempts, world_attempts=raw.world_attempts, expected_again=raw.expected_again,
        loudness={Salience(level): text for level, text in raw.loudness.items()}, parts=raw.parts,
        exposures={Salience(level): bounds for level, bounds in raw.exposures.items()}, filter=raw.filter,
        rewrite=raw.rewrite, say=raw.say, notes=raw.notes,
    )  # fmt: skip
