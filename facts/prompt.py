"""What a model reads, in no provider's format, and where in it each fact lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from facts.salience import Part, Polarity


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of the conversation."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where one wording of a fact lies: ``text[start:end]`` of message number ``message``.

    ``own_tokens`` are those of the claim itself, without what a mention says of something else; None: all of them.
    """

    fact: str
    polarity: Polarity
    part: Part
    wording: int  # index in the fact's bank
    message: int
    start: int
    end: int
    own_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How much of a prompt speaks of one fact, computed from the rendered text.

    ``airtime`` is tokens spent on the fact itself ÷ tokens shown (0–1; ``own_words``); ``first`` and ``last`` are the
    positions of its first and last token as fractions of the prompt (0 = beginning, 1 = end).
    """

    fact: str
    level: int
    exposures: int
    airtime: float
    first: float
    last: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """The messages, the fact spans in them, and the key that says how to read the answer off the reply.

    ``reading`` maps an outcome's role to what stands for it in this very prompt, e.g. ``{"policy": "B", "value":
    "A"}`` where options were swapped. It is never shown to the model.
    """

    messages: tuple[Message, ...]
    spans: tuple[Span, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    reading: Mapping[str, str] = field(default_factory=dict[str, str])
    frame: str = ""
    tokens: int = 0
    background_tokens: int = 0
