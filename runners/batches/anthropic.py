"""Anthropic's Message Batches API, called through the official SDK.

A batch takes 100,000 requests or 256 MB, ends within 24 hours, and its results can be had for 29 days; requests that
errored, expired or were canceled are not billed (stored copies of platform.claude.com/docs/build-with-claude/
batch-processing and of docs.claude.com/en/api/creating-message-batches, 2026-11). Ours are smaller, so that one batch
fits in memory when it is sent and little is sent again when a connection breaks. A batch carries nothing of ours but
the ``custom_id`` of each request, which can be read only after its end: a batch whose id was lost is found by that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from runners.batches._calls import Caller
from runners.batches._reading import refused, sampled
from runners.batches.batch import Api, Batch, Look, Result, Unfinished
from runners.model import Model
from runners.providers import _address
from runners.providers import anthropic as live
from runners.providers._http import IDLE_S
from runners.providers._http_error import Line
from runners.providers._reply import Object, count, inner, items, needed, parse, text
from runners.trouble import CallError

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic, Omit
    from anthropic._types import RequestOptions

_PATH = "/v1/messages/batches"
_COUNTS = ("processing", "succeeded", "errored", "canceled", "expired")
_PAGE, _PAGES = 100, 50
# The status that the live API gives with each type of error (platform.claude.com/docs/api/errors, stored 2026-11).
_STATUS = {
    "invalid_request_error": 400, "authentication_error": 401, "billing_error": 402, "permission_error": 403,
    "not_found_error": 404, "request_too_large": 413, "rate_limit_error": 429, "api_error": 500, "timeout_error": 504,
    "overloaded_error": 529,
}  # fmt: skip


def _body(lines: Iterator[tuple[str, bytes]]) -> bytes:
    parts = (b'{"custom_id":"' + name.encode() + b'","params":' + body + b"}" for name, body in lines)
    return b'{"requests":[' + b",".join(parts) + b"]}"


class _Api:
    """A ``runners.batches.batch.Api``."""

    most = (10_000, 32_000_000)

    def __init__(self, client: AsyncAnthropic, caller: Caller, headers: dict[str, str | Omit]) -> None:
        self._client, self._call, self._headers = client, caller, headers

    async def newest(self) -> tuple[str, str] | None:
        """The newest batch of this key's workspace."""
        found = items(await self._page(None, 1), "data") or ()
        return (needed(found[0], "id"), text(found[0], "created_at") or "") if found else None

    async def create(self, batch: Batch, lines: Callable[[], Iterator[tuple[str, bytes]]], scratch: Path) -> str:
        """Send the batch as one body, each request's ``params`` the very bytes that a live call would send."""
        import httpx2  # noqa: PLC0415

        del batch, scratch
        content = await asyncio.to_thread(lambda: _body(lines()))
        options: RequestOptions = {"headers": {**self._headers, "Content-Type": "application/json"}, "timeout": None}
        posted = self._client.post(_PATH, cast_to=httpx2.Response, content=content, options=options)
        return await self._call.created(posted)

    async def candidates(self, batch: Batch, known: frozenset[str]) -> tuple[Look, ...]:
        """Batches of as many requests that came after ``batch.after``; whose they are shows at their end."""
        found: list[Look] = []
        # Both by the provider's clock. Where ``after`` has been deleted since, only its time tells where to stop.
        bound = _time(batch.after_made)
        after: str | None = None
        for _ in range(_PAGES):
            page = await self._page(after, _PAGE)
            for data in items(page, "data") or ():
                look = _look(data)
                made = _time(text(data, "created_at") or "")
                if look.id == batch.after or (bound and made and made < bound):
                    return tuple(found)
                if look.id not in known and look.requests == batch.requests:
                    found.append(look)
            after = text(page, "last_id")
            if page.get("has_more") is not True or after is None:
                break
        return tuple(found)

    async def look(self, batch_id: str) -> Look:
        """How the batch stands."""
        return _look(await self._get(f"{_PATH}/{_safe(batch_id)}"))

    async def cancel(self, batch_id: str) -> None:
        """Ask for its end."""
        import httpx2  # noqa: PLC0415

        path = f"{_PATH}/{_safe(batch_id)}/cancel"
        await self._call.object(self._client.post(path, cast_to=httpx2.Response, options=self._options))

    async def results(self, look: Look) -> AsyncGenerator[bytes]:
        """Lines of results, in whatever order."""
        import httpx2  # noqa: PLC0415

        # By the documented path and not by ``results_url``: behind a gateway that names another host, and the key goes
        # along with this call. The header makes the SDK leave the body unread: it may be larger than memory.
        path, streamed = f"{_PATH}/{_safe(look.id)}/results", {"X-Stainless-Raw-Response": "stream"}
        options: RequestOptions = {"headers": {**self._headers, **streamed}, "timeout": None}
        try:
            response = await self._client.get(path, cast_to=httpx2.Response, options=options)
            try:
                async for line in self._call.lines(response.aiter_bytes()):
                    yield line
            finally:
                await response.aclose()
        except self._call.errors as error:
            raise self._call.failed(error) from None

    def read(self, line: bytes) -> Result | None:
        """One line: ``succeeded`` with a message, ``errored``, ``canceled`` or ``expired``."""
        try:
            data = parse(line)
        except CallError:
            return None
        custom_id, result = text(data, "custom_id"), inner(data, "result")
        match result.get("type"):
            case "succeeded":
                outcome = sampled(inner(result, "message"), None, live.read)
                if outcome is None:
                    return None
            case "errored":
                error = inner(result, "error")
                kind = text(inner(error, "error"), "type") or text(error, "type") or ""
                outcome = refused(error, _STATUS.get(kind, 500), self._call, live.filtered, text(error, "request_id"))
            case "canceled" | "expired" as word:
                outcome = Unfinished(word)
            case _:
                return None
        return None if custom_id is None else Result(custom_id=custom_id, outcome=outcome)

    async def close(self) -> None:
        """Give back the sockets."""
        await self._client.close()

    @property
    def _options(self) -> RequestOptions:
        return {"headers": self._headers, "timeout": None}

    async def _get(self, path: str) -> Object:
        import httpx2  # noqa: PLC0415

        return await self._call.object(self._client.get(path, cast_to=httpx2.Response, options=self._options))

    async def _page(self, after: str | None, limit: int) -> Object:
        more = f"&after_id={_safe(after)}" if after else ""
        return await self._get(f"{_PATH}?limit={limit}{more}")


