"""What a provider raises when a call fails, sorted by what the sampler should do.

CallError
├── Retryable    try again, after ``retry_after_s`` if the server said so
└── Fatal        stop calling this model; the message says what to do
"""

from __future__ import annotations

from runners.sample import Trouble


class CallError(Exception):
    """A call that brought no sample."""

    def __init__(
        self,
        trouble: Trouble,
        message: str,
        *,
        advice: str = "",
        status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.message = message
        self.advice = advice
        self.status = status
        self.retry_after_s = retry_after_s


class Retryable(CallError):  # noqa: N818
    """Transport trouble, rate limits, overload, server errors: the same bytes may be sent again."""


class Fatal(CallError):  # noqa: N818
    """Nothing that is sent to this model can succeed until the user changes something."""
