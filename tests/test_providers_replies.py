"""What replies of every kind become over real sockets: stops, refusals, reasoning, filters, broken protocol."""

from __future__ import annotations

import gzip
import json

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from http_wires import CHAT, KEY, PATHS, WIRES, answer, ask, error_body, reply, sampled
from runners.sample import Stop, Trouble
from runners.trouble import Retryable

STOPS = {
    "anthropic": {
        "max_tokens": Stop.LENGTH, "model_context_window_exceeded": Stop.LENGTH, "refusal": Stop.REFUSAL,
        "stop_sequence": Stop.SEQUENCE, "pause_turn": Stop.OTHER, "brand_new": Stop.OTHER,
    },
    "chat": {"length": Stop.LENGTH, "content_filter": Stop.CONTENT_FILTER, "tool_calls": Stop.OTHER},
}  # fmt: skip


@pytest.mark.parametrize(
    ("wire", "word", "stop"),
    [(wire, *pair) for wire in WIRES for pair in STOPS["anthropic" if wire == "anthropic" else "chat"].items()],
)
def test_a_stop_of_any_kind_is_a_result(wire: str, word: str, stop: Stop, httpserver: HTTPServer) -> None:
    answer(httpserver, wire, reply(wire, text="as far as it got", stop=word))
    sample = sampled(ask(wire, httpserver))
    assert (sample.stop, sample.text) == (stop, "as far as it got")


@pytest.mark.parametrize("wire", CHAT)
def test_a_chat_refusal_is_a_result_with_the_words_of_the_refusal(wire: str, httpserver: HTTPServer) -> None:
    message = {"role": "assistant", "content": None, "refusal": "I can't help with that."}
    answer(httpserver, wire, reply(wire, choices=[{"finish_reason": "stop", "message": message}]))
    sample = sampled(ask(wire, httpserver))
    assert (sample.stop, sample.text) == (Stop.REFUSAL, "I can't help with that.")


@pytest.mark.parametrize(
    ("wire", "status", "code", "message"),
    [
        ("anthropic", 400, "invalid_request_error", "Output blocked by content filtering policy"),
        ("openai", 400, "content_filter", "The response was filtered"),
        ("openai", 400, "content_policy_violation", "no"),
        ("openai", 400, "invalid_prompt", "flagged as potentially violating our usage policy"),
        ("openai_compatible", 403, "403", "This model requires moderation and your input was flagged"),
    ],
)
def test_a_content_filter_is_a_result_even_as_an_error_status(
    wire: str, status: int, code: str, message: str, httpserver: HTTPServer
) -> None:
    answer(httpserver, wire, error_body(wire, code, message), status)
    sample = sampled(ask(wire, httpserver))
    assert (sample.stop, sample.text, sample.model) == (Stop.CONTENT_FILTER, "", "test-model")


def test_native_thinking_blocks_become_reasoning_and_stay_out_of_the_text(httpserver: HTTPServer) -> None:
    blocks = [
        {"type": "thinking", "thinking": "First.", "signature": "s"},
        {"type": "redacted_thinking", "data": "zzz"},
        {"type": "text", "text": "A"},
        {"type": "from_the_future"},
        {"type": "text", "text": "B"},
    ]
    answer(httpserver, "anthropic", reply("anthropic", content=blocks))
    sample = sampled(ask("anthropic", httpserver))
    assert (sample.text, sample.reasoning) == ("AB", "First.\n\n[redacted]")


@pytest.mark.parametrize(("content", "reasoning"), [([{"type": "thinking", "thinking": ""}], ""), ([], None)])
def test_hidden_thinking_is_not_the_absence_of_thinking(
    content: list[object], reasoning: str | None, httpserver: HTTPServer
) -> None:
    answer(httpserver, "anthropic", reply("anthropic", content=content))
    assert sampled(ask("anthropic", httpserver)).reasoning == reasoning


