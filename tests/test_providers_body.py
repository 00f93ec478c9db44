"""What each provider puts on the wire, byte for byte, and how addresses and keys are read."""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners import rubric
from runners.judging import Judging
from runners.metrics import compliance
from runners.model import Model
from runners.providers import _reply, find, structured
from runners.providers._address import address_problem, normal
from runners.providers._http_error import LONGEST_PAUSE_S, complaint, pause_s
from runners.request import Request, Turn
from runners.sample import Sample
from runners.trouble import Fatal, Retryable
from trial_maker import case_of, make_trial, say

WIRES = ("anthropic", "openai", "openai_compatible")
TURNS = (Turn(role="user", text="Ünïcödé?"), Turn(role="assistant", text="Yes."), Turn(role="user", text="Go on."))


def request(wire: str, model: str = "some-model", **more: object) -> Request:
    fields = {"turns": TURNS, "max_tokens": 400, **more}
    return Request(provider=wire, endpoint="x", model=model, **fields)


def sent(wire: str, model: str = "some-model", **more: object) -> dict[str, object]:
    return cast("dict[str, object]", json.loads(find(wire).body(request(wire, model, **more))))


GOLDEN = {
    "anthropic": (
        '{"model":"some-model","max_tokens":400,"system":"Be brief.","messages":[{"role":"user","content":"Ünïcödé?"},'
        '{"role":"assistant","content":"Yes."},{"role":"user","content":"Go on."}],"temperature":0.7,"top_p":0.9,'
        '"stop_sequences":["END"]}'
    ),
    "openai": (
        '{"model":"some-model","messages":[{"role":"system","content":"Be brief."},'
        '{"role":"user","content":"Ünïcödé?"},{"role":"assistant","content":"Yes."},'
        '{"role":"user","content":"Go on."}],"max_completion_tokens":400,'
        '"temperature":0.7,"top_p":0.9,"stop":["END"]}'
    ),
    "openai_compatible": (
        '{"model":"some-model","messages":[{"role":"system","content":"Be brief."},'
        '{"role":"user","content":"Ünïcödé?"},{"role":"assistant","content":"Yes."},'
        '{"role":"user","content":"Go on."}],"max_tokens":400,'
        '"temperature":0.7,"top_p":0.9,"stop":["END"]}'
    ),
}


@pytest.mark.parametrize("wire", WIRES)
def test_the_full_body_is_golden(wire: str) -> None:
    body = find(wire).body(request(wire, system="Be brief.", temperature=0.7, top_p=0.9, stop=("END",)))
    assert body.decode() == GOLDEN[wire]


@pytest.mark.parametrize(
    ("wire", "digest"),
    [
        ("anthropic", "f20248821ecfeb4b"),
        ("openai", "61cece105ed70554"),
        ("openai_compatible", "be8ed1953dbade89"),
    ],
)
def test_the_smallest_body_keeps_its_hash(wire: str, digest: str) -> None:
    assert hashlib.sha256(find(wire).body(request(wire))).hexdigest()[:16] == digest


@pytest.mark.parametrize("wire", WIRES)
@given(replicate=st.integers(0, 10**6))
def test_the_replicate_never_goes_on_the_wire(wire: str, replicate: int) -> None:
    assert find(wire).body(request(wire, replicate=replicate)) == find(wire).body(request(wire))


@pytest.mark.parametrize(
    ("model", "asked", "unasked"),
    [
        ("claude-haiku-4-5-20251001", {"type": "enabled", "budget_tokens": 2000}, None),
        ("claude-sonnet-4-20250514", {"type": "enabled", "budget_tokens": 2000}, None),
        ("claude-opus-4-6", {"type": "enabled", "budget_tokens": 2000}, None),
        ("claude-opus-4-7", {"type": "adaptive", "display": "summarized"}, None),
        ("claude-haiku-5-5", {"type": "adaptive", "display": "summarized"}, {"type": "disabled"}),
        ("claude-sonnet-5-5", {"type": "adaptive", "display": "summarized"}, {"type": "between_tools"}),
        ("claude-opus-5-5", {"type": "adaptive", "display": "summarized"}, None),
        ("claude-fable-5-1", {"type": "adaptive", "display": "summarized"}, None),
        ("a-model-of-2027", {"type": "adaptive", "display": "summarized"}, None),
    ],
)
def test_anthropic_thinking_is_asked_for_and_switched_off_as_each_model_allows(
    model: str, asked: dict[str, object], unasked: dict[str, object] | None
) -> None:
    thinking = sent("anthropic", model, thinking_tokens=2000, temperature=0.3, top_p=0.5)
    assert thinking["thinking"] == asked
    assert thinking["max_tokens"] == 2400, "the budget comes on top of the visible reply"
    assert "temperature" not in thinking
    assert "top_p" not in thinking
    plain = sent("anthropic", model, temperature=0.3)
    assert plain.get("thinking") == unasked
    assert (plain["max_tokens"], plain["temperature"]) == (400, 0.3)


