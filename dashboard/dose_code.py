"""Writes the chosen facts as one short line for the URL, ``objections_read:5a,weights_kept:2p``, and reads it back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from facts.errors import FactError
from facts.salience import Dose, Polarity, Salience

_LETTER = {Polarity.AFFIRMED: "a", Polarity.NEGATED: "n", Polarity.PLACEBO: "p"}
_POLARITY = {letter: polarity for polarity, letter in _LETTER.items()}
_ITEM = re.compile(r"([a-z][a-z0-9_]*):([0-5])([anp])")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Choice:
    """A fact that is switched on. Unlike a ``Dose`` it keeps its polarity while its level is 0."""

    fact: str
    level: Salience = Salience.EMPHASISED
    polarity: Polarity = Polarity.AFFIRMED

    @property
    def dose(self) -> Dose:
        """What is composed."""
        return Dose(fact=self.fact, level=self.level, polarity=self.polarity)


def encode(choices: Iterable[Choice]) -> str:
    """The choices in the order of their facts, so that the order of toggling never matters."""
    return ",".join(f"{c.fact}:{int(c.level)}{_LETTER[c.polarity]}" for c in sorted(choices, key=lambda c: c.fact))


def decode(line: str) -> dict[str, Choice]:
    """Choices by fact; raises ``FactError`` naming the item that cannot be read. A fact named twice keeps the last."""
    found: dict[str, Choice] = {}
    for item in filter(None, (part.strip() for part in line.split(","))):
        match = _ITEM.fullmatch(item)
        if not match:
            raise FactError(
                f"cannot read {item!r}; write FACT:LEVEL and a, n or p for affirmed, negated or placebo, as in "
                "objections_read:5a"
            )
        fact, level, letter = match.groups()
        found[fact] = Choice(fact=fact, level=Salience(int(level)), polarity=_POLARITY[letter])
    return dict(sorted(found.items()))


def changed(line: str, fact: str, choice: Choice | None) -> str:
    """The line with one fact's choice set (None: switched off); what cannot be read of the old line is dropped."""
    choices: Mapping[str, Choice]
    try:
        choices = decode(line)
    except FactError:
        choices = {}
    rest = [other for other in choices.values() if other.fact != fact]
    return encode([*rest, choice] if choice else rest)
