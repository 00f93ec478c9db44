"""Packs a PNG tighter without touching a pixel: the drawing library packs fast and leaves files thrice as large."""

from __future__ import annotations

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LEVEL = 6  # higher ones take five times as long for a few per cent


def packed(png: bytes) -> bytes:
    """The same picture in fewer bytes, the same bytes every time; what is no PNG comes back as it is."""
    if not png.startswith(_SIGNATURE):
        return png
    pixels, before, after, at = b"", b"", b"", len(_SIGNATURE)
    while at + 12 <= len(png):
        (size,) = struct.unpack_from(">I", png, at)
        chunk = png[at : at + 12 + size]
        if chunk[4:8] == b"IDAT":
            pixels += chunk[8:-4]
        elif pixels:
            after += chunk
        else:
            before += chunk
        at += 12 + size
    data = b"IDAT" + zlib.compress(zlib.decompress(pixels), _LEVEL)
    whole = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    smaller = _SIGNATURE + before + whole + after
    return smaller if len(smaller) < len(png) else png