@pytest.mark.parametrize(("tokens", "effort"), [(1024, "low"), (2048, "low"), (4096, "medium"), (32_000, "high")])
def test_a_thinking_budget_becomes_an_effort_on_chat_completions(tokens: int, effort: str) -> None:
    official = sent("openai", "gpt-6-luna", thinking_tokens=tokens, temperature=0.3)
    assert (official["reasoning_effort"], official["max_completion_tokens"]) == (effort, 400 + tokens)
    assert "temperature" not in official
    local = sent("openai_compatible", "qwen", thinking_tokens=tokens, temperature=0.3)
    assert (local["reasoning_effort"], local["max_tokens"], local["temperature"]) == (effort, 400 + tokens, 0.3)


@pytest.mark.parametrize(("model", "effort"), [("gpt-6-luna", "none"), ("gpt-6.2-sol", None), ("gpt-4.1", None)])
def test_openai_reasoning_is_switched_off_where_the_model_has_a_switch(model: str, effort: str | None) -> None:
    assert sent("openai", model).get("reasoning_effort") == effort


def model(wire: str, **more: object) -> Model:
    fields = {"label": "m", "name": "n", "provider": wire, **more}
    return Model(**fields)


@pytest.mark.parametrize(
    ("wire", "url", "endpoint"),
    [
        ("anthropic", None, "https://api.anthropic.com"),
        ("openai", None, "https://api.openai.com/v1"),
        ("anthropic", "HTTP://LocalHost:80/v1/", "http://localhost"),
        ("openai_compatible", "https://User:pw@Host.example:443/v1/?key=s#f", "https://host.example/v1"),
        ("openai_compatible", "http://[::1]:8000/v1/chat/completions", "http://[::1]:8000/v1"),
        ("openai", "http://proxy:8443/openai/v1", "http://proxy:8443/openai/v1"),
    ],
)
def test_an_endpoint_is_one_spelling_of_the_address_without_secrets(wire: str, url: str | None, endpoint: str) -> None:
    assert find(wire).endpoint(model(wire, base_url=url)) == endpoint


URLS = st.text() | st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["http", "HTTPS", "ftp"]),
    st.sampled_from(["", "me@", "a:b@", "a@b@"]),
    st.sampled_from(["h", "H:80", "[::1]", "[::1]:8", "h:x", "", "é.example"]),
    st.text(alphabet="/?#@:[]a. \t\n%", max_size=12),
)


@given(URLS)
def test_no_address_holds_a_secret_and_a_good_one_has_one_spelling(url: str) -> None:
    once = normal(url)
    assert "?" not in once
    assert "@" not in once.partition("//")[2].partition("/")[0]
    if "write something like" not in (address_problem(url) or ""):
        assert normal(once) == once


@pytest.mark.parametrize("wire", ["anthropic", "openai"])
def test_a_missing_key_is_named_with_the_command_that_sets_it(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    official = f"{wire.upper()}_API_KEY"
    monkeypatch.delenv(official, raising=False)
    assert f"export {official}=" in (find(wire).problem(model(wire)) or "")
    with pytest.raises(Fatal, match="cannot be called") as raised:
        find(wire).connect(model(wire), 1)
    assert raised.value.trouble == "auth"
    monkeypatch.setenv(official, "sk-fine\n")
    assert find(wire).problem(model(wire)) is None
    monkeypatch.setenv(official, "two words")
    assert "copy the key again" in (find(wire).problem(model(wire)) or "")
    assert "two words" not in (find(wire).problem(model(wire)) or "")


@pytest.mark.parametrize("wire", WIRES)
def test_an_address_that_cannot_be_called_is_refused_with_advice(wire: str) -> None:
    provider = find(wire)
    for url in ("localhost:8000/v1", "ftp://x/v1", "http://", "http://x:port/", "http://[::1"):
        assert "write something like http://" in (provider.problem(model(wire, base_url=url)) or "")
    for url in ("http://me:secret@x/v1", "http://x/v1?api_key=secret"):
        wrong = provider.problem(model(wire, base_url=url)) or ""
        assert "key_env" in wrong
        assert "secret" not in wrong
        with pytest.raises(Fatal) as raised:
            provider.connect(model(wire, base_url=url), 1)
        assert raised.value.trouble == "bad_request"
    assert provider.problem(model(wire, base_url="http://127.0.0.1:8000/v1")) is None


def test_a_compatible_model_without_an_address_says_how_to_write_one() -> None:
    assert "base_url" in (find("openai_compatible").problem(model("openai_compatible")) or "")
    assert find("openai_compatible").endpoint(model("openai_compatible")) == ""


@given(st.sampled_from(["retry-after", "retry-after-ms"]), st.text(max_size=60))
def test_no_waiting_time_breaks_the_clock(header: str, value: str) -> None:
    pause = pause_s({header: value})
    assert pause is None or 0 <= pause <= LONGEST_PAUSE_S


NAMES = st.sampled_from(
    ["content", "choices", "message", "finish_reason", "stop_reason", "model", "usage", "type", "text", "thinking",
     "error", "code", "refusal", "input_tokens", "prompt_tokens", "prompt_tokens_details", "cached_tokens", "id"]
)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | NAMES
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=40)