def _safe(batch_id: str) -> str:
    return quote(batch_id, safe="")


def _look(data: Object) -> Look:
    counts = inner(data, "request_counts")
    status = needed(data, "processing_status")
    return Look(
        id=needed(data, "id"), ended=status == "ended", status=status,
        requests=sum(count(counts, name) or 0 for name in _COUNTS), succeeded=count(counts, "succeeded"),
    )  # fmt: skip


def _time(said: str) -> datetime | None:
    try:
        made = datetime.fromisoformat(said)
    except ValueError:
        return None
    return made if made.tzinfo else made.replace(tzinfo=UTC)


def connect(model: Model) -> Api:
    """Open a line; ``runners.batches.connect`` has seen to it that the model can be called."""
    import aiohttp  # noqa: PLC0415
    import httpx2  # noqa: PLC0415  (the SDK takes a second to import: only those who call pay)
    from anthropic import AnthropicError, AsyncAnthropic, DefaultAioHttpClient, Omit  # noqa: PLC0415

    name = _address.key_name(model, live.KEY_ENV)
    key, address = _address.key_value(name), live.endpoint(model)
    client = AsyncAnthropic(
        api_key=key, base_url=address, max_retries=0,
        http_client=DefaultAioHttpClient(
            limits=httpx2.Limits(max_connections=8, keepalive_expiry=IDLE_S),
            follow_redirects=False,  # a redirect would carry the key to another host
        ),
    )  # fmt: skip
    headers: dict[str, str | Omit] = {} if key else {"X-Api-Key": Omit(), "Authorization": Omit()}
    line = Line(title=live.TITLE, model=model.name, address=address, key_name=name)
    return _Api(client, Caller(line, key, (AnthropicError, httpx2.HTTPError, aiohttp.ClientError, OSError)), headers)
