"""The request is the key: every field counts, one spelling per meaning, and the hash never drifts."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.key import canonical, content_key
from runners.request import Request, Turn

REQUEST = Request(
    provider="anthropic",
    endpoint="https://api.anthropic.com",
    model="m-1",
    turns=(Turn(role="user", text="Ça va?"),),
    system="Be brief.",
    max_tokens=64,
    temperature=1.0,
    top_p=0.5,
    stop=("END",),
    thinking_tokens=1024,
    replicate=3,
)
OTHER = {
    "provider": "openai",
    "endpoint": "http://127.0.0.1:1",
    "model": "m-2",
    "turns": (Turn(role="assistant", text="Ça va?"),),
    "system": "Be brief!",
    "max_tokens": 65,
    "temperature": 0.9,
    "top_p": 0.6,
    "stop": ("STOP",),
    "thinking_tokens": 2048,
    "schema": '{"type": "object"}',
    "logprobs": 5,
    "replicate": 4,
}


def test_golden_key_never_changes():
    """A changed key would lose every sample that anybody has paid for."""
    assert REQUEST.key == "v1:8999f1118e48d065f2b18329b1e178bac40dd4c1312879634d074bef7333d420"


@pytest.mark.parametrize("name", [field.name for field in fields(Request)])
def test_every_field_decides_the_key(name):
    assert replace(REQUEST, **{name: OTHER[name]}).key != REQUEST.key


def test_unset_fields_are_not_part_of_the_key():
    assert canonical({"a": 1, "b": None}) == canonical({"a": 1})


def test_one_and_one_point_zero_are_one_temperature():
    assert replace(REQUEST, temperature=1).key == replace(REQUEST, temperature=1.0).key
    assert canonical({"x": [1.0, 2.5]}) == b'{"x":[1,2.5]}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_nan_and_infinity_are_refused_with_advice(value):
    with pytest.raises(ValueError, match="finite"):
        content_key({"temperature": value})
    with pytest.raises(ValueError, match="temperature must be a finite number"):
        replace(REQUEST, temperature=value)


def test_what_is_not_json_is_refused():
    with pytest.raises(TypeError, match="cannot be part of a key"):
        content_key({"a": object()})


@given(st.dictionaries(st.text(), st.integers(-(2**53), 2**53) | st.text() | st.booleans(), max_size=6))
def test_the_order_of_fields_never_matters(data):
    assert content_key(data) == content_key(dict(reversed(data.items())))


def test_every_field_of_a_sample_and_a_request_is_written_down():
    from dataclasses import asdict

    from runners.sample import Sample, Stop, Usage

    sample = Sample(text="t", stop=Stop.END, model="m", usage=Usage(input_tokens=1, output_tokens=2))
    assert sample.fields() == asdict(sample)
    assert set(REQUEST.fields()) == {field.name for field in fields(Request)}
