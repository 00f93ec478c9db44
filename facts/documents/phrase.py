"""Draws the wordings of each carrier: the least used of the set so far, none twice in a document if it can be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from facts.background import Piece
from facts.condition import Tier
from facts.documents.turns import shuffled
from facts.fact import Fact
from facts.own_words import own_tokens, twin_of
from facts.salience import Dose, Part, Salience

# What wordings call the tiers where no setting gives them labels.
TIERS: Mapping[Tier, str] = {tier: tier.value for tier in Tier}


def _say(text: str, labels: Mapping[Tier, str]) -> str:
    for tier, label in labels.items():
        text = text.replace("{" + tier.value + "}", label)
    return text


class Phrases:
    """Remembers which wordings of one fact a set has used. Its draws never see the polarity, so twins share them."""

    def __init__(self, fact: Fact, seed: str, labels: Mapping[Tier, str]) -> None:
        self._fact, self._seed, self._labels = fact, seed, labels
        self._used: Counter[tuple[Part, int]] = Counter()

    def draw(self, dose: Dose, index: int) -> tuple[Piece, ...]:
        """The pieces of document ``index`` for this dose; raises ``MissingWording``."""
        pieces: list[Piece] = []
        taken: set[tuple[Part, int]] = set()
        parts = self._fact.parts(dose)
        late = len(parts) - 2 if dose.level == Salience.EMPHASISED else len(parts)
        for turn, part in enumerate(parts):
            texts = self._fact.wordings(dose.polarity, part)
            bank = shuffled(len(texts), self._seed, self._fact.slug, part.value, index)
            best = min(bank, key=lambda n, part=part: ((part, n) in taken, self._used[part, n]))
            taken.add((part, best))
            self._used[part, best] += 1
            text, twin = _say(texts[best], self._labels), twin_of(self._fact, dose.polarity, part, best)
            pieces.append(Piece(
                fact=self._fact.slug, polarity=dose.polarity, part=part, wording=best, late=turn >= late,
                text=text, own_tokens=own_tokens(text, None if twin is None else _say(twin, self._labels)),
            ))  # fmt: skip
        return tuple(pieces)
