"""One layer of retries around one call: the same bytes again, bounded in attempts and in wall time, with jitter."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Protocol

from runners.limits import Limits
from runners.pace import Pace
from runners.providers import Connection
from runners.sample import Failure, Outcome, Sample, Trouble, Usage
from runners.trouble import CallError, Fatal

_LONGEST_WAIT_S = 120.0


def failure(error: CallError, attempts: int) -> Failure:
    """What a raised call error is as an outcome."""
    return Failure(
        trouble=error.trouble, message=error.message, advice=error.advice, status=error.status, attempts=attempts
    )


def wait_s(attempt: int, retry_after_s: float | None, limits: Limits, jitter: random.Random) -> float:
    """How long to wait before attempt number ``attempt`` + 1: doubling with full jitter, or as the server asks."""
    if retry_after_s is not None:
        return min(max(retry_after_s, 0.0), limits.retry_wall_s) + jitter.random() * limits.backoff_s
    return min(limits.backoff_s * 2.0 ** (attempt - 1), _LONGEST_WAIT_S) * (0.5 + jitter.random() / 2)


async def _pause(seconds: float, cancelled: asyncio.Event) -> bool:
    """Wait; True when the run was cancelled meanwhile."""
    try:
        await asyncio.wait_for(cancelled.wait(), seconds)
    except TimeoutError:
        return False
    return True


def tokens_used(usage: Usage) -> float | None:
    """What counts against a limit of tokens per minute: the prompt and the reply; None where the provider did not say.

    What was read from a cache counts as well: some providers count it, and a limit is not to be passed.
    """
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    return float(
        usage.input_tokens + (usage.cache_read_tokens or 0) + (usage.cache_write_tokens or 0) + usage.output_tokens
    )


class Gate(Protocol):
    """Says whether an attempt may start, and is told how it ended: the budget, cancellation, a stopped model."""

    async def enter(self) -> Failure | None:
        """None when the attempt may start, else the failure that stands in its way."""
        ...

    def leave(self, sample: Sample | None, trouble: Trouble | None) -> None:
        """How the attempt ended."""
        ...


async def attempt(
    connection: Connection, body: bytes, limits: Limits, pace: Pace, gate: Gate, cancelled: asyncio.Event,
    jitter: random.Random, tokens: float = 0.0,
) -> Outcome:  # fmt: skip
    """Call until a sample comes, the error is final, or attempts or time run out; ``tokens`` are expected to be used.

    Raises ``Fatal`` so that the caller can stop the model.
    """
    tries, began = 0, 0.0
    while True:
        async with pace.slot(tokens) as slot:
            if refused := await gate.enter():
                return refused
            tries += 1
            began = began or time.monotonic()  # waiting for a first slot, or for a pause to end, is no trouble
            try:
                sample = await connection.call(body, limits.timeout_s)
            except CallError as error:
                gate.leave(None, error.trouble)
                if isinstance(error, Fatal):
                    raise
                last = error
                if error.trouble is Trouble.RATE_LIMIT:
                    pace.rate_limited(slot.started, error.retry_after_s)
            except BaseException:
                gate.leave(None, Trouble.CONNECTION)
                raise
            else:
                gate.leave(sample, None)
                pace.succeeded(slot.started)
                if (used := tokens_used(sample.usage)) is not None:
                    pace.used(tokens, used)
                return sample
        pause = wait_s(tries, last.retry_after_s, limits, jitter)
        if tries >= limits.attempts or time.monotonic() - began + pause > limits.retry_wall_s:
            return failure(last, tries)
        with pace.backing_off(last.trouble.value, pause, asked=last.retry_after_s is not None):
            stopped = await _pause(pause, cancelled)
        if stopped:
            return Failure(trouble=Trouble.CANCELLED, message="cancelled while waiting to try again", attempts=tries)
