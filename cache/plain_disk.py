"""The only serialisation the store knows: text keys and bytes values, in the database itself, never a pickle.

diskcache unpickles rows whose mode says so, whatever ``Disk`` wrote them (CVE-2025-69872): loading a shared folder
would be code execution. The store's ``Disk`` sends each of its four conversions through this file.
"""

from __future__ import annotations

from cache.errors import UnsafeRow

MODE_RAW = 1  # diskcache's number for "the value is in the row, as it is"


def put(key: object) -> tuple[str, bool]:
    """A key as it goes into the database; only text is a key."""
    if not isinstance(key, str):
        raise TypeError(f"store keys are text, not {type(key).__name__}")
    return key, True


def get(key: object, raw: object) -> str:
    """A key as it comes out of the database."""
    if raw != 1 or not isinstance(key, str):
        raise UnsafeRow("key")
    return key


def pack(value: object) -> tuple[int, int, None, bytes]:
    """A value as diskcache's (size, mode, file name, value) columns; only bytes are a value."""
    if not isinstance(value, bytes):
        raise TypeError(f"store values are bytes, not {type(value).__name__}")
    return len(value), MODE_RAW, None, value


def unpack(mode: object, filename: object, value: object, where: str) -> bytes:
    """A value as it comes out of the database."""
    if plain(mode, filename, value) and isinstance(value, bytes):
        return value
    raise UnsafeRow(where)


def plain(mode: object, filename: object, value: object) -> bool:
    """Whether a row's value is one that this project writes."""
    return mode == MODE_RAW and filename is None and type(value) is bytes
