"""Takes the fields of one JSON object apart: texts, identifiers, truth values, lists, each in the kind it must have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

Fields = Mapping[str, object]
_TRUTH = {"true": True, "false": False, "1": True, "0": False, "": None}


class WrongKind(ValueError):  # noqa: N818  (a row's fault, told in the report, never raised to the user)
    """A field holds another kind of value than it must."""


def text(fields: Fields, *names: str) -> str:
    """The first of these fields that is there, as text; "" where none is or it is null."""
    value = next((fields[name] for name in names if fields.get(name) is not None), "")
    if not isinstance(value, str):
        raise WrongKind(f"field {names[0]} is not text")
    return value


def identifier(fields: Fields, name: str) -> str:
    """A text or a whole number as text."""
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return str(value)
    if value is not None and not isinstance(value, str):
        raise WrongKind(f"field {name} is neither text nor a whole number")
    return value or ""


def truth(fields: Fields, name: str) -> bool | None:
    """True, false, or None where nothing is said; the words count too, as tables have them."""
    value = fields.get(name)
    if isinstance(value, str):
        value = _TRUTH.get(value.strip().lower(), value)
    if value is not None and not isinstance(value, bool):
        raise WrongKind(f"field {name} is neither true nor false")
    return value


def texts(fields: Fields, *names: str) -> tuple[str, ...]:
    """The first of these fields that is there, as a list of texts; blank ones are left out."""
    value = next((fields[name] for name in names if fields.get(name) is not None), None)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise WrongKind(f"field {names[0]} is not a list")
    items = cast("list[object]", value)
    found = [item for item in items if isinstance(item, str)]
    if len(found) < len(items):
        raise WrongKind(f"field {names[0]} holds something that is not text")
    return tuple(item.strip() for item in found if item.strip())
