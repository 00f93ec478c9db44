"""Writes and reads the few parts of GGUF files that adapters need: metadata, and 32-bit float tensors.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (version 3, little-endian).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from facts.errors import BrokenFile

Value = str | float | int
Tensor = NDArray[np.float32]

_MAGIC, _VERSION, _ALIGNMENT = b"GGUF", 3, 32
_UINT32, _FLOAT32, _STRING, _ARRAY = 4, 6, 8, 9
_F32 = 0
# Width and struct code of the plain kinds of value, by their number in the format.
_PLAIN = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_MOST = 10_000_000  # bytes of one string or entries of one array: more is a damaged file


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: Value) -> bytes:
    match value:
        case str():
            return struct.pack("<I", _STRING) + _text(value)
        case int():
            return struct.pack("<II", _UINT32, value)
        case float():
            return struct.pack("<If", _FLOAT32, value)


def write_gguf(path: Path, metadata: Mapping[str, Value], tensors: Mapping[str, Tensor]) -> None:
    """Writes the file; equal arguments give equal bytes. Shapes are as in numpy: rows first."""
    head = [_MAGIC, struct.pack("<IQQ", _VERSION, len(tensors), len(metadata))]
    head += [_text(key) + _value(value) for key, value in metadata.items()]
    offset = 0
    for name, tensor in tensors.items():
        sides = tensor.shape[::-1]  # ggml counts the fastest side first
        head.append(_text(name) + struct.pack(f"<I{len(sides)}QIQ", len(sides), *sides, _F32, offset))
        offset += -(-tensor.nbytes // _ALIGNMENT) * _ALIGNMENT
    start = b"".join(head)
    with path.open("wb") as file:
        file.write(start + bytes(-len(start) % _ALIGNMENT))
        for tensor in tensors.values():
            data = np.ascontiguousarray(tensor, dtype="<f4").tobytes()
            file.write(data + bytes(-len(data) % _ALIGNMENT))


def read_metadata(path: Path) -> dict[str, Value]:
    """The metadata of a GGUF file, arrays (vocabularies) left out. Raises ``BrokenFile``."""
    try:
        with path.open("rb") as file:
            if file.read(4) != _MAGIC:
                raise BrokenFile(f"{path} is not a GGUF file; give the path of a model in GGUF format")
            version, _, count = struct.unpack("<IQQ", _take(file, 20))
            if version not in (2, 3):
                raise BrokenFile(f"{path} is GGUF version {version}; convert the model to version 3")
            found: dict[str, Value] = {}
            for _ in range(count):
                key = _string(file)
                value = _read(file, *struct.unpack("<I", _take(file, 4)))
                if value is not None:
                    found[key] = value
            return found
    except (struct.error, ValueError, KeyError, OSError) as error:
        if isinstance(error, BrokenFile):
            raise
        raise BrokenFile(f"{path} cannot be read as a GGUF file ({error}); download or write it again") from error


def _take(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise ValueError("it ends too early")
    return data


def _size(file: BinaryIO) -> int:
    (size,) = struct.unpack("<Q", _take(file, 8))
    if size > _MOST:
        raise ValueError("a length in it makes no sense")
    return size


def _string(file: BinaryIO) -> str:
    return _take(file, _size(file)).decode("utf-8", "replace")


def _read(file: BinaryIO, kind: int) -> Value | None:
    if kind == _STRING:
        return _string(file)
    if kind == _ARRAY:
        (inner,) = struct.unpack("<I", _take(file, 4))
        for _ in range(_size(file)):
            _read(file, inner)
        return None
    code = "<" + _PLAIN[kind]
    (value,) = struct.unpack(code, _take(file, struct.calcsize(code)))
    return value
