"""The HTTP providers against real sockets: good replies, error statuses, waiting times, identical attempts."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request as Seen
from werkzeug import Response

from http_wires import (
    KEY,
    PATHS,
    WIRES,
    answer,
    ask,
    error_body,
    model,
    no_key,
    once,
    open_line,
    question,
    reply,
    sampled,
)
from runners.sample import Stop, Trouble, Usage
from runners.trouble import CallError, Fatal, Retryable


@pytest.mark.parametrize("wire", WIRES)
def test_a_good_reply_becomes_a_sample_with_usage_identity_and_times(wire: str, httpserver: HTTPServer) -> None:
    answer(httpserver, wire, reply(wire), **{"request_id" if wire == "anthropic" else "x_request_id": "req_9"})
    sample = sampled(ask(wire, httpserver))
    assert (sample.text, sample.stop, sample.model, sample.request_id) == ("Hi.", Stop.END, "test-model-0001", "req_9")
    assert sample.reasoning is None
    assert sample.usage == Usage(
        input_tokens=7, output_tokens=5, cache_read_tokens=3, cache_write_tokens=2, reasoning_tokens=4
    )
    assert sample.latency_s is not None
    assert 0 < sample.latency_s < 10
    assert datetime.fromisoformat(sample.received_at or "").tzinfo == UTC
    assert not sample.simulated


@pytest.mark.parametrize("wire", WIRES)
def test_the_key_travels_in_the_authorization_header_and_only_when_named(
    wire: str, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-official-api")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-of-the-official-api")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-private")
    answer(httpserver, wire, reply(wire))
    ask(wire, httpserver)
    asyncio.run(once(model(wire, httpserver.url_for(""), key_env=None), question(wire), 10))
    with_key, without = (seen.headers for seen, _ in httpserver.log)
    assert with_key["Authorization"] == f"Bearer {KEY}"
    assert "Authorization" not in without
    assert "X-Api-Key" not in without
    assert not any("official" in value or "org-private" in value for _, value in without.items())


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("status", "kind", "trouble"),
    [
        (307, Fatal, Trouble.BAD_REQUEST),
        (400, Fatal, Trouble.BAD_REQUEST),
        (401, Fatal, Trouble.AUTH),
        (402, Fatal, Trouble.QUOTA),
        (403, Fatal, Trouble.AUTH),
        (404, Fatal, Trouble.UNKNOWN_MODEL),
        (408, Retryable, Trouble.TIMEOUT),
        (409, Retryable, Trouble.SERVER),
        (413, Fatal, Trouble.BAD_REQUEST),
        (422, Fatal, Trouble.BAD_REQUEST),
        (429, Retryable, Trouble.RATE_LIMIT),
        (500, Retryable, Trouble.SERVER),
        (502, Retryable, Trouble.SERVER),
        (503, Retryable, Trouble.SERVER),
        (529, Retryable, Trouble.OVERLOADED),
    ],
)
def test_each_status_is_sorted_by_what_can_be_done(
    wire: str, status: int, kind: type[CallError], trouble: Trouble, httpserver: HTTPServer
) -> None:
    # The server is hostile: it echoes the key, at the place where the message is cut.
    echo = error_body(wire, "some_error", f"{'x' * 385} {KEY} was refused\x1b[2J")
    answer(httpserver, wire, echo, status, Location="https://elsewhere.invalid/", request_id=KEY)
    outcome = ask(wire, httpserver)
    assert isinstance(outcome, kind)
    assert (outcome.trouble, outcome.status) == (trouble, status)
    assert f"HTTP {status}" in outcome.message
    assert "\x1b" not in outcome.message
    assert len(httpserver.log) == 1, "one attempt a call, no redirect followed"
    if trouble is Trouble.AUTH:
        assert "export TEST_KEY=" in outcome.advice


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("header", "value", "low", "high"),
    [
        ("Retry-After", "7", 7, 7),
        ("Retry-After", "0.5", 0.5, 0.5),
        ("retry-after-ms", "250", 0.25, 0.25),
        ("Retry-After", format_datetime(datetime.now(UTC) + timedelta(seconds=9000), usegmt=True), 1, 9000),
        ("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Retry-After", "-5", 0, 0),
        ("Retry-After", "1" * 400, 86_400, 86_400),
        ("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT", 86_400, 86_400),
    ],
)
def test_a_rate_limit_says_how_long_to_wait_however_hostile_the_header(
    wire: str, header: str, value: str, low: float, high: float, httpserver: HTTPServer
) -> None:
    answer(httpserver, wire, error_body(wire, "rate_limit_error", "slow down"), 429, **{header: value})
    outcome = ask(wire, httpserver)
    assert isinstance(outcome, Retryable)
    assert outcome.trouble is Trouble.RATE_LIMIT
    assert outcome.retry_after_s is not None
    assert low <= outcome.retry_after_s <= high


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("status", "code", "message", "wait", "trouble"),
    [
        (429, "insufficient_quota", "You exceeded your current quota", "1", Trouble.QUOTA),
        (429, "rate_limit_error", "monthly quota reached", None, Trouble.QUOTA),
        (429, "rate_limit_error", "no credits left", None, Trouble.QUOTA),
        (400, "invalid_request_error", "Your credit balance is too low", None, Trouble.QUOTA),
        (429, "rate_limit_error", "quota of tokens per minute reached", "20", Trouble.RATE_LIMIT),
    ],
)
def test_a_lack_of_money_stops_and_a_quota_per_minute_waits(
    wire: str, status: int, code: str, message: str, wait: str | None, trouble: Trouble, httpserver: HTTPServer
) -> None:
    answer(httpserver, wire, error_body(wire, code, message), status, **({"Retry-After": wait} if wait else {}))
    outcome = ask(wire, httpserver)
    assert isinstance(outcome, Fatal if trouble is Trouble.QUOTA else Retryable)
    assert outcome.trouble is trouble


@pytest.mark.parametrize("wire", WIRES)
def test_every_attempt_sends_the_very_bytes_of_the_body(wire: str, httpserver: HTTPServer) -> None:
    bodies: list[bytes] = []
    statuses = iter([500, 429, 529, 200])

    def respond(seen: Seen) -> Response:
        bodies.append(seen.get_data())
        return Response(json.dumps(reply(wire)), next(statuses), content_type=seen.content_type)

    httpserver.expect_request(PATHS[wire]).respond_with_handler(respond)
    body = question(wire, temperature=0.7)

    async def four() -> None:
        line = open_line(model(wire, httpserver.url_for("")))
        for _ in range(4):
            try:
                await line.call(body, 10)
            except Retryable as error:
                no_key(error)
        await line.close()

    asyncio.run(four())
    assert bodies == [body] * 4
    assert len({seen.content_type for seen, _ in httpserver.log}) == 1


def test_asking_for_body_endpoint_and_problem_imports_no_sdk() -> None:
    code = (
        "import sys; from runners.providers import find; from runners.model import Model\n"
        "from runners.request import Request, Turn\n"
        "for name in ('anthropic', 'openai', 'openai_compatible'):\n"
        "    p = find(name); m = Model(label='m', provider=name, name='n', base_url='http://127.0.0.1:1/v1')\n"
        "    r = Request(provider=name, endpoint='', model='n', turns=(Turn(role='user', text='x'),), max_tokens=1)\n"
        "    p.body(r), p.endpoint(m), p.problem(m)\n"
        "print([m for m in ('anthropic', 'openai', 'httpx2', 'aiohttp', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
