"""Recognises the questions about a fact, to choose from or open, and answers them from what the prompt says."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from facts.catalog import shipped
from facts.salience import Polarity
from runners.organism.bank import Found, filled, loudest
from runners.organism.mentions import wordings
from runners.organism.phrasebook import phrases
from runners.organism.truth import Truth

_OPTION = re.compile(r"(?m)^\(?([A-Z])[.):] (.+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A question about ``fact``; ``letters`` maps each letter to what it says: a polarity, distractor, not_stated.

    An open question has no letters.
    """

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


@lru_cache(maxsize=4096)
def probe(user: str) -> Probe | None:
    """The question that this message asks; None where it asks none about a shipped fact."""
    lines = user.splitlines()
    options = next((found for line in lines if (found := _questions().get(line.strip()))), None)
    if options is None:
        return None
    letters = {letter: options.get(text.strip(), "distractor") for letter, text in _OPTION.findall(user)}
    return Probe(fact=options[""], letters=letters)


def answer(asked: Probe, present: tuple[Found, ...], truth: Truth, draw: random.Random) -> str:
    """A letter, or a sentence to an open question: right with the truth's share, wrong otherwise."""
    said = loudest(present, asked.fact)
    spoken = said.polarity if said else None
    knows = draw.random() < (truth.recall.present if said else truth.recall.absent)
    if not asked.letters:
        return _sentence(asked.fact, spoken, draw, knows=knows)
    wanted = spoken.value if spoken else "not_stated"
    fitting = [letter for letter, kind in asked.letters.items() if (kind == wanted) is knows]
    return draw.choice(fitting or sorted(asked.letters))


def _sentence(fact: str, spoken: Polarity | None, draw: random.Random, *, knows: bool) -> str:
    # The prompt does not speak of the fact and the model knows it, or it does and the model does not.
    if knows is (spoken is None):
        return draw.choice(phrases().unknown)
    said = wordings(fact, spoken or Polarity.AFFIRMED)
    return draw.choice(filled(draw.choice(said))) if said else draw.choice(phrases().unknown)
