"""Reads a provider's JSON reply, which is outside text: every field is checked, none is believed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import orjson

from runners.sample import Trouble
from runners.trouble import Retryable

Object = Mapping[str, object]

_MANY = 2**53  # larger numbers do not survive JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A successful HTTP reply: its JSON object and what the transport knows about it. ``received_at`` is ISO, UTC."""

    data: Object
    request_id: str | None
    latency_s: float
    received_at: str


def unreadable(what: str) -> Retryable:
    """The error for a reply that is not what the protocol promises."""
    return Retryable(
        Trouble.UNREADABLE,
        f"the reply {what}",
        advice="Tried again by itself; if it stays, check that base_url leads to a server that speaks this protocol.",
    )


def parse(content: bytes) -> Object:
    """The JSON object in ``content``. Raises ``Retryable`` (unreadable)."""
    try:
        data: object = orjson.loads(content)
    except orjson.JSONDecodeError:
        # orjson refuses lone surrogates and stray bytes, which small models do emit; the standard library reads them.
        try:
            data = json.loads(content.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise unreadable("is not complete JSON") from None
    if not isinstance(data, dict):
        raise unreadable("is not a JSON object")
    return cast("Object", data)


def clean(text: str) -> str:
    """``text`` with lone surrogates replaced, so that it can be stored as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def text(data: Object, field: str) -> str | None:
    """A text field, cleaned; ``None`` when it is missing, null or not text."""
    value = data.get(field)
    return clean(value) if isinstance(value, str) else None


def needed(data: Object, field: str) -> str:
    """A text field that the protocol promises. Raises ``Retryable`` (unreadable)."""
    value = text(data, field)
    if value is None:
        raise unreadable(f"has no text in {field!r}")
    return value


def count(data: Object, field: str) -> int | None:
    """A count of at least 0; ``None`` when it is missing, not a count or beyond anything that could be counted."""
    value = data.get(field)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MANY else None


def inner(data: Object, field: str) -> Object:
    """An object field; empty when it is missing or not an object."""
    value = data.get(field)
    return cast("Object", value) if isinstance(value, dict) else {}


def items(data: Object, field: str) -> Sequence[Object] | None:
    """The objects in an array field; ``None`` when there is no such array."""
    value = data.get(field)
    if not isinstance(value, list):
        return None
    return [cast("Object", item) for item in cast("list[object]", value) if isinstance(item, dict)]