@pytest.mark.parametrize("wire", CHAT)
@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_of_open_models_is_kept_apart(wire: str, field: str, httpserver: HTTPServer) -> None:
    message = {"role": "assistant", "content": None, field: "Hmm."}
    answer(httpserver, wire, reply(wire, choices=[{"finish_reason": "length", "message": message}]))
    sample = sampled(ask(wire, httpserver))
    assert (sample.text, sample.reasoning, sample.stop) == ("", "Hmm.", Stop.LENGTH)


def test_a_stop_sequence_that_vllm_names_is_a_sequence_stop(httpserver: HTTPServer) -> None:
    choice = {"finish_reason": "stop", "stop_reason": "###", "message": {"content": "x"}}
    answer(httpserver, "openai_compatible", reply("openai_compatible", choices=[choice]))
    assert sampled(ask("openai_compatible", httpserver)).stop is Stop.SEQUENCE


@pytest.mark.parametrize("wire", CHAT)
def test_an_error_inside_a_200_is_sorted_by_its_own_code(wire: str, httpserver: HTTPServer) -> None:
    answer(httpserver, wire, {"error": {"code": 429, "message": f"upstream busy {KEY}"}})
    outcome = ask(wire, httpserver)
    assert isinstance(outcome, Retryable)
    assert outcome.trouble is Trouble.RATE_LIMIT


def unreadable_replies(wire: str) -> dict[str, Response]:
    good = json.dumps(reply(wire)).encode()
    broken = dict(reply(wire))
    broken.pop("content" if wire == "anthropic" else "choices")
    return {
        "truncated JSON": Response(good[:-20], content_type="application/json"),
        "a web page": Response("<html>Sign in</html>", content_type="text/html; charset=utf-8"),
        "an event stream": Response(b"data: " + good, content_type="text/event-stream"),
        "JSON of another type": Response(good, content_type="text/plain"),
        "an array": Response(b"[]", content_type="application/json"),
        "nothing": Response(b"", content_type="application/json"),
        "a promised field missing": Response(json.dumps(broken), content_type="application/json"),
        "a deep nest": Response(b"[" * 100_000, content_type="application/json"),
        "broken gzip": Response(b"notgzip", content_type="application/json", headers={"Content-Encoding": "gzip"}),
        "an error without a code": Response(json.dumps({"error": {"message": KEY}}), content_type="application/json"),
    }


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("what", list(unreadable_replies("openai")))
def test_a_reply_that_breaks_the_protocol_is_unreadable_and_may_be_tried_again(
    wire: str, what: str, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(PATHS[wire]).respond_with_response(unreadable_replies(wire)[what])
    outcome = ask(wire, httpserver)
    assert isinstance(outcome, Retryable)
    assert outcome.trouble is Trouble.UNREADABLE


@pytest.mark.parametrize("wire", WIRES)
def test_lone_surrogates_and_an_echoed_key_do_not_reach_the_store(wire: str, httpserver: HTTPServer) -> None:
    raw = json.dumps(reply(wire, text=f"a\ud800b \U0001f600 {KEY}"))
    httpserver.expect_request(PATHS[wire]).respond_with_data(
        gzip.compress(raw.encode()), content_type="application/json", headers={"Content-Encoding": "gzip"}
    )
    sample = sampled(ask(wire, httpserver))
    assert sample.text == "a\ufffdb \U0001f600 [key hidden]"
    sample.text.encode("utf-8")


@pytest.mark.parametrize("wire", WIRES)
def test_a_key_echoed_in_headers_is_hidden_too(wire: str, httpserver: HTTPServer) -> None:
    answer(httpserver, wire, reply(wire), request_id=f"req-{KEY}")
    assert sampled(ask(wire, httpserver)).request_id == "req-[key hidden]"
    httpserver.clear()
    httpserver.expect_request(PATHS[wire]).respond_with_data("{}", content_type=f"text/{KEY}")
    outcome = ask(wire, httpserver)
    assert isinstance(outcome, Retryable)
    assert "[key hidden]" in outcome.message
