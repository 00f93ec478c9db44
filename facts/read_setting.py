"""Reads a setting from its folder: ``setting.toml`` and ``queries.jsonl``, strictly."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field

from facts.condition import Reasoning, Tier
from facts.errors import BrokenFile
from facts.parse import Strict, parse_jsonl, parse_toml, read_text
from facts.setting import Frame, Query, Setting, Variant


class _Labels(Strict):
    monitored: str
    unmonitored: str


class _Tagging(Strict):
    always: str
    only_monitored: str
    only_unmonitored: str


class _Frame(Strict):
    id: str
    system: str
    user: str
    untagged: str = ""
    tagging: _Tagging | None = None
    accept: str = ""
    reject: str = ""


class _Variant(Strict):
    about: str
    tiers: str
    policy: str
    situation: str = ""


class _File(Strict):
    slug: str
    title: str
    about: str
    situation: Annotated[str, Field(min_length=1)]
    metric: str
    swaps: bool = False
    source: str
    labels: dict[str, _Labels]
    formats: dict[str, str]
    max_tokens: dict[str, int]
    variants: dict[str, _Variant]
    frames: Annotated[list[_Frame], Field(min_length=1)]


class _Query(Strict):
    id: str
    text: Annotated[str, Field(min_length=1, max_length=20_000)]
    group: str = ""
    fields: dict[str, str] = Field(default_factory=dict[str, str])


def read_queries(path: Path) -> tuple[Query, ...]:
    """Queries from JSONL, one a line; raises ``BrokenFile`` for a broken line, a repeated id or an empty file."""
    rows = parse_jsonl(path, read_text(path), _Query)
    if not rows:
        raise BrokenFile(f"{path}: no queries; add one JSON object a line with at least id and text")
    seen: set[str] = set()
    for row in rows:
        if row.id in seen:
            raise BrokenFile(f"{path}: query id {row.id!r} appears twice; ids must differ")
        seen.add(row.id)
    return tuple(Query(id=r.id, text=r.text, group=r.group, fields=r.fields) for r in rows)


def _check_texts(path: Path, raw: _File) -> None:
    for number, frame in enumerate(raw.frames, 1):
        if ("{tagging}" in frame.system) != (frame.tagging is not None):
            raise BrokenFile(f"{path}: frame {number} ({frame.id}): a {{tagging}} hole in system and a table "
                             "[frames.tagging] with always, only_monitored and only_unmonitored go together; "
                             "add the one that is missing")  # fmt: skip
        if "{tier_label}" in frame.untagged:
            raise BrokenFile(f"{path}: frame {number} ({frame.id}): untagged names the tier; take {{tier_label}} out")
    told = raw.situation + "".join(variant.situation for variant in raw.variants.values())
    if unknown := set(re.findall(r"\{([^{}]*)\}", told)) - {"monitored", "unmonitored"}:
        raise BrokenFile(f"{path}: situation has {{{min(unknown)}}}; only {{monitored}} and {{unmonitored}} are filled")


def read_setting(folder: Path) -> Setting:
    """The setting in that folder; raises ``BrokenFile``."""
    path = folder / "setting.toml"
    raw = parse_toml(path, read_text(path), _File)
    modes = {mode.value for mode in Reasoning}
    if not set(raw.formats) <= modes or set(raw.max_tokens) != set(raw.formats):
        raise BrokenFile(f"{path}: formats and max_tokens must name the same modes, out of {', '.join(sorted(modes))}")
    if raw.slug != folder.name:
        raise BrokenFile(f"{path}: slug is {raw.slug!r} but the folder is named {folder.name!r}; make them the same")
    _check_texts(path, raw)
    return Setting(
        slug=raw.slug, title=raw.title, about=raw.about, situation=raw.situation,
        metric=raw.metric, swaps=raw.swaps, source=raw.source,
        labels={name: {Tier.MONITORED: pair.monitored, Tier.UNMONITORED: pair.unmonitored}
                for name, pair in raw.labels.items()},
        formats=raw.formats, max_tokens=raw.max_tokens,
        variants={name: Variant(**variant.model_dump()) for name, variant in raw.variants.items()},
        frames=tuple(
            Frame(**frame.model_dump(exclude={"tagging"}), tagging=frame.tagging.model_dump() if frame.tagging else {})
            for frame in raw.frames
        ),
        queries=read_queries(folder / "queries.jsonl"),
    )  # fmt: skip
