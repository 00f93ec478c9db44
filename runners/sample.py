"""What came back from a model, or why nothing did: an outcome is a sample or a failure, never an empty sample."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stop(StrEnum):
    """Why the model stopped writing. A refusal, a filter and the length limit are results and are kept."""

    END = "end"
    LENGTH = "length"
    REFUSAL = "refusal"
    CONTENT_FILTER = "content_filter"
    SEQUENCE = "sequence"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as the provider counted them; ``None`` where it did not say.

    ``input_tokens`` excludes ``cache_read_tokens`` and ``cache_write_tokens``; ``output_tokens`` includes
    ``reasoning_tokens``.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One kept reply. ``text`` is what the user would see, scratchpad tags included; ``reasoning`` is the provider's
    own thinking where it returns any; ``model`` is the identifier that the provider says answered. ``logprobs`` are
    the likeliest first tokens of the reply with their natural log-probabilities, where the request asked for them and
    the server gave them: of the model itself, before temperature and before any cut.
    """

    text: str
    stop: Stop
    model: str
    reasoning: str | None = None
    usage: Usage = Usage()
    request_id: str | None = None
    latency_s: float | None = None
    received_at: str | None = None  # ISO 8601, UTC
    simulated: bool = False
    logprobs: tuple[tuple[str, float], ...] | None = None

    def fields(self) -> dict[str, object]:
        """Every field as JSON data, written out: ``asdict`` copies deeply and took a tenth of a sample's own cost."""
        usage = self.usage
        return {
            "text": self.text,
            "stop": self.stop.value,
            "model": self.model,
            "reasoning": self.reasoning,
            "usage": {
                "input_tokens": usage.input_tokens,
                "output_tokens": usage.output_tokens,
                "cache_read_tokens": usage.cache_read_tokens,
                "cache_write_tokens": usage.cache_write_tokens,
                "reasoning_tokens": usage.reasoning_tokens,
            },
            "request_id": self.request_id,
            "latency_s": self.latency_s,
            "received_at": self.received_at,
            "simulated": self.simulated,
            "logprobs": self.logprobs,
        }


class Trouble(StrEnum):
    """Why nothing came back, in words that group errors for the user."""

    NOT_READY = "not_ready"  # the key, the address or the weights are missing: nothing was called
    AUTH = "auth"  # key missing or refused
    QUOTA = "quota"  # money or monthly limit exhausted
    UNKNOWN_MODEL = "unknown_model"
    BAD_REQUEST = "bad_request"
    RATE_LIMIT = "rate_limit"
    OVERLOADED = "overloaded"
    SERVER = "server"
    CONNECTION = "connection"
    TIMEOUT = "timeout"
    UNREADABLE = "unreadable"  # the reply was not what the protocol promises
    BUDGET = "budget"  # the run's hard budget was reached
    CANCELLED = "cancelled"
    STOPPED = "stopped"  # the model was stopped by an earlier fatal error
    STORE = "store"  # the reply came but could not be kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a request has no sample. ``advice`` says what the user can do."""

    trouble: Trouble
    message: str
    advice: str = ""
    status: int | None = None
    attempts: int = 0

    @property
    def words(self) -> str:
        """What happened and what to do, as sentences."""
        ended = not self.message or not self.advice or self.message[-1] in ".!?…:;"
        return f"{self.message}{'' if ended else '.'} {self.advice}".strip()


Outcome = Sample | Failure
