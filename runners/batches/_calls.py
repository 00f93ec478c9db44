"""Makes one call through an SDK and sorts what goes wrong; no key in any message, no retry of its own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import orjson

from runners.batches.batch import Lost
from runners.providers._http_error import Line, http_error
from runners.providers._reply import Object, needed, parse, unreadable
from runners.sample import Trouble
from runners.trouble import CallError, Retryable

if TYPE_CHECKING:
    import httpx2

CALL_S = 120.0
SEND_S = 900.0  # tens of megabytes go up
SILENCE_S = 120.0  # between two pieces of results
_SHORTEST_SECRET = 8  # shorter "keys" are placeholders, and would blank out ordinary words
_HIDDEN = "[key hidden]"
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
# Of the refusals (4xx), those that a proxy also gives when what it passed on takes long: no word on whether it arrived.
_UNSURE = {408, 409, 425, 499}


class Caller:
    """Awaits calls of one SDK client and turns its errors into ours."""

    def __init__(self, line: Line, key: str, errors: tuple[type[Exception], ...]) -> None:
        self.line = line
        self._key = key if len(key) >= _SHORTEST_SECRET else ""
        self.errors = errors

    async def object(self, call: Awaitable[httpx2.Response], within_s: float = CALL_S) -> Object:
        """The JSON object that a call brings. Raises ``CallError``."""
        try:
            async with asyncio.timeout(within_s):
                return parse(self.blanked((await call).content))
        except TimeoutError:
            error: CallError = self._silent(within_s)
        except CallError as known:
            error = known
        except self.errors as raised:
            error = self._failed(raised)
        raise self.hidden(error) from None

    async def created(self, call: Awaitable[httpx2.Response]) -> str:
        """The id that the call that creates a batch brings. Raises ``Lost`` for all else but a clear refusal: whatever
        was answered, the batch may be there.
        """
        try:
            if batch_id := needed(await self.object(call, SEND_S), "id"):
                return batch_id
            raise unreadable("has an empty 'id'")
        except CallError as error:
            status = error.status or 0
            if 400 <= status < 500 and status not in _UNSURE:
                raise
            raise Lost(error.trouble, error.message, advice=error.advice, status=error.status) from None

    async def lines(self, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        """Whole lines out of pieces as they come; the last one also without its line feed. Raises ``CallError``."""
        rest = b""
        source = aiter(pieces)
        while True:
            try:
                async with asyncio.timeout(SILENCE_S):
                    piece = await anext(source, None)
                error = None
            except TimeoutError:
                piece, error = None, self._silent(SILENCE_S)
            except self.errors as raised:
                piece, error = None, self._failed(raised)
            if error is not None:
                raise self.hidden(error) from None
            if piece is None:
                break
            # Split at line feeds alone: JSON may hold U+2028 and its kin as they are.
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                if line.strip():
                    yield self.blanked(line)
        if rest.strip():
            yield self.blanked(rest)

    def failed(self, error: Exception) -> CallError:
        """Our error for one that the SDK raised."""
        return self.hidden(error if isinstance(error, CallError) else self._failed(error))

    def blanked(self, content: bytes) -> bytes:
        """``content`` without the key that a server may echo, also where JSON spells it in escapes."""
        if not self._key:
            return content
        if b"\\u00" in content or b"\\/" in content:
            with suppress(ValueError):  # what is no JSON has no escapes
                content = orjson.dumps(orjson.loads(content))
        return content.replace(self._key.encode(), _HIDDEN.encode())

    def hidden(self, error: CallError) -> CallError:
        """The error with nothing in its words that must not be shown."""
        return type(error)(error.trouble, self._shown(error.message), advice=self._shown(error.advice),
                           status=error.status, retry_after_s=error.retry_after_s)  # fmt: skip

    def _shown(self, words: str) -> str:
        return _UNPRINTABLE.sub(" ", words.replace(self._key, _HIDDEN) if self._key else words)

    def _failed(self, error: Exception) -> CallError:
        response = cast("httpx2.Response | None", getattr(error, "response", None))
        if response is not None:
            try:
                content = self.blanked(response.content)
            except Exception:  # noqa: BLE001  (a streamed body that was never read has no words to add)
                content = b""
            return http_error(self.line, response.status_code, response.headers, content)
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        return Retryable(
            Trouble.CONNECTION,
            f"{self.line.place}: no connection, or lost before the reply was complete ({cause or 'no reason given'})",
            advice="Tried again by itself; batches that were sent go on at the provider.",
        )

    def _silent(self, seconds: float) -> Retryable:
        return Retryable(Trouble.TIMEOUT, f"{self.line.place}: nothing came within {seconds:g} s",
                         advice="Tried again by itself; batches that were sent go on at the provider.")  # fmt: skip
