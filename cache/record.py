"""How one sample is written down: the request beside what came back, as JSON, and a checksum of what came back.

The key vouches for the request; nothing but a checksum can vouch for the sample. It stands last, with the length of the
sample, so that a sample is read without reading the prompt before it. Records without one, as earlier versions wrote
them, are read in full.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import cast

import orjson

from cache.errors import StoreError
from cache.key import content_key

Fields = Mapping[str, object]

_MARK, _CHECK = b',"sample":', b',"check":"'
_TAIL = len(_CHECK) + 16 + 2  # eight hexadecimal digits of the length, eight of the checksum, and what closes them


def write(request: Fields, sample: Fields) -> bytes:
    """One record as UTF-8 JSON; unset fields are dropped."""
    said = orjson.dumps(_set(sample))
    return b"".join((
        b'{"request":', orjson.dumps(_set(request)), _MARK, said, _CHECK,
        b'%08x%08x"}' % (len(said), zlib.crc32(said)),
    ))  # fmt: skip


def _set(fields: Fields) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _checked(key: str, value: bytes) -> bytes | None:
    """The JSON of the sample alone; None in a record without a checksum."""
    if value[-_TAIL : -_TAIL + len(_CHECK)] != _CHECK:
        return None
    try:
        size, crc = int(value[-18:-10], 16), int(value[-10:-2], 16)
    except ValueError:
        size, crc = -1, 0
    start = len(value) - _TAIL - size
    said = value[start:-_TAIL]
    if size < 0 or start < len(_MARK) or value[start - len(_MARK) : start] != _MARK or zlib.crc32(said) != crc:
        raise _damaged(key, "its checksum does not fit")
    return said


def _damaged(key: str, why: object) -> StoreError:
    return StoreError(f"{key}: the kept record is damaged ({why}); it is left as it is and counted as lost")


def read(key: str, value: bytes) -> tuple[Fields, Fields]:
    """The request and the sample of one record; ``StoreError`` where the bytes are not a whole record."""
    _checked(key, value)
    data = _loaded(key, value)
    if isinstance(data, dict):
        record = cast("dict[str, object]", data)
        request, sample = record.get("request"), record.get("sample")
        if isinstance(request, dict) and isinstance(sample, dict):
            return cast("Fields", request), cast("Fields", sample)
    raise StoreError(f"{key}: the kept record has no request and sample; it was not written by this project")


def read_sample(key: str, value: bytes) -> Fields:
    """The sample of one record, without reading its request where that can be; ``StoreError`` as in ``read``."""
    said = _checked(key, value)
    if said is None:
        return read(key, value)[1]
    data = _loaded(key, said)
    if isinstance(data, dict):
        return cast("Fields", data)
    raise StoreError(f"{key}: the kept record has no sample; it was not written by this project")


def _loaded(key: str, value: bytes) -> object:
    try:
        return cast("object", orjson.loads(value))
    except orjson.JSONDecodeError as error:
        raise _damaged(key, error) from error


def renewed(data: object) -> bytes:
    """A record that came as JSON data, as it is kept here, with a checksum of its own."""
    if isinstance(data, dict):
        record = cast("dict[str, object]", data)
        request, sample = record.get("request"), record.get("sample")
        if isinstance(request, dict) and isinstance(sample, dict):
            return write(cast("Fields", request), cast("Fields", sample))
    return orjson.dumps(data)


def differ(key: str, one: bytes, other: bytes) -> bool:
    """Whether two records say different things; one that is damaged differs from every other."""
    try:
        return one != other and read(key, one) != read(key, other)
    except StoreError:
        return True


def problem(key: str, value: bytes) -> str | None:
    """What is wrong with a row, or None: it must be a whole record whose request hashes to its key."""
    try:
        request, _ = read(key, value)
        derived = content_key(request)
    except (StoreError, ValueError, TypeError) as error:
        return str(error)
    return None if derived == key else f"{key}: the request beside the sample hashes to {derived}"
