"""Explains a miss: the kept request that is nearest to a wanted one, and the fields in which they differ."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from cache import record
from cache.errors import StoreError
from cache.key import canonical

_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The nearest kept request and its differences, one line a field."""

    key: str
    differences: tuple[str, ...]


def _changed(wanted: record.Fields, have: record.Fields) -> list[str]:
    def text(fields: record.Fields, name: str) -> bytes:
        value = fields.get(name)
        return b"" if value is None else canonical([value])

    return [name for name in sorted({*wanted, *have}) if text(wanted, name) != text(have, name)]


def _line(name: str, wanted: object, have: object) -> str:
    left, right = str(wanted), str(have)
    if len(left) > _SHOWN or len(right) > _SHOWN:
        at = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
        left, right = (f"…{text[max(0, at - 10) : at + _SHOWN]}…" for text in (left, right))
        return f"{name}, from character {at}: wanted {left!r}, kept {right!r}"
    return f"{name}: wanted {left!r}, kept {right!r}"


def nearest(wanted: record.Fields, rows: Iterable[tuple[str, bytes | StoreError]]) -> Nearest | None:
    """The kept request with the fewest differing fields (texts alike at the front count as nearer); None if empty."""
    best: tuple[tuple[int, float], str, record.Fields] | None = None
    for key, value in rows:
        if isinstance(value, StoreError):
            continue
        try:
            have, _ = record.read(key, value)
        except StoreError:
            continue
        changed = _changed(wanted, have)
        alike = sum(
            difflib.SequenceMatcher(None, str(wanted.get(n))[:200], str(have.get(n))[:200]).quick_ratio()
            for n in changed
        )
        distance = (len(changed), -alike)
        if best is None or distance < best[0]:
            best = (distance, key, have)
    if best is None:
        return None
    _, key, have = best
    return Nearest(key=key, differences=tuple(_line(n, wanted.get(n), have.get(n)) for n in _changed(wanted, have)))
