"""What the tests of the HTTP providers share: replies of both wires, one call, and the check that no key leaks."""

from __future__ import annotations

import asyncio
import traceback

import pytest
from pytest_httpserver import HTTPServer

from runners.model import Model
from runners.providers import Connection, find
from runners.request import Request, Turn
from runners.sample import Sample
from runners.trouble import CallError

KEY = "sk-planted-0123456789abcdefghij"
PATHS = {"anthropic": "/v1/messages", "openai": "/v1/chat/completions", "openai_compatible": "/v1/chat/completions"}
WIRES = tuple(PATHS)
CHAT = ("openai", "openai_compatible")


def model(wire: str, url: str, key_env: str | None = "TEST_KEY") -> Model:
    return Model(label="m", provider=wire, name="test-model", base_url=f"{url.rstrip('/')}/v1", key_env=key_env)


def question(wire: str, **more: object) -> bytes:
    fields = {"max_tokens": 50, "turns": (Turn(role="user", text="Hello — ünïcödé"),), "system": "Be brief.", **more}
    return find(wire).body(Request(provider=wire, endpoint="x", model="test-model", **fields))


def reply(wire: str, text: str = "Hi.", stop: str | None = None, **more: object) -> dict[str, object]:
    if wire == "anthropic":
        return {
            "id": "msg_1", "type": "message", "role": "assistant", "model": "test-model-0001",
            "content": [{"type": "text", "text": text}], "stop_reason": stop or "end_turn",
            "usage": {"input_tokens": 7, "output_tokens": 5, "cache_read_input_tokens": 3,
                      "cache_creation_input_tokens": 2, "output_tokens_details": {"thinking_tokens": 4}}, **more,
        }  # fmt: skip
    return {
        "id": "chatcmpl-1", "model": "test-model-0001", "choices": [
            {"index": 0, "finish_reason": stop or "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 4},
                  "prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 2}}, **more,
    }  # fmt: skip


def error_body(wire: str, code: str, message: str) -> dict[str, object]:
    if wire == "anthropic":
        return {"type": "error", "error": {"type": code, "message": message}}
    return {"error": {"message": message, "type": code, "param": None, "code": code}}


def no_key(outcome: Sample | CallError) -> Sample | CallError:
    """Every test goes through here: the planted key stands in nothing that can be printed, stored or chained."""
    shown = repr(outcome)
    if isinstance(outcome, CallError):
        shown += f"{outcome}{outcome.message}{outcome.advice}{''.join(traceback.format_exception(outcome))}"
        shown += f"{outcome.__context__!r}{outcome.__cause__!r}"
        assert outcome.advice, "an error says what to do"
    assert KEY not in shown
    assert KEY[:20] not in shown
    return outcome


def open_line(who: Model) -> Connection:
    """A connection with the planted key in the environment and no proxy in the way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_KEY", KEY)
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            patch.delenv(name, raising=False)
        return find(who.provider).connect(who, 4)


async def once(who: Model, body: bytes, timeout_s: float) -> Sample | CallError:
    line = open_line(who)
    assert KEY not in repr(line)
    try:
        return no_key(await line.call(body, timeout_s))
    except CallError as error:
        return no_key(error)
    finally:
        await line.close()


def ask(wire: str, server: HTTPServer, timeout_s: float = 10.0) -> Sample | CallError:
    return asyncio.run(once(model(wire, server.url_for("")), question(wire), timeout_s))


def answer(server: HTTPServer, wire: str, body: object, status: int = 200, **headers: str) -> None:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    server.expect_request(PATHS[wire], method="POST").respond_with_json(body, status=status, headers=given)


def sampled(outcome: Sample | CallError) -> Sample:
    assert isinstance(outcome, Sample), outcome
    return outcome
