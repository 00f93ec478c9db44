"""One provider a file, found by its file name; an SDK is imported only when its provider is opened."""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import replace
from functools import lru_cache
from typing import Protocol, cast

from facts.errors import UnknownName
from runners.fleet import Fleet, Server
from runners.model import Model
from runners.request import Request
from runners.sample import Sample, Trouble
from runners.trouble import Fatal


class Connection(Protocol):
    """An open line to one model. Used from one asyncio event loop."""

    async def call(self, body: bytes, timeout_s: float) -> Sample:
        """Send these very bytes once, without retrying, and read the reply.

        Raises ``runners.trouble.Retryable`` or ``Fatal``.
        """
        ...

    async def close(self) -> None:
        """Give back sockets and memory."""
        ...


class Provider(Protocol):
    """What a provider file defines, as module-level names.

    ``STRUCTURED`` matches the start of the names of models that can hold their replies to a JSON schema.
    """

    TITLE: str
    SIMULATED: bool
    STRUCTURED: re.Pattern[str]

    def endpoint(self, model: Model) -> str:
        """Identity of where the model lives; part of the key. Must not need the network or the SDK."""
        ...

    def problem(self, model: Model) -> str | None:
        """What stands in the way of calling (missing key, missing file) and what to do; ``None`` when ready."""
        ...

    def body(self, request: Request) -> bytes:
        """The wire body, built once, immutable over retries."""
        ...

    def connect(self, model: Model, concurrency: int) -> Connection:
        """Open a connection that can carry ``concurrency`` calls at once."""
        ...


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The providers there are, in alphabetical order."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


@lru_cache(maxsize=64)
def find(name: str) -> Provider:
    """The provider of that name, or ``UnknownName``."""
    if name not in names():
        raise UnknownName("provider", name, names(), "A provider is a file in runners/providers/.")
    return cast("Provider", importlib.import_module(f"runners.providers.{name}"))


def problem(model: Model) -> str | None:
    """What stands in the way of calling the model and what to do: who sent it, or what its provider says; or None."""
    if model.opened:
        where = " and ".join(model.addresses) or "its provider's own address"
        variable = model.key_env or (None if model.base_url else getattr(find(model.provider), "KEY_ENV", None))
        key = f"the key in {variable}" if variable else "no key"
        return (f"{model.label} came with an opened comparison and would call {where} with {key}; to allow that remove "
                f"`opened = true` from its entry in {model.opened}")  # fmt: skip
    return next(filter(None, map(find(model.provider).problem, _servers(model))), None)


def _servers(model: Model) -> tuple[Model, ...]:
    return tuple(replace(model, base_url=at, base_urls=()) for at in model.base_urls) or (model,)


def connect(model: Model, concurrency: int) -> Connection:
    """Open a connection; raises ``Fatal`` for a model that nobody here has allowed to be called."""
    if model.opened:
        raise Fatal(Trouble.NOT_READY, f"model {model.label!r} is not called", advice=problem(model) or "")
    if not model.base_urls:
        return find(model.provider).connect(model, concurrency)
    lines = [(str(one.base_url), find(model.provider).connect(one, concurrency)) for one in _servers(model)]
    return Fleet([Server(address=address, connection=line) for address, line in lines])


def structured(model: Model) -> bool:
    """Whether the model's replies can be held to ``Request.schema``: as its entry says, else by its name."""
    return bool(find(model.provider).STRUCTURED.match(model.name)) if model.structured is None else model.structured
