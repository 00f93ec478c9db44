"""The same chart on a dark ground: every colour of the house's theme has one counterpart, and nothing else changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

GROUND = "#030405"

# Okabe and Ito's blue, black and grey are too dark to read on a dark ground: they become lighter, the others stay.
_COUNTERPARTS: Mapping[str, str] = {
    "white": GROUND,
    "#ffffff": GROUND,
    "#1f2328": "#E9ECEF",
    "#57606a": "#AEB6BF",
    "#e6e8eb": "#2C353F",
    "#b00020": "#FF8A80",
    "#000000": "#FFFFFF",
    "#6b6b6b": "#A3A3A3",
    "#0072b2": "#56B4E9",
    "#56b4e9": "#B5E2FA",
    "#d55e00": "#F0772B",
    "#009e73": "#1FBF91",
}
# What is said in these is data or words, never a colour of ours, even where it reads like one.
_WORDS = {"data", "datasets", "domain", "sort", "text", "subtitle", "equal"}


def in_dark(spec: Mapping[str, object]) -> dict[str, object]:
    """A Vega-Lite specification with the colours of the house's theme exchanged for their dark counterparts."""
    return {name: value if name in _WORDS else _exchanged(value) for name, value in spec.items()}


def _exchanged(value: object) -> object:
    match value:
        case str():
            return _COUNTERPARTS.get(value.lower(), value)
        case dict():
            return in_dark(cast("dict[str, object]", value))
        case list():
            return [_exchanged(item) for item in cast("list[object]", value)]
        case _:
            return value
