"""A comparison as fields that can be edited one by one, and back; a half-finished edit is no comparison yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from enum import Enum
from typing import cast

from pydantic import TypeAdapter, ValidationError

from facts.errors import FactError
from facts.setting import Setting
from runners import metrics
from runners.comparison import Comparison

Field = str | int | float | list[str] | list[int] | None

NAMES: tuple[str, ...] = tuple(field.name for field in dataclass_fields(Comparison))
_FORM = TypeAdapter(Comparison)


def fields_of(comparison: Comparison) -> dict[str, Field]:
    """Every field as plain strings, numbers and lists of them."""
    return {name: _plain(getattr(comparison, name)) for name in NAMES}


def _plain(value: object) -> Field:
    match value:
        case tuple():
            return _several(cast("tuple[object, ...]", value))
        case Enum():
            return str(value.value)
        case None | str() | int() | float():
            return value
        case _:
            raise TypeError(f"a comparison has no field like {value!r}")


def _several(values: tuple[object, ...]) -> list[str] | list[int]:
    numbers = [item for item in values if isinstance(item, int)]
    return numbers or [str(item.value if isinstance(item, Enum) else item) for item in values]


def comparison_from(fields: Mapping[str, Field]) -> Comparison:
    """The comparison that these fields make; raises ``FactError`` naming the field that is wrong."""
    given = {name: value for name, value in fields.items() if name in NAMES}
    # An emptied text box is a field left out.
    given["query_file"] = given.get("query_file") or None
    if ids := set(_words(given.get("query_ids"))):
        given["queries"] = len(ids)
    try:
        return _FORM.validate_python(given)
    except ValidationError as error:
        raise FactError(
            "\n".join(_complaint(item["loc"], item["msg"], item.get("input")) for item in error.errors())
        ) from error


def _complaint(where: tuple[int | str, ...], message: str, got: object) -> str:
    own = message.removeprefix("Value error, ")
    if own != message or not where:
        return own
    return f"{where[0]}: {'fill this in' if got is None else own}"


def adapted(fields: Mapping[str, Field], setting: Setting) -> dict[str, Field]:
    """The fields after a change of setting: what the new setting does not have falls back to what it has."""
    new = dict(fields)
    new["setting"] = setting.slug
    if new.get("labels") not in setting.labels:
        new["labels"] = next(iter(setting.labels))
    if new.get("variant") not in setting.variants:
        new["variant"] = next(iter(setting.variants))
    new["reasoning"] = [m for m in _words(new.get("reasoning")) if m in setting.formats] or [
        next(iter(setting.formats))
    ]
    kept = [name for name in _words(new.get("metrics")) if name in metrics.names() and _reads(name, setting)]
    own = setting.metric
    new["metrics"] = [own, *kept] if kept and own not in kept and own in metrics.names() else kept
    new["query_ids"] = []
    new["query_file"] = None
    if isinstance(new.get("queries"), int):
        new["queries"] = min(int(str(new["queries"])), len(setting.queries))
    return new


def _reads(name: str, setting: Setting) -> bool:
    settings = metrics.find(name).SETTINGS
    return not settings or setting.slug in settings


def _words(value: Field) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
