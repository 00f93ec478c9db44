"""Turns a request into canonical JSON and that into a versioned hash."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import cast

import orjson

KEY_VERSION = 1

# JSON data; a plain alias, because recursive ones confuse readers more than they help.
Json = object


def _clean(value: Json) -> Json:
    """Drop unset fields, turn whole floats into one spelling, refuse what JSON cannot say."""
    # What requests are made of first: asking what kind of mapping or sequence it is costs three times as much.
    kind = type(value)
    if kind is dict:
        fields = cast("dict[str, Json]", value)
        return {
            name: item if type(item) is str or type(item) is int else _number(_clean(item))
            for name, item in fields.items()
            if item is not None
        }
    if kind is list:
        return [_number(_clean(item)) for item in cast("list[Json]", value)]
    match value:
        case None | bool() | str() | int():
            return value
        case float():
            if not math.isfinite(value):
                raise ValueError(f"{value} cannot be part of a key; use a finite number or leave the field out")
            return value
        case Mapping():
            items = cast("Mapping[str, Json]", value).items()
            return {key: _number(_clean(item)) for key, item in items if item is not None}
        case Sequence():
            return [_number(_clean(item)) for item in cast("Sequence[Json]", value)]
        case _:
            raise TypeError(f"{type(value).__name__} cannot be part of a key; use text, numbers, lists and mappings")


def _number(value: Json) -> Json:
    # 1 and 1.0 mean one temperature, so they must give one key.
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def canonical(value: Json) -> bytes:
    """UTF-8 JSON with sorted keys, no spaces, unset (``None``) fields dropped and whole floats written as integers.

    Raises ``ValueError`` for NaN and infinities, ``TypeError`` for anything that is not JSON.
    """
    return orjson.dumps(_clean(value), option=orjson.OPT_SORT_KEYS)


def content_key(value: Mapping[str, Json]) -> str:
    """The key of a request: ``v1:`` and the SHA-256 of its canonical JSON."""
    return f"v{KEY_VERSION}:{hashlib.sha256(canonical(value)).hexdigest()}"
