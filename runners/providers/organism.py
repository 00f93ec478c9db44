"""A SIMULATED model with known effects: it reads a prompt as a model does and answers from a truth written in TOML."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import orjson

from facts.errors import FactError
from facts.tokens import count_tokens
from runners.model import Model
from runners.organism.answer import Reply, answer
from runners.organism.truth import Truth, find
from runners.request import Request
from runners.sample import Sample, Stop, Trouble, Usage
from runners.trouble import Fatal

if TYPE_CHECKING:
    from runners.providers import Connection

TITLE = "Simulated organism (SIMULATED, known effects)"
SIMULATED = True
STRUCTURED = re.compile(r"(?!)")

_SENTENCE = re.compile(r"(?<=[.!?]) (?!\d)")
_sentence_tokens = lru_cache(maxsize=16_384)(count_tokens)


def endpoint(model: Model) -> str:
    """``organism:NAME:SHA-256 of the truth``, so that a changed truth never shares samples; "" for a broken one."""
    try:
        truth = find(model.name)
    except FactError:
        return f"organism:{model.name}:"
    return f"organism:{truth.name}:{truth.digest}"


def problem(model: Model) -> str | None:
    """An unknown name (with the known ones) or a broken truth file (with file, line and field)."""
    try:
        find(model.name)
    except FactError as error:
        return str(error)
    return None


def body(request: Request) -> bytes:
    """The request's own fields: there is no wire."""
    return orjson.dumps(request.fields(), option=orjson.OPT_SORT_KEYS)


def reply(body: bytes, truth: Truth) -> Sample:
    """The sample that this body brings: the same for the same prompt, replicate and truth, on every machine."""
    sent = cast("dict[str, object]", orjson.loads(body))
    draw = drawn(sent, truth)
    system = str(sent.get("system") or "")
    turns = cast("list[dict[str, str]]", sent["turns"])
    asked = [turn["text"] for turn in turns if turn["role"] == "user"] or [""]
    first = asked[0] if len(asked) > 1 else ""
    native, structured = bool(sent.get("thinking_tokens")), bool(sent.get("schema"))
    said = answer(system, asked[-1], truth, draw, native=native, first=first, structured=structured)
    shown = _tokens(system) + sum(_tokens(turn["text"]) for turn in turns)
    stops = cast("list[str]", sent.get("stop") or [])
    return _sample(said, truth, shown, cast("int", sent["max_tokens"]), stops)


def drawn(sent: Mapping[str, object], truth: Truth) -> random.Random:
    """The random numbers that decide the reply to these fields of a request."""
    # The truth decides, not where its file lies: a model given by path is named by that path.
    asked = {name: value for name, value in sent.items() if name not in ("model", "endpoint")}
    # NAME#1 and NAME#2 draw all afresh: a rehearsal over them is of comparisons that share nothing but their truth.
    whose = (truth.draws + truth.again).encode()
    seed = hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS) + whose).digest()
    return random.Random(int.from_bytes(seed[:8], "big"))


def _tokens(text: str) -> int:
    # Counting is additive over sentences (a blank before a digit counts), and the same stand in many prompts.
    return sum(map(_sentence_tokens, _SENTENCE.split(text)))


def _sample(said: Reply, truth: Truth, shown: int, most: int, stops: list[str]) -> Sample:
    text, stop = said.text, said.stop
    ends = [at for at in (text.find(mark) for mark in stops if mark) if at >= 0]
    if ends:
        text, stop = text[: min(ends)], Stop.SEQUENCE
    while (tokens := count_tokens(text)) > most:
        words = text.split(" ")
        text, stop = " ".join(words[: min(len(words) - 1, len(words) * most // tokens)]), Stop.LENGTH
    thought = None if said.reasoning is None else count_tokens(said.reasoning)
    return Sample(
        text=text,
        stop=stop,
        model=f"organism:{truth.name} (SIMULATED)",
        reasoning=said.reasoning,
        usage=Usage(input_tokens=shown, output_tokens=tokens + (thought or 0), reasoning_tokens=thought),
        latency_s=0.0,
        simulated=True,
    )


class _Line:
    """Answers at once, in this process."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth

    async def call(self, body: bytes, timeout_s: float) -> Sample:
        """The sample for these bytes; never fails."""
        del timeout_s
        return reply(body, self._truth)

    async def close(self) -> None:
        """Nothing to give back."""


def connect(model: Model, concurrency: int) -> Connection:
    """Open a connection. Raises ``Fatal`` when ``problem`` finds one."""
    del concurrency
    try:
        truth = find(model.name)
    except FactError as error:
        raise Fatal(Trouble.UNKNOWN_MODEL, str(error), advice="choose a known organism or repair its file") from error
    answer("", "", truth, random.Random(0), native=False)  # reads the library here, off the event loop
    return _Line(truth)
