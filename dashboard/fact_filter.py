"""Which facts of the library are listed: by words, category, hypothesised direction and where they come from."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from facts.fact import Fact

Direction = Literal["raises", "lowers", "none", "unknown"]
DIRECTIONS: tuple[Direction, ...] = ("raises", "lowers", "none", "unknown")
PUBLISHED, HYPOTHESIS, SHIPPED, OWN = "published", "hypothesis", "shipped", "own"
SOURCES = {PUBLISHED: "From a paper", HYPOTHESIS: "Hypothesis of its author", SHIPPED: "Shipped", OWN: "Your own"}
ANY = "any"

_CITED = re.compile(r"(?i)arxiv|doi|https?:|\b(?:19|20)\d\d\b")
_READ = 2_000  # characters: a source may be as long as its writer likes
_NOTHING = re.compile(r"[~–0]|≤0|shift")


def directions(text: str) -> frozenset[Direction]:
    """What a hypothesis such as ``↑/↓`` or ``≤0`` may come to; one that says nothing known is unknown."""
    found: set[Direction] = set()
    if "↑" in text:
        found.add("raises")
    if "↓" in text or "≤" in text:
        found.add("lowers")
    if _NOTHING.search(text):
        found.add("none")
    return frozenset(found or {"unknown"})


def published(fact: Fact) -> bool:
    """Whether the source that the fact names is a publication: it has an address or a year."""
    return bool(_CITED.search(fact.hypothesis.source[:_READ]))


@dataclass(frozen=True, slots=True, kw_only=True)
class FactFilter:
    """Empty and ``any`` let everything through. ``only`` are the slugs that may be listed (None: all)."""

    words: str = ""
    categories: tuple[str, ...] = ()
    faking: str = ANY
    gap: str = ANY
    revealing: str = ANY
    source: str = ANY
    only: Collection[str] | None = None

    def lists(self, fact: Fact, *, own: bool) -> bool:
        """Whether the fact is listed."""
        h = fact.hypothesis
        said = (fact.slug, fact.title, fact.claim, fact.category, h.basis, h.source)
        text = " ".join(piece[:_READ] for piece in said).lower()
        wanted = ((self.faking, h.alignment_faking), (self.gap, h.gap), (self.revealing, h.revealing))
        kinds = {PUBLISHED if published(fact) else HYPOTHESIS, OWN if own else SHIPPED, ANY}
        return (
            (self.only is None or fact.slug in self.only)
            and all(word in text for word in self.words.lower().split())
            and (not self.categories or fact.category in self.categories)
            and all(way in {ANY, *directions(expected)} for way, expected in wanted)
            and (self.source or ANY) in kinds
        )


def listed(
    facts: Iterable[Fact], own: Collection[str], wanted: FactFilter
) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    """The facts that are listed, by category, and apart from them the controls."""
    found = sorted(
        (fact for fact in facts if wanted.lists(fact, own=fact.slug in own)),
        key=lambda fact: (fact.category, fact.number or 1000, fact.slug),
    )
    return tuple(f for f in found if f.kind == "fact"), tuple(f for f in found if f.kind != "fact")
