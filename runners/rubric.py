"""A rubric: what a judge is told and which fields its verdict has; read from TOML, one file a version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import orjson
from pydantic import Field, model_validator

from facts.errors import BrokenFile, FactError, UnknownName
from facts.parse import Strict, parse_toml, read_text

_HERE = Path(__file__).parent / "rubrics"
_FILE_NAME = re.compile(r"(?P<name>[a-z_]+)\.v(?P<version>\d+)\.toml")
_LABEL = re.compile(r"(?P<name>[^@]+)@(?P<version>[0-9]{1,6})")
_TYPES: dict[str, dict[str, object]] = {
    "quotes": {"type": "array", "items": {"type": "string"}},
    "yes_no": {"type": "boolean"},
}

Kind = Literal["quotes", "yes_no", "choice"]


class _Field(Strict):
    name: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    kind: Kind
    about: str
    options: list[Annotated[str, Field(pattern=r"^[a-z_ -]+$")]] = Field(default_factory=list[str])

    @model_validator(mode="after")
    def _choices(self) -> _Field:
        if len(set(self.options)) != len(self.options) or (len(self.options) > 1) != (self.kind == "choice"):
            raise ValueError(f"field {self.name!r}: a choice has two options or more, each once; others have none")
        return self


class _File(Strict):
    name: str
    version: Annotated[int, Field(ge=1)]
    title: str
    votes: Annotated[int, Field(ge=1, le=99)]
    temperature: Annotated[float, Field(ge=0, le=2)]
    max_tokens: Annotated[int, Field(ge=16)]
    system: str
    user: str
    fields: Annotated[list[_Field], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_once(self) -> _File:
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names):
            raise ValueError("two fields have one name; give each its own")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One field of a verdict. ``quotes`` is a list of verbatim passages, ``yes_no`` a truth value, ``choice`` one of
    ``options``.
    """

    name: str
    kind: Kind
    about: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """``system`` says what to judge and how to reply; ``user`` has holes for the material. ``votes`` above 1 says that
    the rubric is voted on: each vote is a replicate of the same question.
    """

    name: str
    version: int
    title: str
    votes: int
    temperature: float
    max_tokens: int
    system: str
    user: str
    items: tuple[Item, ...]

    @property
    def label(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"

    @property
    def schema(self) -> str:
        """The JSON schema of a verdict, as JSON text: exactly these fields, in this order, all of them."""
        fields = {item.name: _TYPES.get(item.kind, {"type": "string", "enum": list(item.options)})
                  for item in self.items}  # fmt: skip
        return orjson.dumps({"type": "object", "properties": fields, "required": list(fields),
                             "additionalProperties": False}).decode()  # fmt: skip


def _form(items: tuple[Item, ...]) -> str:
    kinds = {"quotes": "list of strings", "yes_no": "true or false"}
    said = {item.name: kinds.get(item.kind) or " or ".join(f'"{option}"' for option in item.options) for item in items}
    lines = [f'  "{item.name}": {said[item.name]}: {item.about}' for item in items]
    return "\n".join(("Reply with one JSON object and nothing else. Its fields, in this order:", *lines))


def _files() -> dict[str, dict[int, Path]]:
    found: dict[str, dict[int, Path]] = {}
    for path in sorted(_HERE.glob("*.toml")):
        if match := _FILE_NAME.fullmatch(path.name):
            found.setdefault(match["name"], {})[int(match["version"])] = path
    return found


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The rubrics there are, in alphabetical order."""
    return tuple(_files())


@lru_cache(maxsize=64)
def find(name: str, version: int | None = None) -> Rubric:
    """The rubric of that name, at that version or the newest; raises ``UnknownName``, ``FactError``, ``BrokenFile``."""
    files = _files()
    if name not in files:
        raise UnknownName("rubric", name, files, "A rubric is a file in runners/rubrics/.")
    chosen = max(files[name]) if version is None else version
    if chosen not in files[name]:
        known = ", ".join(map(str, sorted(files[name])))
        raise FactError(f"rubric {name!r} has no version {chosen}; it has {known}: write {name}@{max(files[name])}")
    path = files[name][chosen]
    raw = parse_toml(path, read_text(path), _File)
    if (raw.name, raw.version) != (name, chosen):
        raise BrokenFile(f"{path}: name and version are {raw.name!r} and {raw.version}; make them as the file is named")
    items = tuple(Item(name=f.name, kind=f.kind, about=f.about, options=tuple(f.options)) for f in raw.fields)
    return Rubric(
        name=name, version=chosen, title=raw.title, votes=raw.votes, temperature=raw.temperature,
        max_tokens=raw.max_tokens, system=f"{raw.system.strip()}\n\n{_form(items)}", user=raw.user.strip(), items=items,
    )  # fmt: skip


def parse_label(label: str) -> Rubric:
    """The rubric that ``name@version`` names; raises ``FactError`` saying how one is written."""
    if not (match := _LABEL.fullmatch(label)):
        raise FactError(f"rubric {label!r}: write name@version, as in alignment_faking@1")
    return find(match["name"], int(match["version"]))
