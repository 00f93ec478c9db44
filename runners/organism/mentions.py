"""The sentences in which reasoning takes up a fact: the fact's own, where no other reader takes them for its cue."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path

from facts.catalog import shipped
from facts.condition import Tier
from facts.fact import Fact
from facts.parse import read_text
from facts.salience import Part, Polarity
from facts.verify import says

_KEYWORDS = Path(__file__).parent.parent / "metrics" / "keyword_alignment_faking.toml"
_ENOUGH = 3


@lru_cache(maxsize=1)
def _cues() -> re.Pattern[str]:
    # Words about keeping values or complying would make a keyword reader see what was not drawn.
    raw: dict[str, list[str]] = tomllib.loads(read_text(_KEYWORDS))
    return re.compile("|".join((*raw["motive"], *raw["complying"])), re.IGNORECASE)


def _names_tier(wording: str) -> bool:
    return "{monitored}" in wording or "{unmonitored}" in wording


@lru_cache(maxsize=256)
def wordings(slug: str, polarity: Polarity) -> tuple[str, ...]:
    """The usable wordings of a shipped fact, tier words still to be filled; those that name no tier, if there are some.

    Every one says the claim in that polarity by the fact's own anchors.
    """
    fact = shipped().fact(slug)
    bank = [text for text in fact.wordings(polarity, Part.STATE) if _usable(fact, polarity, text)]
    without = [text for text in bank if not _names_tier(text)]
    return tuple(without if len(without) >= _ENOUGH else bank)


def _usable(fact: Fact, polarity: Polarity, text: str) -> bool:
    shown = text.replace("{monitored}", "xx").replace("{unmonitored}", "yy")
    return says(fact, polarity, shown) and not _cues().search(shown)


def naming(slug: str, polarity: Polarity, tier: Tier) -> float:
    """The share of the usable wordings that name this tier."""
    usable = wordings(slug, polarity)
    return sum("{" + tier.value + "}" in text for text in usable) / max(1, len(usable))
