"""Any server that speaks Chat Completions at an address of its own: vLLM, OpenRouter, Ollama, llama.cpp."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runners.model import Model
from runners.providers import _address, _chat
from runners.providers._http_error import Line
from runners.request import Request

if TYPE_CHECKING:
    from runners.providers import Connection

TITLE = "OpenAI-compatible server"
SIMULATED = False
# Servers differ: say structured = true in models.toml where yours can.
STRUCTURED = re.compile(r"(?!)")
LOGPROBS = True


def endpoint(model: Model) -> str:
    """The server's address up to and with ``/v1``, in one spelling; "" when the model has none (see ``problem``)."""
    return _address.normal(model.base_url or "").removesuffix("/chat/completions")


def problem(model: Model) -> str | None:
    """A missing or wrong address, or a key that is named but not set, and what to do."""
    if not model.base_url:
        return (
            f"model {model.label!r} has no address; add base_url to it in models.toml, "
            f"or write openai_compatible/{model.name or 'NAME'}@http://127.0.0.1:8000/v1"
        )
    return _address.address_problem(model.base_url) or _address.key_problem(model.key_env)


def body(request: Request) -> bytes:
    """The Chat Completions body with the field names that every imitation knows.

    The thinking budget is added to ``max_tokens`` and asked for as ``reasoning_effort`` (vLLM, OpenRouter and Ollama
    take it, others ignore it); open models reason at any temperature, so it is sent.
    """
    budget = request.thinking_tokens
    return _chat.dumped(
        {
            "model": request.model,
            "messages": _chat.messages(request),
            "max_tokens": request.max_tokens + (budget or 0),
            "reasoning_effort": None if budget is None else _chat.effort(budget),
            "temperature": request.temperature,
            "top_p": request.top_p,
            "stop": request.stop,
            "response_format": _chat.held_to(request),
            **_chat.likely(request),
        }
    )


def connect(model: Model, concurrency: int) -> Connection:
    """Open a connection. Raises ``Fatal`` when ``problem`` finds one."""
    if wrong := problem(model):
        raise _address.not_ready(model, wrong, model.key_env)
    line = Line(title=TITLE, model=model.name, address=endpoint(model), key_name=model.key_env)
    return _chat.connect(line, _address.key_value(model.key_env), concurrency)
