"""The library: every fact and setting there is, the shipped ones and the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from facts.documents.shelf import EMPTY, Shelf
from facts.errors import BrokenFile, UnknownName
from facts.fact import Fact
from facts.read_fact import read_fact
from facts.read_setting import read_setting
from facts.setting import Setting

HERE = Path(__file__).parent
SHIPPED_FACTS = HERE / "library"
SHIPPED_SETTINGS = HERE / "settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Facts and settings by slug, and the workspace's document sets by id."""

    facts: Mapping[str, Fact]
    settings: Mapping[str, Setting]
    shelf: Shelf = EMPTY

    def fact(self, slug: str) -> Fact:
        """The fact, or ``UnknownName`` with near names."""
        if slug not in self.facts:
            raise UnknownName("fact", slug, self.facts, "Facts live in facts/library/ and in your workspace's facts/.")
        return self.facts[slug]

    def setting(self, slug: str) -> Setting:
        """The setting, or ``UnknownName`` with near names."""
        if slug not in self.settings:
            raise UnknownName("setting", slug, self.settings, "Settings live in facts/settings/.")
        return self.settings[slug]


def _facts(folder: Path) -> dict[str, Fact]:
    return {fact.slug: fact for fact in map(read_fact, sorted(folder.glob("*.toml")))}


@lru_cache(maxsize=1)
def shipped() -> Library:
    """The library that comes with the project; read once."""
    settings = [read_setting(path.parent) for path in sorted(SHIPPED_SETTINGS.glob("*/setting.toml"))]
    return Library(facts=_facts(SHIPPED_FACTS), settings={s.slug: s for s in settings})


def load(own: Path | None = None, documents: Path | None = None) -> Library:
    """The shipped library and, beside it, the user's own facts in folder ``own`` and sets in folder ``documents``.

    An own fact never replaces a shipped one: a shared slug raises ``BrokenFile``.
    """
    base = replace(shipped(), shelf=Shelf(documents))
    if own is None or not own.is_dir():
        return base
    mine = _facts(own)
    for slug in sorted(set(mine) & set(base.facts)):
        raise BrokenFile(f"{own / slug}.toml: the shipped library already has a fact {slug!r}; give yours another slug")
    return replace(base, facts={**base.facts, **mine})
