"""How one sample is written down: the request beside what came back, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import orjson

from cache.errors import StoreError
from cache.key import content_key

Fields = Mapping[str, object]


def write(request: Fields, sample: Fields) -> bytes:
    """One record as UTF-8 JSON; unset fields are dropped."""
    return orjson.dumps({"request": _set(request), "sample": _set(sample)})


def _set(fields: Fields) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def read(key: str, value: bytes) -> tuple[Fields, Fields]:
    """The request and the sample of one record; ``StoreError`` where the bytes are not a whole record."""
    try:
        data: object = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise StoreError(
            f"{key}: the kept record is damaged ({error}); it is left as it is and counted as lost"
        ) from error
    if isinstance(data, dict):
        record = cast("dict[str, object]", data)
        request, sample = record.get("request"), record.get("sample")
        if isinstance(request, dict) and isinstance(sample, dict):
            return cast("Fields", request), cast("Fields", sample)
    raise StoreError(f"{key}: the kept record has no request and sample; it was not written by this project")


def problem(key: str, value: bytes) -> str | None:
    """What is wrong with a row, or None: it must be a whole record whose request hashes to its key."""
    try:
        request, _ = read(key, value)
        derived = content_key(request)
    except (StoreError, ValueError, TypeError) as error:
        return str(error)
    return None if derived == key else f"{key}: the request beside the sample hashes to {derived}"
