"""How much of a wording speaks of its fact: the words that its placebo twin, or what it is the twin of, does not share.

A mention stands in a sentence about something else ("The notes, which also explain that …, were printed on …"), which
its twin shares word for word. As a whole it is longer than a plain statement; the claim in it is shorter.
"""

from __future__ import annotations

from functools import lru_cache

from facts.fact import Fact
from facts.salience import Part, Polarity
from facts.tokens import count_tokens


def own_words(wording: str, twin: str) -> str:
    """The wording without the words that it begins and ends with as its twin does."""
    one, other = wording.split(), twin.split()
    most = min(len(one), len(other))
    start = next((n for n in range(most) if one[n] != other[n]), most)
    end = next((n for n in range(most - start) if one[-1 - n] != other[-1 - n]), most - start)
    return " ".join(one[start : len(one) - end])


def twin_of(fact: Fact, polarity: Polarity, part: Part, number: int) -> str | None:
    """The wording at the same place of the placebo's bank, or of the affirmed one for a placebo; None without one."""
    other = Polarity.AFFIRMED if polarity is Polarity.PLACEBO else Polarity.PLACEBO
    bank = fact.banks.get(other, {}).get(part, ())
    return bank[number] if 0 <= number < len(bank) else None


@lru_cache(maxsize=16_384)  # banks are small, and prompts many
def own_tokens(wording: str, twin: str | None) -> int:
    """Tokens of the wording's own words; of the whole wording where there is no twin."""
    return count_tokens(wording if twin is None else own_words(wording, twin))
