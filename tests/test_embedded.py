"""The embedded model: real replies, one seed a replicate, shared engines, and errors that say what to do."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.model import Model
from runners.models import find_model
from runners.providers import Connection, _engines, embedded
from runners.providers._llama import shape
from runners.providers._prefix import PATIENCE, choose, shared
from runners.request import Request, Turn
from runners.sample import Sample, Stop, Trouble
from runners.trouble import Fatal, Retryable
from runners.weights import shipped_weights

# A small context keeps the tests' memory small; one Model for all of them shares one set of engines.
MODEL = replace(find_model("embedded"), context=512)
SYSTEM = "You answer briefly and in plain words. " * 8


def request(text: str = "Name three colours.", **fields: object) -> Request:
    settled = {"system": SYSTEM, "max_tokens": 16, "temperature": 1.0, **fields}
    return Request(provider="embedded", endpoint="gguf:x", model=MODEL.name, turns=(Turn(role="user", text=text),),
                   **settled)  # type: ignore[arg-type]  # fmt: skip


def line(model: Model = MODEL) -> Connection:
    return embedded.connect(model, 4)


def run(*calls: Coroutine[object, object, Sample]) -> list[Sample]:
    async def together() -> list[Sample]:
        return list(await asyncio.gather(*calls))

    return asyncio.run(together())


def ask(*requests: Request, timeout_s: float = 120) -> list[Sample]:
    open_line = line()
    return run(*(open_line.call(embedded.body(one), timeout_s) for one in requests))


def test_the_seed_is_the_requests_own_and_differs_between_replicates():
    seeds = [orjson.loads(embedded.body(request(replicate=n)))["seed"] for n in (*range(50), 0)]
    assert seeds[0] == seeds[-1]
    assert len(set(seeds)) == 50
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_the_body_asks_for_what_the_request_says_and_leaves_no_cut_to_the_server():
    wire = orjson.loads(embedded.body(request(temperature=None, stop=("END",))))
    assert wire["messages"][0] == {"role": "system", "content": SYSTEM}
    assert {name: wire[name] for name in ("temperature", "top_p", "top_k", "stop", "max_tokens")} == {
        "temperature": 1.0, "top_p": 1.0, "top_k": 0, "stop": ["END"], "max_tokens": 16,
    }  # fmt: skip


@given(st.text(alphabet="ab", max_size=40), st.text(alphabet="ab", max_size=40))
def test_the_shared_beginning_is_the_longest_there_is(one: str, two: str):
    length = shared(one, two)
    assert one[:length] == two[:length]
    assert one[length : length + 1] != two[length : length + 1] or length == min(len(one), len(two))


def test_a_free_engine_takes_the_prompt_whose_beginning_it_holds():
    assert choose(["xyz other", "notes A paid"], 0, "notes A free", []) == 1


def test_a_prompt_is_left_to_the_engine_that_reads_its_twin():
    assert choose(["notes A paid"], 0, "", ["notes A free"]) is None
    assert choose(["notes A paid", "quite different"], 0, "", ["notes A free"]) == 1


def test_no_prompt_is_overtaken_for_ever():
    assert choose(["notes A paid", "same again"], PATIENCE, "same again", ["notes A free"]) == 0


@given(st.lists(st.text(alphabet="ab", max_size=12), max_size=6), st.text(alphabet="ab", max_size=12))
def test_without_other_engines_something_is_always_taken(waiting: list[str], last: str):
    assert (choose(waiting, 0, last, []) is None) == (not waiting)


def test_a_small_model_runs_once_a_core_and_a_large_one_on_all_cores():
    assert (shape(10**8, 2).servers, shape(10**8, 2).threads, shape(10**8, 2).seats) == (2, 1, 2)
    assert (shape(8 * 10**9, 16).servers, shape(8 * 10**9, 16).threads) == (1, 16)


def test_a_missing_file_and_one_that_is_no_gguf_are_named_before_anything_is_loaded(tmp_path: Path):
    other = tmp_path / "notes.gguf"
    other.write_text("not a model")
    for path, complaint in ((tmp_path / "none.gguf", "cannot be read"), (other, "not a GGUF file")):
        model = replace(MODEL, name=str(path))
        assert complaint in (embedded.problem(model) or "")
        with pytest.raises(Fatal, match=complaint):
            embedded.connect(model, 1)


def test_the_endpoint_is_the_digest_of_the_file_wherever_it_lies(tmp_path: Path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "m.gguf").write_bytes(b"GGUF1")
    one, two = (embedded.endpoint(replace(MODEL, name=str(tmp_path / f / "m.gguf"))) for f in ("a", "b"))
    assert one == two
    (tmp_path / "b" / "m.gguf").write_bytes(b"GGUF-other")
    assert embedded.endpoint(replace(MODEL, name=str(tmp_path / "b" / "m.gguf"))) != one


@pytest.mark.model
@pytest.mark.parametrize("kept_bytes", [4, 1000, 5_000_000])
def test_a_damaged_file_is_a_clear_error_and_not_the_end_of_the_process(tmp_path: Path, kept_bytes: int):
    whole = shipped_weights()
    assert whole is not None
    broken = tmp_path / "broken.gguf"
    with whole.open("rb") as file:
        broken.write_bytes(file.read(kept_bytes))
    with pytest.raises(Fatal, match="damaged") as caught:
        embedded.connect(replace(MODEL, name=str(broken)), 1)
    assert "download" in caught.value.advice


@pytest.mark.model
def test_a_real_reply_has_text_usage_a_stop_and_no_path_of_this_machine():
    (sample,) = ask(request())
    assert sample.text
    assert sample.stop in (Stop.END, Stop.LENGTH)
    assert 1 <= (sample.usage.output_tokens or 0) <= 16
    assert (sample.usage.input_tokens or 0) + (sample.usage.cache_read_tokens or 0) > 60
    assert sample.model == "SmolLM2-135M-Instruct.Q4_1.gguf"
    assert not sample.simulated


@pytest.mark.model
def test_the_same_replicate_says_the_same_again_and_another_one_something_else():
    first, *rest = [ask(request(replicate=n, max_tokens=24))[0].text for n in (0, 0, 0, 1, 2)]
    assert rest[0] == rest[1]
    assert len({first, *rest}) > 2


@pytest.mark.model
def test_four_calls_at_once_all_come_back_and_read_a_shared_prefix_once():
    system = "Notes of the house, for a test of shared beginnings. " * 10
    samples = ask(*(request(system=system, replicate=n) for n in range(4)))
    read = sum(sample.usage.input_tokens or 0 for sample in samples)
    assert all(sample.usage.output_tokens for sample in samples)
    assert read < 2.5 * max(sample.usage.input_tokens or 0 for sample in samples)


@pytest.mark.model
def test_a_prompt_or_reply_beyond_the_context_is_refused_with_advice_and_never_cut():
    with pytest.raises(Fatal, match="room for 512 tokens, but a prompt has 8") as caught:
        ask(request("word " * 800))
    assert "background_tokens" in caught.value.advice
    nearly_full = "word " * (512 - embedded.tokenize(MODEL, SYSTEM) - 20)
    with pytest.raises(Fatal, match="need more"):  # unless all four end by themselves within a dozen tokens
        ask(*(request(f"{nearly_full} Tell a story.", max_tokens=500, replicate=n) for n in range(4)))


@pytest.mark.model
def test_the_event_loop_runs_on_while_the_model_writes():
    async def beats() -> tuple[int, Sample]:
        reply = asyncio.ensure_future(line().call(embedded.body(request(max_tokens=60, replicate=7)), 120))
        count = 0
        while not reply.done():
            await asyncio.sleep(0.001)
            count += 1
        return count, reply.result()

    count, sample = asyncio.run(beats())
    assert count > (sample.usage.output_tokens or 0)


@pytest.mark.model
def test_a_timeout_breaks_the_reply_off_and_the_next_call_succeeds():
    with pytest.raises(Retryable) as caught:
        ask(request("Write a very long story.", max_tokens=400), timeout_s=0.01)
    assert caught.value.trouble == Trouble.TIMEOUT
    assert ask(request())[0].text


@pytest.mark.model
def test_two_connections_share_one_set_of_engines():
    first = line()
    loaded = dict(_engines.engines(shipped_weights(), 512)._servers)
    second = line()
    run(first.call(embedded.body(request()), 60), second.call(embedded.body(request(replicate=1)), 60))
    assert _engines.engines(shipped_weights(), 512)._servers[0] is loaded[0]
    assert len(_engines.engines(shipped_weights(), 512)._servers) <= 8


@pytest.mark.model
def test_tokens_are_counted_as_the_model_reads_them():
    assert embedded.tokenize(MODEL, "hello world") == 2


@pytest.mark.model
def test_the_process_ends_at_once_while_a_reply_is_being_written():
    code = """if 1:
        import asyncio
        import test_embedded as t
        async def main():
            writing = asyncio.create_task(t.line().call(t.embedded.body(t.request("Tell all.", max_tokens=400)), 60))
            await asyncio.wait({writing}, timeout=0.5)
            raise SystemExit(7)
        asyncio.run(main())"""
    here = Path(__file__).parent
    ended = subprocess.run([sys.executable, "-c", code], cwd=here, timeout=100, capture_output=True, check=False)
    assert ended.returncode == 7, ended.stderr.decode()
