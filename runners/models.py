"""Finds models by label, by group or by an ad-hoc spec, in the shipped models.toml and the user's own."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from facts.errors import BrokenFile, UnknownName
from facts.parse import Strict, home_path, parse_toml, read_text
from runners.model import Model, TrainedOn
from runners.model_spec import FORMS, each_once, model_of_spec, no_secrets, provider_of
from runners.providers import names as provider_names

_WHERE = f"Models live in runners/models.toml and in models.toml of your workspace; or write one in place: {FORMS}."

Usd = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
PerMinute = Annotated[float, Field(ge=1, le=1e12, allow_inf_nan=False)]
Tokens = Annotated[int, Field(ge=1, le=100_000_000)]
Word = Annotated[
    str, Field(min_length=1, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")
]  # shown in terminals and sent in headers


class _TrainedOn(Strict):
    set_id: Word
    documents: Annotated[int, Field(ge=0)]
    doses: list[Word] = Field(default_factory=list[str])
    base: str = ""
    epochs: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    steps: Annotated[int, Field(ge=0)] | None = None
    loss: Annotated[float, Field(allow_inf_nan=False)] | None = None


class _Entry(Strict):
    provider: Word
    name: Word
    base_url: Word | None = None
    base_urls: Annotated[list[Word], Field(min_length=1, max_length=1000)] | None = None
    key_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    usd_per_mtok_in: Usd | None = None
    usd_per_mtok_out: Usd | None = None
    usd_per_mtok_cache_read: Usd | None = None
    usd_per_mtok_cache_write: Usd | None = None
    requests_per_minute: PerMinute | None = None
    tokens_per_minute: PerMinute | None = None
    context: Tokens | None = None
    thinking_tokens: Annotated[int, Field(ge=1024, le=10_000_000)] | None = None  # Anthropic's floor for a budget
    takes_temperature: bool = True
    structured: bool | None = None
    batch_share: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    note: str = ""
    checked: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")] | None = None
    source: str | None = None
    adapter: Word | None = None  # a relative path is looked for beside the file that names it
    opened: bool = False  # came with a comparison that somebody sent: never called until a person removes this
    trained_on: _TrainedOn | None = None


class _File(Strict):
    models: dict[Word, _Entry] = Field(default_factory=dict[Word, _Entry])
    groups: dict[str, list[str]] = Field(default_factory=dict[str, list[str]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """All models by label and all groups by name, each group a tuple of labels or specs."""

    by_label: Mapping[str, Model]
    groups: Mapping[str, tuple[str, ...]]

    def find(self, label: str) -> Model:
        """The model of that label or ad-hoc spec. Raises ``UnknownName`` or ``BrokenFile``.

        A spec that names a known provider and model ("anthropic/claude-haiku-5-5") gets that entry's prices; what came
        with an opened comparison lends nothing.
        """
        if label in self.by_label:
            return self.by_label[label]
        if label in self.groups:
            raise UnknownName(
                "model", label, self.groups[label], f"{label!r} is a group of {len(self.groups[label])} models."
            )
        spec = model_of_spec(label)
        if spec is None:
            raise self._unknown(label)
        for known in self.by_label.values():
            place = (known.provider, known.name, known.base_url, known.adapter)
            # A key goes only to addresses that its entry names, whatever else a spec puts behind the first.
            trusted = not known.opened and {*spec.base_urls} <= {*known.addresses}
            if trusted and place == (spec.provider, spec.name, spec.base_url, None):
                return replace(known, label=label, base_urls=spec.base_urls)
        return spec

    def expand(self, labels: Iterable[str]) -> tuple[Model, ...]:
        """The models of these labels, specs and groups, each once, in the order given."""
        found: dict[str, Model] = {}
        for label in labels:
            for member in self.groups.get(label, (label,)):
                found.setdefault(member, self.find(member))
        return tuple(found.values())

    def _unknown(self, label: str) -> UnknownName:
        head, slash, _ = label.partition("/")
        if slash and difflib.get_close_matches(head, provider_names(), n=1):
            return UnknownName("provider", head, provider_names(), f"The forms are {FORMS}.")
        return UnknownName("model", label, (*self.by_label, *self.groups), _WHERE)


def _model(label: str, entry: _Entry, path: str) -> Model:
    known = {*provider_names(), "embedded", "organism"}
    if entry.provider not in known:
        raise BrokenFile(f"{path}: model {label!r}: {UnknownName('provider', entry.provider, known)}")
    where = f"{path}: model {label!r}"
    if entry.base_urls is not None and entry.base_url is not None:
        raise BrokenFile(f"{where}: has base_url and base_urls; put every address into base_urls, the first one first")
    if entry.base_urls is not None and entry.provider in ("embedded", "organism"):
        raise BrokenFile(f"{where}: the {entry.provider} provider has no address; remove base_urls")
    addresses = each_once(entry.base_urls or ([entry.base_url] if entry.base_url is not None else []), where)
    for address in addresses:
        no_secrets(address, where)
    checked = f"Prices checked {entry.checked} ({entry.source or 'no source'})." if entry.checked else ""
    if entry.adapter is not None and entry.provider != "embedded":
        raise BrokenFile(f"{path}: model {label!r}: only the embedded provider runs adapters; remove adapter")
    taken = {"checked", "source", "note", "adapter", "opened", "trained_on", "base_url", "base_urls"}
    fields = entry.model_dump(exclude=taken)
    return Model(
        label=label, opened=path if entry.opened else "", base_url=addresses[0] if addresses else None,
        base_urls=addresses if len(addresses) > 1 else (),
        note=" ".join(filter(None, (entry.note, checked))), trained_on=_trained_on(entry.trained_on),
        adapter=None if entry.adapter is None else str(Path(path).parent / home_path(entry.adapter)), **fields,
    )  # fmt: skip


def _trained_on(entry: _TrainedOn | None) -> TrainedOn | None:
    return None if entry is None else TrainedOn(**entry.model_dump(exclude={"doses"}), doses=tuple(entry.doses))


def _read(path: Path, text: str) -> Models:
    form = parse_toml(path, text, _File)
    by_label = {label: _model(label, entry, str(path)) for label, entry in form.models.items()}
    return Models(by_label=by_label, groups={name: tuple(members) for name, members in form.groups.items()})


@cache
def _shipped() -> Models:
    path = files("runners") / "models.toml"
    return _read(Path("runners/models.toml"), path.read_text(encoding="utf-8"))


def read_models(own: Path | None = None) -> Models:
    """The shipped models, overlaid by those of ``own`` (a ``models.toml``, which need not exist).

    Raises ``BrokenFile`` with file, line and field.
    """
    models = _shipped()
    if own is not None and own.exists():
        mine = _read(own, read_text(own))
        models = Models(
            by_label=MappingProxyType({**models.by_label, **mine.by_label}),
            groups=MappingProxyType({**models.groups, **mine.groups}),
        )
    where = own or "runners/models.toml"
    for name, members in models.groups.items():
        if name in models.by_label:
            raise BrokenFile(f"{where}: {name!r} is both a model and a group; rename one")
        for member in members:
            if member not in models.by_label and provider_of(member) is None:
                unknown = UnknownName("model", member, models.by_label)
                raise BrokenFile(f"{where}: group {name!r}: {unknown}")
    return models


def find_model(label: str, own: Path | None = None) -> Model:
    """The model of that label or ad-hoc spec. Raises ``UnknownName`` or ``BrokenFile``."""
    return read_models(own).find(label)


def find_models(labels: Iterable[str], own: Path | None = None) -> tuple[Model, ...]:
    """The models of these labels, specs and groups, each once. Raises ``UnknownName`` or ``BrokenFile``."""
    return read_models(own).expand(labels)


def known_models(own: Path | None = None) -> tuple[Model, ...]:
    """Every model that has a label, the shipped ones first. Raises ``BrokenFile``."""
    return tuple(read_models(own).by_label.values())
