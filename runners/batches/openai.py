"""OpenAI's Batch API, called through the official SDK: a file goes up, a batch is made of it, files come down.

A file takes 50,000 requests or 200 MB, of one model; a batch ends within 24 hours, and what was finished by then is
charged and delivered (the API's reference of POST /batches and help.openai.com "Batch API FAQ", stored copies,
2026-11). A batch carries our tag in its ``metadata``, so one whose id was lost is found in the list. Servers that
imitate the API are spoken to in the same way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from runners import providers
from runners.batches._calls import SEND_S, Caller
from runners.batches._reading import refused, sampled
from runners.batches.batch import Api, Batch, Look, Result, Unfinished
from runners.model import Model
from runners.providers import _address, _chat
from runners.providers import openai as live
from runners.providers._http import IDLE_S
from runners.providers._http_error import Line
from runners.providers._reply import Object, count, inner, items, needed, parse, text
from runners.sample import Trouble
from runners.trouble import CallError, Fatal, Retryable

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI, Omit
    from openai._types import RequestOptions

_CHAT = "/v1/chat/completions"
_ENDED = {"completed", "failed", "expired", "cancelled"}
_PAGE, _PAGES = 100, 50
_TAG = "salience_tag"
_UNFINISHED = {"batch_expired": Unfinished.EXPIRED, "batch_cancelled": Unfinished.CANCELED}


def _write(lines: Iterator[tuple[str, bytes]], path: Path) -> None:
    with path.open("wb") as file:
        for name, body in lines:
            head = f'{{"custom_id":"{name}","method":"POST","url":"{_CHAT}","body":'.encode()
            file.write(head + body + b"}\n")


class _Api:
    """A ``runners.batches.batch.Api``."""

    most = (10_000, 100_000_000)

    def __init__(self, client: AsyncOpenAI, caller: Caller, headers: dict[str, str | Omit]) -> None:
        self._client, self._call, self._headers = client, caller, headers

    async def newest(self) -> tuple[str, str] | None:
        """Not needed: a batch bears its tag."""
        return None

    async def create(self, batch: Batch, lines: Callable[[], Iterator[tuple[str, bytes]]], scratch: Path) -> str:
        """Write the file, send it up, and make a batch of it; until the last step nothing can be bought."""
        await asyncio.to_thread(lambda: _write(lines(), scratch))
        try:
            uploaded = needed(await self._call.object(self._upload(batch, scratch), SEND_S), "id")
        finally:
            await asyncio.to_thread(scratch.unlink, missing_ok=True)
        body: dict[str, object] = {"input_file_id": uploaded, "endpoint": _CHAT, "completion_window": "24h",
                                   "metadata": {_TAG: batch.tag}}  # fmt: skip
        return await self._call.created(self._post("/batches", body))

    async def candidates(self, batch: Batch, known: frozenset[str]) -> tuple[Look, ...]:
        """The batch with our tag, if there is one among the newest 5,000. No time bounds the search: clocks differ."""
        after = ""
        for _ in range(_PAGES):
            page = await self._get(f"/batches?limit={_PAGE}{after}")
            found = items(page, "data") or []
            for data in found:
                if text(inner(data, "metadata"), _TAG) == batch.tag and needed(data, "id") not in known:
                    return (self._look(data),)
            if page.get("has_more") is not True or not found:
                break
            after = f"&after={_safe(needed(found[-1], 'id'))}"
        return ()

    async def look(self, batch_id: str) -> Look:
        """How the batch stands."""
        return self._look(await self._get(f"/batches/{_safe(batch_id)}"))

    async def cancel(self, batch_id: str) -> None:
        """Ask for its end; it may take ten minutes."""
        await self._call.object(self._post(f"/batches/{_safe(batch_id)}/cancel", None))

    async def results(self, look: Look) -> AsyncGenerator[bytes]:
        """Lines of the file of replies and then of the file of errors, each in whatever order."""
        for file in look.files:
            streamed = self._client.files.with_streaming_response
            try:
                async with streamed.content(file, extra_headers=self._headers, timeout=None) as response:
                    async for line in self._call.lines(response.iter_bytes()):
                        yield line
            except self._call.errors as error:
                raise self._call.failed(error) from None

    def read(self, line: bytes) -> Result | None:
        """One line: a reply with its status, or why there is none."""
        try:
            data = parse(line)
        except CallError:
            return None
        custom_id, error = text(data, "custom_id"), inner(data, "error")
        response = inner(data, "response")
        status, body = count(response, "status_code"), inner(response, "body")
        if custom_id is None:
            return None
        if (why := _UNFINISHED.get(text(error, "code") or "")) is not None:
            return Result(custom_id=custom_id, outcome=why)
        request_id = text(response, "request_id")
        if status == 200:
            sample = sampled(body, request_id, _chat.read)
            return None if sample is None else Result(custom_id=custom_id, outcome=sample)
        # A status of 0 and an error without a response have been seen: whatever it was, it was no reply.
        said, number = (body, status) if status else ({"error": error}, 500)
        return Result(custom_id=custom_id, outcome=refused(said, number, self._call, _chat.filtered, request_id))

    async def close(self) -> None:
        """Give back the sockets."""
        await self._client.close()

    @property
    def _options(self) -> RequestOptions:
        return {"headers": self._headers, "timeout": None}

    async def _get(self, path: str) -> Object:
        import httpx2  # noqa: PLC0415

        return await self._call.object(self._client.get(path, cast_to=httpx2.Response, options=self._options))

    async def _post(self, path: str, body: dict[str, object] | None) -> httpx2.Response:
        import httpx2  # noqa: PLC0415

        return await self._client.post(path, cast_to=httpx2.Response, body=body, options=self._options)

    async def _upload(self, batch: Batch, path: Path) -> httpx2.Response:
        with path.open("rb") as file:
            raw = await self._client.files.with_raw_response.create(
                file=(f"salience-{batch.tag}.jsonl", file), purpose="batch", extra_headers=self._headers, timeout=None
            )
        return raw.http_response

    def _look(self, data: Object) -> Look:
        status = needed(data, "status")
        return Look(
            id=needed(data, "id"), ended=status in _ENDED, status=status, ours=True,
            requests=count(inner(data, "request_counts"), "total") or 0,
            files=tuple(found for name in ("output_file_id", "error_file_id") if (found := text(data, name))),
            failed=self._why(data) if status == "failed" else None,
            succeeded=count(inner(data, "request_counts"), "completed"),
        )  # fmt: skip

    def _why(self, data: Object) -> CallError:
        said = (items(inner(data, "errors"), "data") or ({},))[0]
        words = f"{self._call.line.place}: the batch was turned down: {text(said, 'message') or 'no reason given'}"
        if "limit" in (text(said, "code") or ""):  # so many tokens may wait in batches at once
            return self._call.hidden(
                Retryable(Trouble.RATE_LIMIT, words, advice="Sent again by itself when others have ended.")
            )
        return self._call.hidden(Fatal(Trouble.BAD_REQUEST, words, advice="Change what the message names, then run "
                                       "again; nothing was bought."))  # fmt: skip


def _safe(batch_id: str) -> str:
    return quote(batch_id, safe="")


def connect(model: Model) -> Api:
    """Open a line; ``runners.batches.connect`` has seen to it that the model can be called."""
    import aiohttp  # noqa: PLC0415
    import httpx2  # noqa: PLC0415  (the SDK takes half a second to import: only those who call pay)
    from openai import AsyncOpenAI, DefaultAioHttpClient, Omit, OpenAIError  # noqa: PLC0415

    provider = providers.find(model.provider)
    name = _address.key_name(model, live.KEY_ENV) if model.provider == "openai" else model.key_env
    key, address = _address.key_value(name), provider.endpoint(model)
    client = AsyncOpenAI(
        api_key=key or "unused",  # the SDK insists; the header is left out below
        base_url=address, max_retries=0,
        http_client=DefaultAioHttpClient(
            limits=httpx2.Limits(max_connections=8, keepalive_expiry=IDLE_S),
            follow_redirects=False,  # a redirect would carry the key to another host
        ),
    )  # fmt: skip
    left_out = ("Authorization", "OpenAI-Organization", "OpenAI-Project")
    headers: dict[str, str | Omit] = {} if key else {name: Omit() for name in left_out}
    line = Line(title=provider.TITLE, model=model.name, address=address, key_name=name)
    return _Api(client, Caller(line, key, (OpenAIError, httpx2.HTTPError, aiohttp.ClientError, OSError)), headers)
