"""Finds documents that are nearly other documents of their set, by the word 5-grams that they share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from facts.documents.authoring.rules import rules

_WORD = re.compile(r"\w+")
_GRAM = 5


def grams(text: str) -> frozenset[tuple[str, ...]]:
    """The word 5-grams of a text; of a shorter one, all its words as one."""
    words = _WORD.findall(text.lower())
    return frozenset(tuple(words[at : at + _GRAM]) for at in range(max(1, len(words) - _GRAM + 1)))


def repeats(texts: Iterable[str]) -> tuple[int, ...]:
    """The places of texts that share more than they may with an earlier one that is kept; the first one stays."""
    seen: dict[tuple[str, ...], list[int]] = {}
    sizes: dict[int, int] = {}
    found: list[int] = []
    for number, text in enumerate(texts):
        mine = grams(text)
        shared = Counter(other for gram in mine for other in seen.get(gram, ()))
        if any(both / (len(mine) + sizes[other] - both) > rules().filter.duplicate for other, both in shared.items()):
            found.append(number)
            continue
        sizes[number] = len(mine)
        for gram in mine:
            seen.setdefault(gram, []).append(number)
    return tuple(found)
