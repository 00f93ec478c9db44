"""Anthropic's Messages API, called through the official SDK."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from runners.model import Model
from runners.providers import _address
from runners.providers._connector import guarded
from runners.providers._http import IDLE_S, HttpConnection, Wire
from runners.providers._http_error import Complaint, Line
from runners.providers._reply import Reply, count, inner, items, needed, text, unreadable
from runners.request import Request
from runners.sample import Sample, Stop, Usage

if TYPE_CHECKING:
    import httpx2

    from runners.providers import Connection

TITLE = "Anthropic"
SIMULATED = False
# Since Opus 4.1 and Sonnet 4.5 (stored copy of platform.claude.com/docs/build-with-claude/structured-outputs, 2026-11).
STRUCTURED = re.compile(r"(?!claude-(?:[0-3]|instant|(?:opus|sonnet)-4(?:-0|-2025|$)))")
OFFICIAL = "https://api.anthropic.com"
KEY_ENV = "ANTHROPIC_API_KEY"

_STOPS = {
    "end_turn": Stop.END,
    "max_tokens": Stop.LENGTH,
    "model_context_window_exceeded": Stop.LENGTH,
    "refusal": Stop.REFUSAL,
    "stop_sequence": Stop.SEQUENCE,
}
# Which models take a budget, and how thinking is switched off where it is on by default (stored copy of
# platform.claude.com/docs/build-with-claude/thinking and the models' own pages, 2026-11). Opus 5.5 and Fable 5 think
# always and refuse any switch; a model that is not named here is left to its own default unless thinking is asked for.
_BUDGETED = re.compile(r"claude-3-|claude-(opus|sonnet|haiku)-4(-[0-6])?(-\d{8}|-latest)?$")
_SWITCHED_OFF = (
    (re.compile(r"claude-sonnet-5-5(-\d{8})?$"), "between_tools"),
    (re.compile(r"claude-(haiku-5-5|sonnet-5|opus-5)(-\d{8})?$"), "disabled"),
)


# Tokens from which on a prefix is cached, as quoted from Anthropic's documentation (docs.orq.ai/docs/proxy/
# prompt-caching; anthropics/anthropic-sdk-python#1194; dev.to/creeta on the 5 models; read 2026-11); the larger where
# they differ. A shorter text that is marked is read and billed as if it were not.
_CACHED_FROM = (
    (re.compile(r"claude-(opus|fable|mythos)-5(-\d{8})?$"), 512),
    (re.compile(r"claude-(opus-4-8|sonnet-5|sonnet-4-5|opus-4-1|(opus|sonnet)-4(-0)?|3-[57]-sonnet|3-opus)"
                r"(-\d{8}|-latest)?$"), 1024),
    (re.compile(r"claude-(sonnet-4-6|3-5-haiku|3-haiku)(-\d{8}|-latest)?$"), 2048),
    (re.compile(r"claude-(opus-4-[567]|haiku-4-5)(-\d{8}|-latest)?$"), 4096),
)  # fmt: skip
_CACHED_FROM_UNKNOWN, _LEAST = 4096, 512
_CHARACTERS = 4  # of a token, at most about; a quick test that errs on the side of not marking


def endpoint(model: Model) -> str:
    """The API's root address, in one spelling, without ``/v1``."""
    return _address.normal(model.base_url or OFFICIAL).removesuffix("/messages").removesuffix("/v1")


def problem(model: Model) -> str | None:
    """A wrong address or a missing key, and what to do."""
    wrong = _address.address_problem(model.base_url) if model.base_url else None
    return wrong or _address.key_problem(_address.key_name(model, KEY_ENV))


def _thinking(request: Request) -> dict[str, object] | None:
    if request.thinking_tokens is not None:
        if _BUDGETED.search(request.model):
            return {"type": "enabled", "budget_tokens": request.thinking_tokens}
        # Newer models set their own depth and hide the text unless asked.
        return {"type": "adaptive", "display": "summarized"}
    off = next((word for name, word in _SWITCHED_OFF if name.search(request.model)), None)
    return {"type": off} if off else None


def _format(request: Request) -> dict[str, object] | None:
    if request.schema is None:
        return None
    return {"format": {"type": "json_schema", "schema": orjson.loads(request.schema)}}


@lru_cache(maxsize=64)
def _shortest(model: str) -> int | None:
    return next((tokens for name, tokens in _CACHED_FROM if name.match(model)), None)


def cached_from(request: Request) -> int | None:
    """Tokens from which on the system text is kept in the cache; None where it is too short to be marked.

    Of a model that is not in the list the largest known minimum is expected, and from the smallest on its texts are
    marked: marking costs nothing where it does not take.
    """
    known = _shortest(request.model)
    long = request.system is not None and len(request.system) >= _CHARACTERS * (known or _LEAST)
    return (known or _CACHED_FROM_UNKNOWN) if long else None


