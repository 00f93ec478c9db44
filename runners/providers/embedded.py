"""A language model inside this process: llama.cpp through xllamacpp, on the shipped weights or any GGUF file."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast
from weakref import WeakValueDictionary

import orjson

from cache.key import canonical
from runners.model import Model
from runners.request import Request
from runners.sample import Sample, Stop, Trouble, Usage
from runners.trouble import Fatal, Retryable
from runners.weights import weights_digest, weights_of, weights_problem

TITLE = "Embedded model (llama.cpp)"
SIMULATED = False

_SLOTS = 4
_SLOT_TOKENS = 4096
_STOPS = {"stop": Stop.END, "length": Stop.LENGTH}


class _Server(Protocol):
    def handle_chat_completions(self, body: dict[str, object]) -> object: ...


_servers: dict[str, _Server] = {}
_loading = threading.Lock()


def endpoint(model: Model) -> str:
    """The digest of the weights: the same file anywhere is the same model."""
    return weights_digest(model)


def problem(model: Model) -> str | None:
    """Missing or unreadable weights, and what to do."""
    return weights_problem(model)


def body(request: Request) -> bytes:
    """The chat body; its seed is derived from the whole request, so that each replicate has its own and keeps it."""
    seed = int.from_bytes(hashlib.sha256(canonical(request.fields())).digest()[:4], "big") >> 1
    system = [] if request.system is None else [{"role": "system", "content": request.system}]
    turns = [{"role": turn.role, "content": turn.text} for turn in request.turns]
    fields = {
        "messages": [*system, *turns], "max_tokens": request.max_tokens, "temperature": request.temperature,
        "top_p": request.top_p, "stop": request.stop, "seed": seed, "cache_prompt": True,
    }  # fmt: skip
    return orjson.dumps({name: value for name, value in fields.items() if value is not None})


def _server(path: Path) -> _Server:
    """The process's one server for these weights; loaded once however many connections there are."""
    with _loading:
        if (loaded := _servers.get(str(path))) is not None:
            return loaded
        xllamacpp: Any = import_module("xllamacpp")  # heavy, and without types: imported only where the model runs
        settings = xllamacpp.CommonParams()
        settings.model.path = str(path)
        settings.n_parallel = _SLOTS
        settings.n_ctx = _SLOTS * _SLOT_TOKENS
        settings.port = 0
        settings.hostnames = ["127.0.0.1"]
        settings.verbosity = -1
        settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = max(1, min(8, os.cpu_count() or 1))
        try:
            server = cast("_Server", xllamacpp.Server(settings))
        except RuntimeError as error:
            raise Fatal(
                Trouble.UNKNOWN_MODEL, f"{path} could not be loaded: damaged, or of a kind llama.cpp does not know",
                advice="download it again, or choose another GGUF file",
            ) from error  # fmt: skip
        _servers[str(path)] = server
        return server


class _Connection:
    """Calls the process's server from a few threads of its own, so that the event loop never waits for the model.

    Requests with the same system text take turns: the second finds the first's prefix in a slot and pays only for what
    follows it. Side by side they would both work through the whole prompt, which is most of the work here.
    """

    def __init__(self, server: _Server, threads: int) -> None:
        self._server = server
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="embedded")
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def call(self, body: bytes, timeout_s: float) -> Sample:
        """One reply. A call that runs into the timeout goes on in its thread, but its reply is not used."""
        fields = orjson.loads(body)
        first = fields["messages"][0]["content"]
        turn = self._turns.get(first) or self._turns.setdefault(first, asyncio.Lock())
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_s), turn:
                began = time.monotonic()
                reply = await loop.run_in_executor(self._threads, self._server.handle_chat_completions, fields)
        except TimeoutError as error:
            raise Retryable(
                Trouble.TIMEOUT, f"the embedded model did not answer within {timeout_s:.0f} s",
                advice="lower concurrency or max_tokens",
            ) from error  # fmt: skip
        except ValueError as error:
            raise Fatal(Trouble.BAD_REQUEST, f"the embedded model refused the request: {error}") from error
        return _read(reply, time.monotonic() - began)

    async def close(self) -> None:
        """Let the threads go; the server stays loaded for the next run of this process."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _read(reply: object, latency_s: float) -> Sample:
    data = cast("dict[str, object]", reply) if isinstance(reply, dict) else {}
    if isinstance(data.get("error"), dict):
        message = str(cast("dict[str, object]", data["error"]).get("message", "unknown error"))
        raise Fatal(
            Trouble.BAD_REQUEST, f"the embedded model refused the request: {message}",
            advice="lower background_tokens, documents or max_tokens",
        )  # fmt: skip
    try:
        choice = cast("list[dict[str, object]]", data["choices"])[0]
        text = str(cast("dict[str, object]", choice["message"])["content"] or "")
        usage = cast("dict[str, object]", data.get("usage") or {})
        prompt, written = cast("int", usage["prompt_tokens"]), cast("int", usage["completion_tokens"])
        reused = cast(
            "int", cast("dict[str, object]", usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
        )
    except (KeyError, IndexError, TypeError) as error:
        raise Retryable(Trouble.UNREADABLE, f"the embedded model's reply lacks {error}") from error
    return Sample(
        text=text.encode("utf-8", "replace").decode(), stop=_STOPS.get(str(choice.get("finish_reason")), Stop.OTHER),
        model=Path(str(data.get("model", ""))).name, request_id=str(data.get("id", "")) or None,
        usage=Usage(input_tokens=prompt - reused, output_tokens=written, cache_read_tokens=reused),
        latency_s=round(latency_s, 4), received_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
    )  # fmt: skip


def connect(model: Model, concurrency: int) -> _Connection:
    """Load the weights (about a second, once a process). Raises ``Fatal`` where they cannot be."""
    if wrong := problem(model):
        raise Fatal(Trouble.UNKNOWN_MODEL, wrong)
    path = weights_of(model)
    assert path is not None  # noqa: S101  (``problem`` has looked)
    return _Connection(_server(path), max(1, min(_SLOTS, concurrency)))
