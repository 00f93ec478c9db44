"""Everything that decides a sample, and nothing else: every field is hashed into the key."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cache.key import content_key

MOST_LOGPROBS = 20  # the most that Chat Completions gives


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message as sent: ``user`` or ``assistant``."""

    role: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One paid question to one model.

    ``endpoint`` identifies where the model lives (a base URL, the digest of a weights file, an organism's truth), so
    that two servers with one model name never share samples. ``replicate`` is the index of a repeated sample: raising
    the number of replicates asks only for the new indices. ``schema`` is JSON text: the schema
    that the provider holds the reply to. ``logprobs`` asks for the log-probabilities of that many of the likeliest
    first tokens of the reply. Unset optional fields do not enter the key.
    """

    provider: str
    endpoint: str
    model: str
    turns: tuple[Turn, ...]
    system: str | None = None
    max_tokens: int
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] | None = None
    thinking_tokens: int | None = None
    schema: str | None = None
    logprobs: int | None = None
    replicate: int = 0

    def __post_init__(self) -> None:
        for name in ("temperature", "top_p"):
            value: float | None = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{name} must be a finite number, got {value}; set it to e.g. 1.0 or leave it out")
        if self.logprobs is not None and not 1 <= self.logprobs <= MOST_LOGPROBS:
            raise ValueError(f"logprobs must be from 1 to {MOST_LOGPROBS}, got {self.logprobs}")
        if self.max_tokens < 1:
            raise ValueError(f"max_tokens must be at least 1, got {self.max_tokens}")
        if self.replicate < 0:
            raise ValueError(f"replicate counts from 0, got {self.replicate}")

    def fields(self) -> dict[str, object]:
        """Every field as JSON data; what is hashed and what is kept beside the sample."""
        return {
            "provider": self.provider,
            "endpoint": self.endpoint,
            "model": self.model,
            "turns": [{"role": turn.role, "text": turn.text} for turn in self.turns],
            "system": self.system,
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "stop": None if self.stop is None else list(self.stop),
            "thinking_tokens": self.thinking_tokens,
            "schema": self.schema,
            "logprobs": self.logprobs,
            "replicate": self.replicate,
        }

    @property
    def key(self) -> str:
        """The versioned content hash under which this request's sample is kept."""
        return content_key(self.fields())
