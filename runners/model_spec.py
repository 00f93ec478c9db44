"""A model written in place, such as ``openai_compatible/NAME@http://127.0.0.1:8000/v1``, without any file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from facts.errors import BrokenFile
from runners.model import Model
from runners.providers._address import normal

# What runs on this machine costs nothing; what an unknown server costs is unknown.
_FREE = ("embedded", "organism")
_REMOTE = ("anthropic", "openai", "openai_compatible")

FORMS = (
    "anthropic/NAME, openai/NAME, openai_compatible/NAME@http://HOST:PORT/v1, embedded, embedded/PATH.gguf, "
    "organism/NAME; several addresses that serve the same model: @http://A/v1,http://B/v1"
)

_AND = re.compile(r",(?=https?://)", re.IGNORECASE)
_AT = re.compile(r"(?P<name>.+)@(?P<url>https?://.*)", re.DOTALL | re.IGNORECASE)


def provider_of(spec: str) -> str | None:
    """The provider that a spec starts with; ``None`` when it does not look like a spec."""
    head, slash, _ = spec.partition("/")
    return head if slash and head in (*_FREE, *_REMOTE) else None


def no_secrets(url: str, where: str) -> str:
    """The address itself, or ``BrokenFile`` when it holds a password: a model's address is shown and stored."""
    try:
        parts = urlsplit(url)
        secret = parts.username is not None or parts.password is not None or bool(parts.query)
    except ValueError:
        secret = "@" in url
    if secret:
        raise BrokenFile(
            f"{where}: base_url holds a user name, a password or a ?query; leave only the address and name the "
            "environment variable of the key in key_env"
        )
    return url


def each_once(addresses: Iterable[str], where: str) -> tuple[str, ...]:
    """The addresses in their order, or ``BrokenFile`` where one stands twice."""
    found = tuple(addresses)
    for place, address in enumerate(found):
        if normal(address) in {normal(other) for other in found[:place]}:
            raise BrokenFile(f"{where}: base_urls names {normal(address)} twice; a server is named once")
    return found


def model_of_spec(spec: str) -> Model | None:
    """The model that a spec describes, labelled by the spec; ``None`` when it is no spec.

    Raises ``BrokenFile`` when a part is missing, with the forms that exist.
    """
    provider = provider_of(spec)
    if provider is None:
        return None
    rest = spec.partition("/")[2].strip()
    at = _AT.fullmatch(rest) if provider in _REMOTE else None
    where = f"model {spec.partition('@')[0]!r}"
    urls = each_once((no_secrets(url, where) for url in _AND.split(at["url"])), where) if at else ()
    name, url = at["name"] if at else rest, urls[0] if urls else None
    if not name or name.startswith("@"):
        raise BrokenFile(f"model {spec!r} has no name; the forms are {FORMS}")
    if provider == "openai_compatible" and url is None:
        raise BrokenFile(f"model {spec!r} has no address; write openai_compatible/{name}@http://127.0.0.1:8000/v1")
    price = 0.0 if provider in _FREE else None
    return Model(
        label=spec,
        provider=provider,
        name=name,
        base_url=url,
        base_urls=urls if len(urls) > 1 else (),
        usd_per_mtok_in=price,
        usd_per_mtok_out=price,
        usd_per_mtok_cache_read=price,
        usd_per_mtok_cache_write=price,
    )
