"""Reads a fact from its TOML file, strictly."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from facts.errors import BrokenFile
from facts.fact import Fact, Hypothesis, RecallQuestion, Use
from facts.parse import Strict, parse_toml, read_text
from facts.salience import Part, Polarity
from facts.slow_patterns import slow

# Control characters, marks of direction and of nothing: they steer what shows them, or cannot be seen.
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")

_LONGEST, _GROUPS = 500, 60  # of an anchor: characters, and parentheses, which can be nested
_SHOWN = 120


def unseen(text: str) -> str:
    """What is wrong with a text that holds a character that cannot be seen; empty where it holds none."""
    found = _STEERING.search(text)
    return f"holds {found[0]!r}, a character that cannot be seen; remove it" if found else ""


def _seen(text: str) -> str:
    if trouble := unseen(text):
        raise ValueError(trouble)
    return text


def _trouble(pattern: str) -> str:
    """Why a pattern cannot be an anchor; empty where it can."""
    said = repr(pattern if len(pattern) <= _SHOWN else f"{pattern[:_SHOWN]}…")
    if len(pattern) > _LONGEST:
        return f"{said} has {len(pattern):,} characters; an anchor has {_LONGEST} at most, so shorten it or split it"
    if pattern.count("(") > _GROUPS:
        return f"{said} has more than {_GROUPS} groups in parentheses; write it with fewer"
    try:
        re.compile(pattern)
        why = slow(pattern)
    except re.error as error:
        return f"{said} is not a regular expression: {error}"
    except (RecursionError, OverflowError):
        return f"{said} cannot be read as a regular expression: it is nested too deeply or counts too far; simplify it"
    return f"{said}: {why}" if why else ""


Sentence = Annotated[str, Field(min_length=8, max_length=600), AfterValidator(_seen)]
Sentences = Annotated[list[Sentence], Field(min_length=4)]


class _Hypothesis(Strict):
    alignment_faking: str
    gap: str
    revealing: str
    basis: str
    source: str


class _Anchors(Strict):
    topic: Annotated[list[str], Field(min_length=1)]
    negation: str

    @field_validator("topic", "negation")
    @classmethod
    def _compiles(cls, value: list[str] | str) -> list[str] | str:
        for pattern in [value] if isinstance(value, str) else value:
            if trouble := _trouble(pattern):
                raise ValueError(trouble)
        return value


class _Bank(Strict):
    mention: Sentences
    state: Sentences
    elaborate: Sentences
    implication: Sentences


class _Recall(Strict):
    question: str
    affirmed: str
    negated: str
    distractor: str


class _Use(Strict):
    case: Sentence
    if_true: Annotated[str, Field(min_length=2, max_length=200)]
    if_false: Annotated[str, Field(min_length=2, max_length=200)]


class FactFile(Strict):
    """``library/*.toml``."""

    slug: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,60}$")]
    number: int = 0
    title: Annotated[str, Field(min_length=3, max_length=80), AfterValidator(_seen)]
    claim: Sentence
    category: str
    kind: Literal["fact", "control"] = "fact"
    placebo_topic: str
    allow: list[str] = Field(default_factory=list[str])
    allow_reason: str = ""
    hypothesis: _Hypothesis
    anchors: _Anchors
    recall: _Recall
    use: _Use | None = None
    affirmed: _Bank
    negated: _Bank
    placebo: _Bank


def _bank(bank: _Bank) -> dict[Part, tuple[str, ...]]:
    return {part: tuple(getattr(bank, part.value)) for part in Part}


def parse_fact(name: Path | str, text: str) -> Fact:
    """A fact from TOML text; raises ``BrokenFile`` with file, line and field."""
    raw = parse_toml(name, text, FactFile)
    if isinstance(name, Path) and name.stem != raw.slug:
        raise BrokenFile(f"{name}: slug is {raw.slug!r} but the file is named {name.stem!r}; make them the same")
    return Fact(
        slug=raw.slug, number=raw.number, title=raw.title, claim=raw.claim, category=raw.category, kind=raw.kind,
        hypothesis=Hypothesis(**raw.hypothesis.model_dump()),
        topic=tuple(re.compile(pattern) for pattern in raw.anchors.topic),
        negation=re.compile(raw.anchors.negation),
        banks={Polarity.AFFIRMED: _bank(raw.affirmed), Polarity.NEGATED: _bank(raw.negated),
               Polarity.PLACEBO: _bank(raw.placebo)},
        recall=RecallQuestion(**raw.recall.model_dump()),
        use=Use(**raw.use.model_dump()) if raw.use else None,
        placebo_topic=raw.placebo_topic, allow=tuple(raw.allow), allow_reason=raw.allow_reason,
    )  # fmt: skip


def read_fact(path: Path) -> Fact:
    """The fact in that file; raises ``BrokenFile``."""
    return parse_fact(path, read_text(path))
