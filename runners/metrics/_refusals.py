"""Finds a plain refusal in an answer by the phrases in ``refusal.toml``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from facts.parse import Strict, parse_toml, read_text
from runners.sample import Sample, Stop

_FILE = Path(__file__).parent / "refusal.toml"
STOPPED = "the provider says that the model refused or that a filter stopped it"


class _File(Strict):
    opening_chars: int
    phrases: list[str]
    choice_phrases: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    opening_chars: int
    phrases: re.Pattern[str]
    choice: re.Pattern[str]


@lru_cache(maxsize=1)
def _rule() -> _Rule:
    raw = parse_toml(_FILE, read_text(_FILE), _File)
    return _Rule(
        opening_chars=raw.opening_chars,
        phrases=re.compile("|".join(raw.phrases), re.IGNORECASE),
        choice=re.compile("|".join(raw.choice_phrases), re.IGNORECASE),
    )


def stopped(sample: Sample) -> bool:
    """Whether the provider itself reports a refusal or a filter."""
    return sample.stop in {Stop.REFUSAL, Stop.CONTENT_FILTER}


def refusal_phrase(answer: str, *, choosing: bool = False) -> str:
    """The words of ``answer`` that refuse, verbatim, or "" where none do.

    ``choosing`` says that a choice between options was asked for, so that declining to choose is a refusal too.
    """
    rule = _rule()
    # Straightened one for one, so that positions stay those of the original.
    opening = answer.replace("’", "'").replace("‘", "'")[: rule.opening_chars]
    found = rule.phrases.search(opening) or (rule.choice.search(opening) if choosing else None)
    return answer[found.start() : found.end()] if found else ""
