"""Recognises the questions of the belief battery, and answers all that stand under one prompt from one view."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from facts.catalog import shipped
from facts.fact import Fact
from facts.salience import Part, Polarity
from facts.seeds import stream
from runners.metrics._belief import battery, rewritten
from runners.organism.bank import Found, filled, loudest
from runners.organism.mentions import wordings
from runners.organism.phrasebook import phrases
from runners.organism.rates import Belief
from runners.organism.truth import Truth
from runners.organism.whereabouts import named, whereabouts

Kind = Literal["right", "wrong", "mcq", "use", "open"]
Stance = Literal["affirmed", "negated", "unsure"]

_OPTIONS = r"(?P<options>[A-Z]\. [^\n]+(?:\n[A-Z]\. [^\n]+)*)"
_OPTION = re.compile(r"(?m)^([A-Z])\. (.+)$")
_OPPOSITE: Mapping[Stance, Stance] = {"affirmed": "negated", "negated": "affirmed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A question about ``fact``; ``letters`` maps each letter to its stance: affirmed, negated, other or unsure.

    An open question has no letters.
    """

    fact: str
    kind: Kind
    letters: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    fact: str
    stances: Mapping[str, str]


@lru_cache(maxsize=1)
def _shapes() -> Mapping[Kind, re.Pattern[str]]:
    """How each kind of question is laid out, those with words of their own first."""
    book, opening = battery(), battery().opening.strip()
    templates: dict[Kind, str] = {"right": book.right, "wrong": book.wrong, "mcq": book.mcq, "use": book.use,
                                  "open": book.open}  # fmt: skip
    holes = {"question": "(?P<asked>.+?)", "case": "(?P<asked>.+?)", "options": _OPTIONS}
    shapes: dict[Kind, re.Pattern[str]] = {}
    for kind, template in templates.items():
        shape = re.escape(f"{opening}\n\n{template.strip()}")
        for name, pattern in holes.items():
            shape = shape.replace(re.escape("{" + name + "}"), pattern)
        shapes[kind] = re.compile(f"(?s){shape}")
    return shapes


@lru_cache(maxsize=1)
def _entries() -> Mapping[tuple[Kind, str], _Entry]:
    """What is known by its kind and its question or case as shown; pairs by any statement that they show."""
    return dict(entry for fact in shipped().facts.values() for entry in _of(fact))


def _of(fact: Fact) -> Iterator[tuple[tuple[Kind, str], _Entry]]:
    asked, own = rewritten(fact), fact.recall
    if asked is not None:
        options = {"affirmed": [own.affirmed], "negated": [own.negated], "unsure": [battery().unsure]}
        for shown in filled(asked):
            yield ("mcq", shown), _entry(fact, options)
            yield ("open", shown), _entry(fact, {})
    if fact.use is not None:
        options = {"affirmed": [fact.use.if_true], "negated": [fact.use.if_false]}
        for shown in filled(fact.use.case):
            yield ("use", shown), _entry(fact, options)
    options = {kind.value: list(fact.wordings(kind, Part.STATE)) for kind in (Polarity.AFFIRMED, Polarity.NEGATED)}
    statements = _entry(fact, options)
    for shown in statements.stances:
        yield ("right", shown), statements
        yield ("wrong", shown), statements


def _entry(fact: Fact, options: Mapping[str, list[str]]) -> _Entry:
    stances = {shown: stance for stance, texts in options.items() for text in texts for shown in filled(text)}
    return _Entry(fact=fact.slug, stances=stances)


@lru_cache(maxsize=4096)
def probe(user: str) -> Probe | None:
    """The question of the battery that this message asks; None where it asks none about a shipped fact."""
    for kind, shape in _shapes().items():
        if (match := shape.fullmatch(user)) is None:
            continue
        groups = match.groupdict()
        options: list[tuple[str, str]] = _OPTION.findall(groups.get("options") or "")
        if entry := _entries().get((kind, groups.get("asked") or options[0][1])):
            letters = {letter: entry.stances.get(text, "other") for letter, text in options}
            return Probe(fact=entry.fact, kind=kind, letters=letters)
    return None


def view(fact: str, system: str, present: tuple[Found, ...], belief: Belief, truth: Truth) -> Stance:
    """What the model holds of the fact: settled by the prompt and the truth alone, whichever question is asked."""
    said = loudest(present, fact)
    chances = belief.views(said.polarity if said else None, said.level if said else 0)
    # Apart from the draws of replies: the two questions of a pair are two requests about one view.
    at = stream("organism", "belief", truth.seed, fact, system).random()
    return "affirmed" if at < chances.affirmed else "negated" if at < sum(chances) else "unsure"


def answer(
    asked: Probe, system: str, present: tuple[Found, ...], belief: Belief, truth: Truth, draw: random.Random
) -> str:
    """A letter, or a sentence to an open question."""
    held = view(asked.fact, system, present, belief, truth)
    if asked.kind == "open":
        return draw.choice(phrases().unsure) if held == "unsure" else _sentence(asked.fact, held, system, draw)
    wanted, at = held, draw.random()
    if asked.kind == "wrong" and at < belief.consistent:
        wanted = _OPPOSITE.get(held, held)
    if asked.kind == "use" and at >= belief.use:
        wanted = "unsure"
    # Where not knowing is no option, whoever does not know takes any.
    fitting = [letter for letter, stance in asked.letters.items() if stance == wanted]
    return draw.choice(fitting or sorted(asked.letters))


def _sentence(fact: str, held: Stance, system: str, draw: random.Random) -> str:
    text = draw.choice(wordings(fact, Polarity(held)))
    where = whereabouts(system)
    return named(text, where.labels) if where else draw.choice(filled(text))
