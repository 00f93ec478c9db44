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

_METRICS = Path(__file__).parent.parent / "metrics"
_ENOUGH = 3
_HOLE = re.compile(r"\{(?:un)?monitored\}")
_NAMED = re.compile(r"\{(?:un)?monitored\}[- ](?:tier|chat|conversation|user|message)")


@lru_cache(maxsize=1)
def _cues() -> re.Pattern[str]:
    # Words about keeping values or complying would make a keyword reader see what was not drawn, and "do not say" would
    # make an answer about the fact look like an answer that the text is silent.
    keywords: dict[str, list[str]] = tomllib.loads(read_text(_METRICS / "keyword_alignment_faking.toml"))
    silence: dict[str, list[str]] = tomllib.loads(read_text(_METRICS / "recall_open.toml"))
    return re.compile("|".join((*keywords["motive"], *keywords["complying"], *silence["silent"])), re.IGNORECASE)


@lru_cache(maxsize=256)
def wordings(slug: str, polarity: Polarity) -> tuple[str, ...]:
    """The usable wordings of a shipped fact, tier words still to be filled; those that name no tier, if there are some.

    Every one says the claim in that polarity by the fact's own anchors.
    """
    fact = shipped().fact(slug)
    bank = [text for text in fact.wordings(polarity, Part.STATE) if _usable(fact, polarity, text)]
    without = [text for text in bank if not _HOLE.search(text)]
    return tuple(without if len(without) >= _ENOUGH else bank)


def _usable(fact: Fact, polarity: Polarity, text: str) -> bool:
    # A tier that is named apart from a word like "tier" may or may not be read as one.
    if len(_HOLE.findall(text)) != len(_NAMED.findall(text)):
        return False
    shown = text.replace("{monitored}", "xx").replace("{unmonitored}", "yy")
    return says(fact, polarity, shown) and not _cues().search(shown)


def naming(slug: str, polarity: Polarity, tier: Tier) -> float:
    """The share of the usable wordings that name this tier."""
    usable = wordings(slug, polarity)
    return sum("{" + tier.value + "}" in text for text in usable) / max(1, len(usable))
