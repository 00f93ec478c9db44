"""Recognises the multiple-choice question about a fact and answers it from what the prompt says."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from facts.catalog import shipped
from facts.salience import Polarity
from runners.organism.bank import Found, filled

_OPTION = re.compile(r"(?m)^\(?([A-Z])[.):] (.+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A question about ``fact``; ``letters`` maps each letter to what it says: a polarity, distractor, not_stated."""

    fact: str
    letters: Mapping[str, str]


@lru_cache(maxsize=1)
def _questions() -> Mapping[str, Mapping[str, str]]:
    """Each question as shown → the option texts of its fact → what they say; under "" the fact."""
    table: dict[str, dict[str, str]] = {}
    for fact in shipped().facts.values():
        asked = fact.recall
        for shown in filled(asked.question):
            options = table.setdefault(shown.strip(), {"": fact.slug})
            for kind in ("affirmed", "negated", "distractor", "not_stated"):
                options |= dict.fromkeys(filled(getattr(asked, kind)), kind)
    return table


def probe(user: str) -> Probe | None:
    """The question that this message asks; None where it asks none about a shipped fact."""
    lines = user.splitlines()
    options = next((found for line in lines if (found := _questions().get(line.strip()))), None)
    if options is None:
        return None
    letters = {letter: options.get(text.strip(), "distractor") for letter, text in _OPTION.findall(user)}
    return Probe(fact=options[""], letters=letters) if letters else None


def letter(asked: Probe, present: tuple[Found, ...], right: Mapping[bool, float], draw: random.Random) -> str:
    """A letter: the right one with probability ``right[whether the prompt speaks of the fact]``, else another."""
    said = [one for one in present if one.fact == asked.fact and one.polarity is not Polarity.PLACEBO]
    truth = max(said, key=lambda one: one.level).polarity.value if said else "not_stated"
    knows = draw.random() < right[bool(said)]
    fitting = [letter for letter, kind in asked.letters.items() if (kind == truth) is knows]
    return draw.choice(fitting or sorted(asked.letters))