@pytest.mark.parametrize("wire", ["anthropic", "_chat"])
@given(data=st.dictionaries(NAMES, JSON))
def test_any_json_is_a_sample_or_unreadable_and_never_a_crash(wire: str, data: dict[str, object]) -> None:
    from importlib import import_module

    reply = _reply.Reply(data=data, request_id=None, latency_s=0.1, received_at="2026-11-24T00:00:00+00:00")
    try:
        outcome = import_module(f"runners.providers.{wire}").read(reply)
    except Retryable:
        return
    assert isinstance(outcome, Sample)
    outcome.text.encode()


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_unreadable_and_a_complaint_is_always_text(content: bytes) -> None:
    with contextlib.suppress(Retryable):
        assert isinstance(_reply.parse(content), dict)
    assert isinstance(complaint(content).message, str)


SCHEMA = rubric.find("compliance").schema


def test_a_schema_stands_where_each_wire_wants_it_and_nowhere_without_one() -> None:
    held = {"type": "json_schema", "schema": json.loads(SCHEMA)}
    assert sent("anthropic", schema=SCHEMA)["output_config"] == {"format": held}
    strict = {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": json.loads(SCHEMA)}}
    for wire in ("openai", "openai_compatible", "embedded"):
        assert sent(wire, schema=SCHEMA)["response_format"] == strict
    for wire in (*WIRES, "embedded"):
        assert not sent(wire).keys() & {"output_config", "response_format"}


@pytest.mark.parametrize("wire", WIRES)
def test_a_schema_adds_its_field_and_changes_no_other_and_its_fields_stay_in_order(wire: str) -> None:
    held, free = sent(wire, schema=SCHEMA), sent(wire)
    assert {name: value for name, value in held.items() if name in free} == free
    assert len(held) == len(free) + 1
    body = find(wire).body(request(wire, schema=SCHEMA)).decode()
    assert body.index('"quotes":{') < body.index('"verdict":{')
    assert body == find(wire).body(request(wire, schema=SCHEMA, replicate=4)).decode()
    assert request(wire, schema=SCHEMA).key != request(wire).key


@pytest.mark.parametrize(
    ("wire", "name", "said", "held"),
    [
        ("anthropic", "claude-2.1", None, False),
        ("anthropic", "claude-3-5-sonnet-20241022", None, False),
        ("anthropic", "claude-3-opus-latest", None, False),
        ("anthropic", "claude-opus-4-20250514", None, False),
        ("anthropic", "claude-sonnet-4-0", None, False),
        ("anthropic", "claude-opus-4-1-20250805", None, True),
        ("anthropic", "claude-sonnet-4-5", None, True),
        ("anthropic", "claude-haiku-4-5-20251001", None, True),
        ("anthropic", "claude-haiku-5-5", None, True),
        ("openai", "gpt-3.5-turbo", None, False),
        ("openai", "gpt-4", None, False),
        ("openai", "gpt-4-turbo", None, False),
        ("openai", "gpt-4-1106-preview", None, False),
        ("openai", "gpt-4o-2024-05-13", None, False),
        ("openai", "o1-mini", None, False),
        ("openai", "gpt-4o", None, True),
        ("openai", "gpt-4.1-mini", None, True),
        ("openai", "gpt-6-luna", None, True),
        ("openai_compatible", "gpt-6-luna", None, False),
        ("openai_compatible", "qwen", True, True),
        ("openai", "gpt-6-luna", False, False),
        ("anthropic", "claude-2.1", True, True),
        ("embedded", "SmolLM2-135M-Instruct", None, True),
        ("organism", "paper_like", None, False),
    ],
)
def test_replies_are_held_to_a_schema_by_models_that_can_and_as_the_entry_says(
    wire: str, name: str, said: bool | None, held: bool
) -> None:
    who = model(wire, name=name, structured=said)
    assert structured(who) is held
    judging = Judging(judge=who, endpoint="there", structured=structured(who))
    (asked,) = compliance.ask(case_of(make_trial(), say("A"), judging))
    assert asked.schema == (SCHEMA if held else None)
    body = json.loads(find(wire).body(asked))
    assert (bool({"output_config", "response_format"} & body.keys())) is held


@pytest.mark.parametrize("takes", [True, False])
def test_a_judge_that_takes_no_temperature_is_sent_none(takes: bool) -> None:
    for wire in WIRES:
        judging = Judging(judge=model(wire, takes_temperature=takes), endpoint="there")
        (asked,) = compliance.ask(case_of(make_trial(), say("A"), judging))
        assert ("temperature" in json.loads(find(wire).body(asked))) is takes
