"""A language model inside this process: llama.cpp through xllamacpp, on the shipped weights or any GGUF file."""

from __future__ import annotations

import asyncio
import importlib.util
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import orjson

from runners.model import Model
from runners.providers import _chat, _engines, _llama
from runners.providers._reply import Object, Reply, count, inner, text
from runners.request import Request
from runners.sample import Sample, Stop, Trouble
from runners.trouble import CallError, Fatal, Retryable
from runners.weights import adapter_of, adapter_problem, weights_digest, weights_of, weights_problem

if TYPE_CHECKING:
    from runners.providers import Connection

TITLE = "Embedded model (llama.cpp)"
SIMULATED = False
STRUCTURED = re.compile(r"")
LOGPROBS = True

CONTEXT = 8192  # tokens of prompt and reply, where the model's entry names none
_MIN_P = 0.05


def endpoint(model: Model) -> str:
    """The digests of weights and adapter, and the sampling that a request cannot set: all that decides a sample."""
    return f"{weights_digest(model)} min_p={_MIN_P} top_k=0"


def problem(model: Model) -> str | None:
    """Missing or unreadable weights, or no llama.cpp, and what to do."""
    if importlib.util.find_spec("xllamacpp") is None:
        return "llama.cpp is not installed; run `pip install xllamacpp`, or choose another model"
    return weights_problem(model) or adapter_problem(model)


def body(request: Request) -> bytes:
    """The chat body, its seed drawn from the whole request: each replicate has its own and keeps it.

    llama.cpp would also cut off words by top-k 40 and top-p 0.95, of which the request says nothing: off. Words less
    likely than a twentieth of the likeliest (min-p) stay cut off, always: the tail of a model this small is noise,
    and with it a tenth more of the replies to value_conflict cannot be read. A reused prefix can flip a near-tie, so
    a seed fixes a reply almost always, not provably.
    """
    return _chat.dumped(
        {
            "messages": _chat.messages(request),
            "max_tokens": request.max_tokens,
            "temperature": 1.0 if request.temperature is None else request.temperature,
            "top_p": 1.0 if request.top_p is None else request.top_p,
            "top_k": 0,
            "min_p": _MIN_P,
            "stop": request.stop,
            "response_format": _chat.held_to(request),
            **_chat.likely(request),
            "seed": int(request.key.rpartition(":")[2][:8], 16) >> 1,  # below 2³¹: llama.cpp reads 2³²−1 as "random"
            "cache_prompt": True,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A connection to the process's engines; it owns nothing, so closing it gives nothing back: idleness does."""

    engines: _engines.Engines
    name: str
    context: int

    async def call(self, body: bytes, timeout_s: float) -> Sample:
        """One reply. ``timeout_s`` runs from when an engine takes the call; then writing stops at the next token."""
        wire = cast("dict[str, object]", orjson.loads(body))
        job = _engines.Job(body=wire, prompt=_engines.prompt_of(wire))
        self.engines.submit(job)
        reply = asyncio.wrap_future(job.future)
        try:
            while not reply.done():
                left = timeout_s if job.started is None else job.started + timeout_s - time.monotonic()
                if left <= 0:
                    raise Retryable(
                        Trouble.TIMEOUT,
                        f"{self.name} wrote no complete reply within {timeout_s:g} s",
                        advice="raise timeout_s, or lower max_tokens or background_tokens",
                    )
                await asyncio.wait({reply}, timeout=left)
        finally:
            self.engines.abandon(job)
        said = reply.result()
        if said is None:
            raise Retryable(Trouble.SERVER, f"{self.name} was broken off: the program is ending")
        return self._read(said, cast("int", wire["max_tokens"]), time.monotonic() - (job.started or 0.0))

    async def close(self) -> None:
        """Nothing to give back: other runs may be using the same engines."""

    def _read(self, said: Object, most: int, latency_s: float) -> Sample:
        if "error" in said:
            raise self._refused(inner(said, "error"))
        sample = _chat.read(
            Reply(
                data={**said, "model": self.name},
                request_id=None,
                latency_s=round(latency_s, 4),
                received_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            )
        )
        written = sample.usage.output_tokens
        if sample.stop is Stop.LENGTH and written is not None and written < most:
            # The context was full before max_tokens: cut off by us, not by what was asked for.
            raise self._too_long(f"a prompt and {most:,} tokens of reply need more")
        return sample

    def _refused(self, error: Object) -> CallError:
        if text(error, "type") == "exceed_context_size_error":
            return self._too_long(f"a prompt has {count(error, 'n_prompt_tokens') or 0:,}", count(error, "n_ctx"))
        return Fatal(
            Trouble.BAD_REQUEST,
            f"{self.name} refused the request: {text(error, 'message') or 'no reason given'}",
            advice="check max_tokens, temperature and the prompt",
            status=count(error, "code"),
        )

    def _too_long(self, what: str, room: int | None = None) -> CallError:
        return Fatal(
            Trouble.BAD_REQUEST,
            f"{self.name} has room for {room or self.context:,} tokens, but {what}",
            advice="lower background_tokens, documents or max_tokens, or raise the model's context in models.toml",
        )


def _open(model: Model) -> tuple[Path, _engines.Engines]:
    if wrong := problem(model):
        raise Fatal(Trouble.UNKNOWN_MODEL, wrong, advice=wrong)
    path = weights_of(model)
    assert path is not None  # noqa: S101  (``problem`` has looked)
    return path, _engines.engines(path, model.context or CONTEXT, adapter_of(model))


def connect(model: Model, concurrency: int) -> Connection:
    """Load the weights (under a second, once) and open a line. Raises ``Fatal`` where they cannot be loaded.

    ``concurrency`` calls may wait; as many are written at once as the machine has cores.
    """
    del concurrency
    path, engines = _open(model)
    engines.server()
    adapter = adapter_of(model)
    name = path.name if adapter is None else f"{path.name} + {adapter.parent.name}/{adapter.name}"
    return _Line(engines=engines, name=name, context=model.context or CONTEXT)


def tokenize(model: Model, words: str) -> int:
    """How many tokens the model reads for these words alone, without a chat template. Raises ``Fatal``."""
    _, engines = _open(model)
    return _llama.tokens(engines.server(), words)
