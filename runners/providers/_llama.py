"""One llama.cpp server in this process, behind plain functions: load, write a reply, count tokens."""

from __future__ import annotations

import importlib
import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Protocol, cast

from runners.providers._reply import Object, inner, items, text
from runners.sample import Trouble
from runners.trouble import Fatal

_SMALL_BYTES = 1_000_000_000
_MOST_SERVERS = 8
_MOST_SLOTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a model is spread over a machine: that many servers, each with so many threads and slots."""

    servers: int
    threads: int
    slots: int

    @property
    def seats(self) -> int:
        """Replies that can be written at once."""
        return self.servers * self.slots


def shape(weights_bytes: int, cores: int) -> Shape:
    """A small model runs once a core on one thread, a large one once on all cores with a few slots.

    llama.cpp's threads spin at a barrier after every operation: where another process takes a core for a moment, two
    threads are slower than one by up to a factor of ten (``benchmarks/embedded.py``). One thread a server has no
    barriers, the weights are mapped once, and batching gains a small model nothing: on two queries of
    ``examples/embedded_ladder.toml`` 2 and 4 slots a server cost 1.12 and 1.18 times the CPU a sample, for prompts with
    a common beginning are then read at more seats. One seat reuses 67 % of the prompts, a seat a core 64 %, and no
    order or memory could reuse more than 69 %.
    """
    if weights_bytes <= _SMALL_BYTES:
        return Shape(servers=min(cores, _MOST_SERVERS), threads=1, slots=1)
    return Shape(servers=1, threads=cores, slots=_MOST_SLOTS)


class _Native(Protocol):
    listening_address: str

    def handle_chat_completions(
        self, prompt: Mapping[str, object], callback: Callable[[Object], bool] | None = None
    ) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A loaded model. ``key`` guards the port that llama.cpp opens on this machine whether one wants it or not."""

    native: _Native
    key: str


def load(path: Path, shape: Shape, context: int, adapter: Path | None = None) -> Server:
    """A server on these weights with ``context`` tokens a slot. Raises ``Fatal`` when llama.cpp cannot read them."""
    if shape.threads > 1:
        # Waiting threads sleep instead of spinning; read when the library is loaded, so it must be set before.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        library: Any = importlib.import_module("xllamacpp")  # has no types
    except ImportError as error:
        advice = "install it with `pip install xllamacpp`, or run `make run` again"
        raise Fatal(Trouble.UNKNOWN_MODEL, f"llama.cpp cannot be loaded: {error}", advice=advice) from error
    settings = library.CommonParams()
    settings.model.path = str(path)
    settings.n_parallel = shape.slots
    settings.n_ctx = shape.slots * context
    settings.n_batch = settings.n_ubatch = 512  # a call can be broken off between batches of its prompt
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = shape.threads
    settings.cache_ram_mib = 0  # by default up to 8 GB of old prompts are kept
    settings.fit_params = settings.warmup = settings.ui = settings.endpoint_slots = False
    settings.hostnames, settings.port, settings.n_threads_http = ["127.0.0.1"], 0, 1
    settings.verbosity = 0
    settings.api_keys = [key := secrets.token_urlsafe(24)]
    if adapter is not None:
        lora = library.CommonAdapterLoraInfo()
        lora.path, lora.scale = str(adapter), 1.0
        settings.lora_adapters = [lora]
    try:
        native = cast("_Native", library.Server(settings))
    except RuntimeError as error:
        if adapter is not None:
            raise Fatal(
                Trouble.UNKNOWN_MODEL,
                f"{path} could not be loaded with the adapter {adapter}: one of them is damaged, or the adapter was "
                "trained on another model",
                advice="train the adapter again on these weights",
            ) from error
        raise Fatal(
            Trouble.UNKNOWN_MODEL,
            f"{path} could not be loaded: it is damaged, or of a kind that this llama.cpp does not know",
            advice="download the file again, or choose another GGUF model",
        ) from error
    # A server that never had a request hangs when it is let go; and the first reply is slow.
    native.handle_chat_completions({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1})
    return Server(native=native, key=key)


def write(server: Server, body: Object, slot: int, stopped: Callable[[], bool]) -> Object | None:
    """The whole reply as one Chat Completions object, or what llama.cpp complains of as ``{"error": …}``.

    None when ``stopped()`` became true meanwhile: it is asked at every token, so a reply can be broken off.
    """
    said: list[str] = []
    thought: list[str] = []
    likely: list[Object] = []
    last: dict[str, object] = {}

    def hear(piece: Object) -> bool:
        if "error" in piece:
            last["error"] = piece["error"]
        for choice in items(piece, "choices") or ():
            delta = inner(choice, "delta")
            said.append(text(delta, "content") or "")
            thought.append(text(delta, "reasoning_content") or "")
            likely.extend(items(inner(choice, "logprobs"), "content") or ())
            if choice.get("finish_reason"):
                last["finish_reason"] = choice["finish_reason"]
        if piece.get("usage"):
            last.update(usage=piece["usage"], id=piece.get("id"))
        return stopped()

    streamed = {**body, "stream": True, "stream_options": {"include_usage": True}, "id_slot": slot}
    try:
        server.native.handle_chat_completions(streamed, hear)
    except ValueError as error:  # what llama.cpp finds wrong before it starts
        return {"error": {"message": str(error)}}
    if "error" in last:
        return last
    if "finish_reason" not in last or "usage" not in last:
        return None
    message = {"content": "".join(said), "reasoning_content": "".join(thought) or None}
    choice = {"finish_reason": last["finish_reason"], "message": message, "logprobs": {"content": likely}}
    return {"id": last["id"], "usage": last["usage"], "choices": [choice]}


def tokens(server: Server, words: str) -> int:
    """How many tokens the model reads for these words, without any chat template."""
    host = server.native.listening_address.removeprefix("http://")
    connection = HTTPConnection(host, timeout=60)
    try:
        headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}
        connection.request("POST", "/tokenize", json.dumps({"content": words}), headers)
        reply = cast("Mapping[str, list[object]]", json.loads(connection.getresponse().read()))
    finally:
        connection.close()
    return len(reply["tokens"])
