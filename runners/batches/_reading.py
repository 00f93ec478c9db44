"""Turns one reply inside a batch's results into what the live wire would have made of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import orjson

from runners.batches._calls import Caller
from runners.providers._http_error import Complaint, complaint, http_error
from runners.providers._reply import Object, Reply
from runners.sample import Sample, Stop
from runners.trouble import CallError


def sampled(data: Object, request_id: str | None, read: Callable[[Reply], Sample]) -> Sample | None:
    """The sample in a reply; nobody knows how long it took, so its latency is unknown. None where the reply cannot be
    read: it is paid for, so it is no error that would be asked again.
    """
    reply = Reply(data=data, request_id=request_id, latency_s=0.0, received_at=_now())
    try:
        sample = read(reply)
    except CallError:
        return None
    return Sample(
        text=sample.text, stop=sample.stop, model=sample.model, reasoning=sample.reasoning, usage=sample.usage,
        request_id=sample.request_id, latency_s=None, received_at=sample.received_at,
    )  # fmt: skip


def refused(
    data: Object, status: int, caller: Caller, filtered: Callable[[Complaint], bool], request_id: str | None
) -> Sample | CallError:
    """What an error reply means: a content filter's stop is a result, everything else an error."""
    content = orjson.dumps(data)
    if status in (400, 403) and filtered(complaint(content)):
        return Sample(text="", stop=Stop.CONTENT_FILTER, model=caller.line.model, request_id=request_id,
                      received_at=_now())  # fmt: skip
    return caller.hidden(http_error(caller.line, status, {}, content))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