def _system(request: Request) -> object:
    if cached_from(request) is None:
        return request.system
    return [{"type": "text", "text": request.system, "cache_control": {"type": "ephemeral"}}]


def body(request: Request) -> bytes:
    """The Messages body.

    ``max_tokens`` of a request bounds the visible reply; the thinking budget is added to it, because the API counts
    both against one limit. With thinking the API takes no temperature, so none is sent.

    A long system text is marked for Anthropic's prompt cache: writing costs a quarter more than reading it plain, a
    hit a tenth or less. In a comparison each system text is asked at least twice (both tiers, and what is asked about
    facts or in the interview; a judge's rubric with every sample), which pays from the first hit on. The exception is
    a single tier without further questions, where marking costs a quarter of the system text's price for nothing; a
    body is made of its request alone and cannot know. The model reads the same text, marked or not.
    """
    thinks = request.thinking_tokens is not None
    wire: dict[str, object] = {
        "model": request.model,
        "max_tokens": request.max_tokens + (request.thinking_tokens or 0),
        "system": _system(request),
        "messages": [{"role": turn.role, "content": turn.text} for turn in request.turns],
        "thinking": _thinking(request),
        "temperature": None if thinks else request.temperature,
        "top_p": None if thinks else request.top_p,
        "stop_sequences": request.stop,
        "output_config": _format(request),
    }
    return orjson.dumps({field: value for field, value in wire.items() if value is not None})


def read(reply: Reply) -> Sample:
    """A sample from a Messages reply. Hidden thinking counts as reasoning "" or "[redacted]", its absence as None."""
    blocks = items(reply.data, "content")
    if blocks is None:
        raise unreadable("has no 'content'")
    shown: list[str] = []
    thought: list[str] = []
    for block in blocks:
        match block.get("type"):
            case "text":
                shown.append(needed(block, "text"))
            case "thinking":
                thought.append(needed(block, "thinking"))
            case "redacted_thinking":
                thought.append("[redacted]")
            case _:
                pass
    usage = inner(reply.data, "usage")
    return Sample(
        text="".join(shown),
        stop=_STOPS.get(needed(reply.data, "stop_reason"), Stop.OTHER),
        model=needed(reply.data, "model"),
        reasoning="\n\n".join(part for part in thought if part) if thought else None,
        usage=Usage(
            input_tokens=count(usage, "input_tokens"),
            output_tokens=count(usage, "output_tokens"),
            cache_read_tokens=count(usage, "cache_read_input_tokens"),
            cache_write_tokens=count(usage, "cache_creation_input_tokens"),
            reasoning_tokens=count(inner(usage, "output_tokens_details"), "thinking_tokens"),
        ),
        request_id=reply.request_id or text(reply.data, "id"),
        latency_s=reply.latency_s,
        received_at=reply.received_at,
    )


def filtered(said: Complaint) -> bool:
    """Whether the complaint is a content filter's: that is a result, not an error."""
    return "content filter" in said.message.lower()


def connect(model: Model, concurrency: int) -> Connection:
    """Open a connection. Raises ``Fatal`` when ``problem`` finds one."""
    import aiohttp  # noqa: PLC0415
    import httpx2  # noqa: PLC0415  (the SDK takes a second to import: only those who call pay)
    from anthropic import AnthropicError, AsyncAnthropic, DefaultAioHttpClient, Omit  # noqa: PLC0415

    if wrong := problem(model):
        raise _address.not_ready(model, wrong, _address.key_name(model, KEY_ENV))
    name = _address.key_name(model, KEY_ENV)
    key = _address.key_value(name)
    client = AsyncAnthropic(
        api_key=key,
        base_url=endpoint(model),
        max_retries=0,
        http_client=guarded(DefaultAioHttpClient(
            limits=httpx2.Limits(max_connections=concurrency, keepalive_expiry=IDLE_S),
            follow_redirects=False,  # a redirect would carry the key to another host
        )),
    )  # fmt: skip
    headers: dict[str, str | Omit] = {"Content-Type": "application/json"}
    if not key:
        headers["Authorization"] = Omit()

    # As in ``_chat.connect``: a whole address, and no random key that is never sent.
    url = f"{endpoint(model)}/v1/messages"

    async def send(content: bytes) -> httpx2.Response:
        return await client.post(
            url,
            cast_to=httpx2.Response,
            content=content,
            options={"headers": headers, "timeout": None, "idempotency_key": ""},
        )

    errors = (AnthropicError, httpx2.HTTPError, aiohttp.ClientError, OSError)
    wire = Wire(send=send, close=client.close, read=read, filtered=filtered, errors=errors)
    return HttpConnection(Line(title=TITLE, model=model.name, address=endpoint(model), key_name=name), wire, key)
