"""Carries calls to an HTTP API through the provider's SDK: the same bytes each time, one attempt a call, no secrets."""

from __future__ import annotations

import asyncio
import re
import time
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from runners.headroom import Headroom, headroom
from runners.providers._http_error import Complaint, Line, complaint, http_error
from runners.providers._reply import Object, Reply, inner, parse, unreadable
from runners.sample import Sample, Stop, Trouble
from runners.trouble import CallError, Retryable

if TYPE_CHECKING:
    import httpx2

# Below the 5 s after which uvicorn (vLLM and most local servers) closes an idle connection in our face.
IDLE_S = 4.0

_LIMITS = b"ratelimit"  # a word in the name of every header that speaks of one
_SHORTEST_SECRET = 8  # shorter "keys" such as "EMPTY" are placeholders, and would blank out ordinary words
_HIDDEN = "[key hidden]"
# Control characters steer a terminal, marks of direction turn a line round, halves of letters cannot be written down.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How one API is spoken, besides the SDK that carries it.

    ``send(body)`` posts these bytes, without a clock of its own; ``read`` turns a reply into a sample; ``filtered``
    says whether a complaint means that a content filter stopped the prompt, which is a result; ``errors`` are the root
    errors of the SDK and of what lies below it, because the SDKs do not wrap every one.
    """

    send: Callable[[bytes], Awaitable[httpx2.Response]]
    close: Callable[[], Awaitable[None]]
    read: Callable[[Reply], Sample]
    filtered: Callable[[Complaint], bool]
    errors: tuple[type[Exception], ...]


class HttpConnection:
    """A ``runners.providers.Connection`` over HTTP."""

    def __init__(self, line: Line, wire: Wire, key: str) -> None:
        self._line = line
        self._wire = wire
        self._key = key if len(key) >= _SHORTEST_SECRET else ""
        self.listener: Callable[[tuple[Headroom, ...]], None] | None = None  # of what replies say of rate limits

    async def call(self, body: bytes, timeout_s: float) -> Sample:
        """One attempt. ``timeout_s`` bounds the whole exchange, reading the reply included."""
        started = time.perf_counter()
        # Errors are raised outside the handlers: the SDK's own error may quote the key and must not be chained.
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._wire.send(body)
            self._listen(response)
            outcome = self._sample(response, time.perf_counter() - started)
        except TimeoutError:
            outcome = self._too_slow(timeout_s)
        except CallError as error:
            outcome = error
        except self._wire.errors as error:
            outcome = self._failed(error, time.perf_counter() - started)
        if isinstance(outcome, Sample):
            return outcome
        raise self._hidden(outcome) from None

    async def close(self) -> None:
        """Give back the sockets."""
        await self._wire.close()

    def _listen(self, response: httpx2.Response) -> None:
        if self.listener and any(_LIMITS in name.lower() for name, _ in response.headers.raw):
            self.listener(headroom(response.headers))

    def _sample(self, response: httpx2.Response, latency_s: float) -> Sample:
        kind = response.headers.get("content-type", "")
        if kind and "json" not in kind.lower():
            raise unreadable(f"is {self._shown(kind).partition(';')[0][:60]!r} instead of JSON")
        content = self._blanked(response.content)
        data = parse(content)
        if "error" in data and data["error"] is not None:  # routers answer 200 and put the upstream error inside
            raise self._inside(data, content)
        reply = Reply(
            data=data,
            request_id=self._request_id(response.headers),
            latency_s=latency_s,
            received_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
        return self._silent(self._wire.read(reply))

    def _silent(self, sample: Sample) -> Sample:
        # JSON can spell a key in escapes, which the bytes do not show.
        texts = {"text": sample.text, "reasoning": sample.reasoning, "model": sample.model,
                 "request_id": sample.request_id}  # fmt: skip
        if not self._key or not any(text and self._key in text for text in texts.values()):
            return sample
        return replace(sample, **{name: text and text.replace(self._key, _HIDDEN) for name, text in texts.items()})

    def _request_id(self, headers: Mapping[str, str]) -> str | None:
        found = headers.get("request-id") or headers.get("x-request-id")
        return self._shown(found)[:200] if found else None

    def _inside(self, data: Object, content: bytes) -> CallError:
        code = inner(data, "error").get("code")
        if isinstance(code, int) and 400 <= code < 600:
            return http_error(self._line, code, {}, content)
        return unreadable(f"holds an error: {complaint(content).message[:300]}")

    def _failed(self, error: Exception, latency_s: float) -> Sample | CallError:
        response = cast("httpx2.Response | None", getattr(error, "response", None))
        if response is not None:
            self._listen(response)
            content = self._blanked(response.content)
            said = complaint(content)
            if response.status_code in (400, 403) and self._wire.filtered(said):
                return Sample(
                    text="",
                    stop=Stop.CONTENT_FILTER,
                    model=self._line.model,
                    request_id=self._request_id(response.headers),
                    latency_s=latency_s,
                    received_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
                )
            return http_error(self._line, response.status_code, response.headers, content)
        # The clock is ours alone, so this is no timeout, although openai calls every lost connection one. The error
        # that started the chain has the words that help.
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        if isinstance(cause, zlib.error):
            return unreadable("is compressed in a way that cannot be undone")
        return Retryable(
            Trouble.CONNECTION,
            f"{self._line.place}: no connection, or lost before the reply was complete ({cause or 'no reason given'})",
            advice="Tried again by itself; check that the server runs and that base_url and the network are right.",
        )

    def _too_slow(self, timeout_s: float) -> Retryable:
        return Retryable(
            Trouble.TIMEOUT,
            f"{self._line.place}: no complete reply within {timeout_s:g} s",
            advice="Tried again by itself; raise timeout_s or lower the concurrency if it happens often.",
        )

    def _blanked(self, content: bytes) -> bytes:
        # A server that echoes the key must not get it shown or stored; before any text is cut, or half of it stays.
        return content.replace(self._key.encode(), _HIDDEN.encode()) if self._key else content

    def _shown(self, words: str) -> str:
        if self._key:
            words = words.replace(self._key, _HIDDEN)
        return _UNPRINTABLE.sub(" ", words)

    def _hidden(self, error: CallError) -> CallError:
        return type(error)(
            error.trouble,
            self._shown(error.message),
            advice=self._shown(error.advice),
            status=error.status,
            retry_after_s=error.retry_after_s,
        )
