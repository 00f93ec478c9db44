"""What came back from a model as authoring reads it, and why it cannot be used: every drop has a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from facts.documents.authoring.stage import Question

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A reply: what a user would see, and whether it was cut off by its length or refused by the provider."""

    text: str
    cut: bool = False
    refused: bool = False


# A question that failed has None: it was asked and brought nothing, so nothing that needs it can go on.
Replies = Mapping[Question, Heard | None]


class Reason(StrEnum):
    """Why a reply or a document was dropped."""

    REFUSED = "refused"
    EMPTY = "empty"
    CUT = "cut"
    UNPRINTABLE = "unprintable"
    MARKUP = "markup"
    GIBBERISH = "gibberish"
    UNREADABLE = "unreadable"
    LEAKS = "leaks"
    BANNED = "banned"
    CONTRADICTS = "contradicts"
    MISSES = "misses"
    TOO_QUIET = "too_quiet"
    TOO_LOUD = "too_loud"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    DUPLICATE = "duplicate"
    TWIN = "twin"
    # Of a rewritten stretch of filler, beside those above:
    UNCHANGED = "unchanged"
    INVENTS = "invents"
    DRIFTS = "drifts"
    SPEAKS = "speaks"
    PARITY = "parity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """One reply or document that is not used: at which stage, why, and the words that show it."""

    stage: str
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Good(Generic[T]):
    """A value, and what was dropped on the way to it."""

    value: T
    drops: tuple[Drop, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """What has to be asked before anything more can be said."""

    questions: tuple[Question, ...]
    drops: tuple[Drop, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A question failed: another run can ask it again."""

    question: Question
    drops: tuple[Drop, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Every try that is allowed was dropped."""

    drops: tuple[Drop, ...]
