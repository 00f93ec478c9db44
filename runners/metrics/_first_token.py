"""How probable each option is as the first token of a reply, read off the log-probabilities that a server gives."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runners.sample import Sample

# What may stand around a letter within one token; "a" without a capital opens a sentence as often as an answer.
_AROUND = " \t\r\n()[]<>*_`#\"'.:,;"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """Probabilities that a reply begins with each letter; ``seen`` is the mass of all tokens that were listed."""

    by_letter: Mapping[str, float]
    seen: float

    @property
    def letters(self) -> float:
        """The probability that a reply begins with any of the letters."""
        return min(1.0, sum(self.by_letter.values()))

    def share(self, letter: str) -> float | None:
        """The letter's probability among replies that begin with a letter; None where none does."""
        total = sum(self.by_letter.values())
        return self.by_letter[letter] / total if total > 0 else None


def chances(sample: Sample, letters: Iterable[str]) -> Chances | None:
    """The chances at the sample's first token; None where the server gave no log-probabilities.

    The spellings of a letter that are one token are added up: "A", " A", "(A", "A.", "**A", never "a" and never a word.
    What lies beyond the tokens listed counts as no letter, though a letter there is at most as likely as the last one
    listed.
    """
    if not sample.logprobs:
        return None
    found = dict.fromkeys(letters, 0.0)
    for token, logprob in sample.logprobs:
        if (letter := token.strip(_AROUND)) in found:
            found[letter] += math.exp(logprob)
    return Chances(by_letter=found, seen=sum(math.exp(logprob) for _, logprob in sample.logprobs))
