"""OpenAI's Chat Completions API, called through the official SDK."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from runners.model import Model
from runners.providers import _address, _chat
from runners.providers._http_error import Line
from runners.request import Request

if TYPE_CHECKING:
    from runners.providers import Connection

TITLE = "OpenAI"
SIMULATED = False
# Since gpt-4o-2024-08-06 (stored copy of the API's guide to structured outputs, 2026-11).
STRUCTURED = re.compile(r"(?!gpt-3|gpt-4(?:$|-0|-1|-turbo|-32k)|gpt-4o-2024-05|o1-(?:mini|preview))")
OFFICIAL = "https://api.openai.com/v1"
KEY_ENV = "OPENAI_API_KEY"

# Models that reason by default and can be told not to (their documentation, 2026-11). GPT-6.1 Sol and GPT-6.2 refuse
# "none", GPT-4.1 knows no effort at all: a model that is not named here is left to its own default.
_SWITCHED_OFF = re.compile(r"gpt-(6-sol|6-luna|6\.1-terra)")

# developers.openai.com/api/docs/guides/prompt-caching (stored copy, 2026-11).
_CACHED_FROM = 1024
_CHARACTERS = 4  # of a token, at most about


def endpoint(model: Model) -> str:
    """The API's address up to and with ``/v1``, in one spelling."""
    return _address.normal(model.base_url or OFFICIAL).removesuffix("/chat/completions")


def problem(model: Model) -> str | None:
    """A wrong address or a missing key, and what to do."""
    wrong = _address.address_problem(model.base_url) if model.base_url else None
    return wrong or _address.key_problem(_address.key_name(model, KEY_ENV))


def cached_from(request: Request) -> int | None:
    """Tokens from which on a prefix is kept in the cache, by itself; None where the system text is far from it."""
    return _CACHED_FROM if request.system and len(request.system) >= _CHARACTERS * _CACHED_FROM else None


def _cache_key(request: Request) -> str | None:
    if request.endpoint != OFFICIAL or request.system is None or cached_from(request) is None:
        return None
    return hashlib.sha256(request.system.encode()).hexdigest()[:32]


def body(request: Request) -> bytes:
    """The Chat Completions body with OpenAI's own field names.

    ``max_tokens`` of a request bounds the visible reply; the thinking budget is added to it, because the API counts
    both against ``max_completion_tokens``. A budget becomes a ``reasoning_effort`` (``_chat.effort``); while they
    reason, OpenAI's models take no temperature, so none is sent.

    ``prompt_cache_key`` leads requests that share a long system text to one machine. By itself OpenAI routes by a hash
    of the first 256 tokens or so, which all arms of a setting have in common, and spreads what is more than about 15
    a minute. It is no part of what the model reads.
    """
    budget = request.thinking_tokens
    off = "none" if _SWITCHED_OFF.match(request.model) else None
    return _chat.dumped(
        {
            "model": request.model,
            "messages": _chat.messages(request),
            "max_completion_tokens": request.max_tokens + (budget or 0),
            "reasoning_effort": off if budget is None else _chat.effort(budget),
            "temperature": request.temperature if budget is None else None,
            "top_p": request.top_p if budget is None else None,
            "stop": request.stop,
            "response_format": _chat.held_to(request),
            **_chat.likely(request),
            "prompt_cache_key": _cache_key(request),
        }
    )


def connect(model: Model, concurrency: int) -> Connection:
    """Open a connection. Raises ``Fatal`` when ``problem`` finds one."""
    if wrong := problem(model):
        raise _address.not_ready(model, wrong, _address.key_name(model, KEY_ENV))
    name = _address.key_name(model, KEY_ENV)
    line = Line(title=TITLE, model=model.name, address=endpoint(model), key_name=name)
    return _chat.connect(line, _address.key_value(name), concurrency)
