"""The Chat Completions wire, spoken by OpenAI and by every server that imitates it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from runners.providers._connector import guarded
from runners.providers._http import IDLE_S, HttpConnection, Wire
from runners.providers._http_error import Complaint, Line
from runners.providers._reply import Object, Reply, count, inner, items, needed, text, unreadable
from runners.request import Request
from runners.sample import Sample, Stop, Trouble, Usage
from runners.trouble import Retryable

if TYPE_CHECKING:
    import httpx2

    from runners.providers import Connection

_STOPS = {"stop": Stop.END, "length": Stop.LENGTH, "content_filter": Stop.CONTENT_FILTER}

# Error codes of OpenAI, Azure and routers that mean "the content filter stopped this prompt".
_FILTER_CODES = ("content_filter", "content_policy", "moderation_blocked")


def effort(thinking_tokens: int) -> str:
    """The ``reasoning_effort`` that stands for a thinking budget: the wire has three words where we have tokens."""
    if thinking_tokens <= 2048:
        return "low"
    return "medium" if thinking_tokens <= 8192 else "high"


def messages(request: Request) -> list[dict[str, str]]:
    """The turns as sent, the system message first."""
    system = [] if request.system is None else [{"role": "system", "content": request.system}]
    return [*system, *({"role": turn.role, "content": turn.text} for turn in request.turns)]


def held_to(request: Request) -> dict[str, object] | None:
    """The ``response_format`` that holds the reply to the request's JSON schema; None where it has none."""
    if request.schema is None:
        return None
    schema = {"name": "reply", "strict": True, "schema": orjson.loads(request.schema)}
    return {"type": "json_schema", "json_schema": schema}


def likely(request: Request) -> dict[str, object]:
    """The fields that ask for the log-probabilities of the likeliest tokens; none where the request asks for none."""
    return {} if request.logprobs is None else {"logprobs": True, "top_logprobs": request.logprobs}


def dumped(wire: Object) -> bytes:
    """The body without its unset fields."""
    return orjson.dumps({field: value for field, value in wire.items() if value is not None})


def _content(message: Object) -> str | None:
    parts = items(message, "content")
    if parts is not None:  # some servers answer in parts
        return "".join(needed(part, "text") for part in parts if part.get("type") == "text")
    return text(message, "content")


def _likely(choice: Object) -> tuple[tuple[str, float], ...] | None:
    places = items(inner(choice, "logprobs"), "content")
    if not places:
        return None
    found = [(needed(one, "token"), one.get("logprob")) for one in items(places[0], "top_logprobs") or ()]
    # A server may write an impossible token as minus infinity, which JSON has no number for.
    return tuple((token, float(value)) for token, value in found if isinstance(value, int | float) and value <= 0)


def read(reply: Reply) -> Sample:
    """A sample from a Chat Completions reply."""
    choices = items(reply.data, "choices")
    if not choices:
        raise unreadable("has no 'choices'")
    choice = choices[0]
    finish = needed(choice, "finish_reason")
    if finish == "error":  # OpenRouter, when the upstream broke off
        raise Retryable(
            Trouble.SERVER,
            f"the upstream server broke off: {text(inner(choice, 'error'), 'message') or 'no reason given'}",
            advice="Tried again by itself.",
        )
    message = inner(choice, "message")
    reasoning = text(message, "reasoning_content") or text(message, "reasoning")
    refusal, content = text(message, "refusal"), _content(message)
    stop = _STOPS.get(finish, Stop.OTHER)
    # A null content is a promise kept (all tokens went into reasoning); filters and tool calls may leave it out.
    if not message or ("content" not in message and stop in (Stop.END, Stop.LENGTH) and not (refusal or reasoning)):
        raise unreadable("has no 'message.content'")
    if refusal:
        stop = Stop.REFUSAL
    elif stop is Stop.END and text(choice, "stop_reason"):  # vLLM names the stop sequence that was met
        stop = Stop.SEQUENCE
    return Sample(
        text=refusal or content or "",
        stop=stop,
        model=needed(reply.data, "model"),
        reasoning=reasoning,
        usage=_usage(inner(reply.data, "usage")),
        request_id=reply.request_id or text(reply.data, "id"),
        latency_s=reply.latency_s,
        received_at=reply.received_at,
        logprobs=_likely(choice),
    )


def _usage(usage: Object) -> Usage:
    asked = inner(usage, "prompt_tokens_details")
    cached, written = count(asked, "cached_tokens"), count(asked, "cache_write_tokens")
    prompt = count(usage, "prompt_tokens")
    return Usage(
        # This wire counts cached tokens in, our noun leaves them out.
        input_tokens=None if prompt is None else max(prompt - (cached or 0) - (written or 0), 0),
        output_tokens=count(usage, "completion_tokens"),
        cache_read_tokens=cached,
        cache_write_tokens=written,
        reasoning_tokens=count(inner(usage, "completion_tokens_details"), "reasoning_tokens"),
    )


def filtered(said: Complaint) -> bool:
    """Whether the complaint is a content filter's: that is a result, not an error."""
    words = said.message.lower()
    flagged = "usage polic" in words or "flagged" in words
    return any(code in said.code for code in _FILTER_CODES) or (
        flagged and ("invalid_prompt" in said.code or "moderation" in words)
    )


def connect(line: Line, key: str, concurrency: int) -> Connection:
    """Open a connection to ``line.address``; without a key nothing that identifies the user is sent."""
    import aiohttp  # noqa: PLC0415
    import httpx2  # noqa: PLC0415  (the SDK takes half a second to import: only those who call pay)
    from openai import AsyncOpenAI, DefaultAioHttpClient, Omit, OpenAIError  # noqa: PLC0415

    client = AsyncOpenAI(
        api_key=key or "unused",  # the SDK insists; the header is left out below
        base_url=line.address,
        max_retries=0,
        http_client=guarded(DefaultAioHttpClient(
            limits=httpx2.Limits(max_connections=concurrency, keepalive_expiry=IDLE_S),
            follow_redirects=False,  # a redirect would carry the key to another host
        )),
    )  # fmt: skip
    headers: dict[str, str | Omit] = {"Content-Type": "application/json"}
    if not key:
        headers |= {"Authorization": Omit(), "OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}

    async def send(content: bytes) -> httpx2.Response:
        return await client.post(
            f"{line.address}/chat/completions",  # whole, or the SDK takes it apart and joins it anew for each call
            cast_to=httpx2.Response,
            content=content,
            # The SDK draws a random key for each call, which it has no header for and never sends.
            options={"headers": headers, "timeout": None, "idempotency_key": ""},
        )

    errors = (OpenAIError, httpx2.HTTPError, aiohttp.ClientError, OSError)
    wire = Wire(send=send, close=client.close, read=read, filtered=filtered, errors=errors)
    return HttpConnection(line, wire, key)
