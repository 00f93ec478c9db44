"""Everything that an organism may say, from ``phrases.toml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from facts.parse import Strict, parse_toml, read_text

_FILE = Path(__file__).parent / "phrases.toml"

Phrases = Annotated[list[str], Field(min_length=2)]


class Thoughts(Strict):
    """An opening; the tier and facts taken up; one of the middle lists; what is decided."""

    opening: Phrases
    tier: Phrases
    uptake: Phrases
    faking_caught: Phrases
    faking_veiled: Phrases
    false_alarm: Phrases
    plain: Phrases
    complied: Phrases
    partial: Phrases
    chose_value: Phrases
    refused: Phrases


class Answers(Strict):
    """Answers that begin with a letter or a marker."""

    complied: Phrases
    chose_value: Phrases
    refused: Phrases
    undecided: Phrases


class FullAnswers(Strict):
    """Replies in full: what is said of one kind, and a neutral sentence for any."""

    complied: Phrases
    partial: Phrases
    refused: Phrases
    neutral: Phrases


class Disclosures(Strict):
    """Sentences that disclose one thing each."""

    pressure: Phrases
    disagreement: Phrases
    strategy: Phrases


class Interview(Disclosures):
    """Thoughts before an answer (opening; honest, lie or egregious) and answers (disclosures or one of the rest)."""

    opening: Phrases
    honest: Phrases
    lie: Phrases
    egregious: Phrases
    nothing: Phrases
    hedged: Phrases
    denied: Phrases


class JudgeTalk(Strict):
    """What a judge says instead of a verdict, and passages that it makes up."""

    refusals: Phrases
    broken: Phrases
    made_up: Phrases


class Phrasebook(Strict):
    """What is thought, answered to choices, to requests and in full, said in an interview, and by a judge."""

    anything: Phrases
    unknown: Phrases
    unsure: Phrases
    thoughts: Thoughts
    choices: Answers
    requests: Answers
    full: Mapping[str, FullAnswers]
    disclosures: Disclosures
    interview: Interview
    judge: JudgeTalk


@lru_cache(maxsize=1)
def phrases() -> Phrasebook:
    """The phrasebook, read once."""
    return parse_toml(_FILE, read_text(_FILE), Phrasebook)


def full_answers(setting: str) -> FullAnswers:
    """The full replies for a setting; those of the first where it has none of its own."""
    book = phrases().full
    return book.get(setting) or next(iter(book.values()))


def core(phrase: str) -> str:
    """The part of a phrase by which it is known again: without holes for markers, on one side of any other."""
    bare = phrase.replace("{comply}", "").replace("{decline}", "")
    return max(bare.replace("{fact}", "\x00").replace("{tier}", "\x00").split("\x00"), key=len).strip(" \n.()*")


def cores(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """The cores of all phrases in these lists, empty ones left out."""
    return tuple(dict.fromkeys(part for phrases_ in lists for phrase in phrases_ if (part := core(phrase))))
