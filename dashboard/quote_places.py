"""Where a quote stands in a text: letter for letter, else word for word; a quote that stands nowhere has no place."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

from cache.query import Query, word_spans

_ELISION = re.compile(r"\s*(?:\[\s*)?(?:\.\.\.|…)(?:\s*\])?\s*")
_MOST = 20  # places of one quote
_LEAST = 3  # letters; shorter pieces of a quote with elisions prove nothing

Place = tuple[int, int]


def places(quote: str, text: str) -> tuple[Place, ...]:
    """Every place of the quote, at most 20; for a quote with elisions (…) the place of each of its parts, in order.

    Where it does not stand letter for letter, case, white space, punctuation and the shape of quotation marks are
    forgiven; other words, or words in another order, are not. A quote of several words cannot begin or end in a word.
    """
    if found := _exact(quote.strip(), text):
        return found
    parts = [tuple(word for word, _, _ in word_spans(part)) for part in _ELISION.split(quote)]
    parts = [words for words in parts if words]
    if not parts or (len(parts) > 1 and max(len("".join(words)) for words in parts) < _LEAST):
        return ()
    if len(parts) == 1:
        return _all(parts[0], text)
    ends: list[Place] = []
    at = 0
    for words in parts:
        first = _next(words, text, at)
        if first is None:
            return ()
        ends.append(first)
        at = first[1]
    return tuple(ends)


def phrase_places(query: Query, text: str) -> tuple[Place, ...]:
    """Where the phrases of a search stand, in the order of the text."""
    found = [place for phrase in query.phrases for place in _all(phrase.words, text, begins=phrase.begins)]
    return tuple(sorted(found))


def _exact(quote: str, text: str) -> tuple[Place, ...]:
    found: list[Place] = []
    at = text.find(quote) if quote else -1
    while at >= 0 and len(found) < _MOST:
        end = at + len(quote)
        if not _within_word(text, at) and not _within_word(text, end):
            found.append((at, end))
        at = text.find(quote, end)
    return tuple(found)


def _within_word(text: str, at: int) -> bool:
    return (0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()) or _at_apostrophe(text, at)


def _at_apostrophe(text: str, at: int) -> bool:
    # "can" is no part of "can't": neither before nor after the apostrophe may a quote begin or end.
    around = (text[at - 1 : at + 2], text[at - 2 : at + 1] if at > 1 else "")
    return any(len(three) == 3 and three[1] in "'’" and three[0].isalnum() and three[2].isalnum() for three in around)


@lru_cache(maxsize=8)
def _worded(text: str) -> tuple[str, tuple[int, ...], tuple[Place, ...]]:
    """The words of a text, a blank before and after each; where each begins in that; where each stands in the text."""
    spans = list(word_spans(text))
    starts: list[int] = []
    at = 0
    for word, _, _ in spans:
        starts.append(at)
        at += len(word) + 1
    return f" {' '.join(word for word, _, _ in spans)} ", tuple(starts), tuple((a, b) for _, a, b in spans)


def _all(words: Sequence[str], text: str, *, begins: bool = False) -> tuple[Place, ...]:
    found: list[Place] = []
    at = 0
    while len(found) < _MOST and (place := _next(words, text, at, begins=begins)):
        found.append(place)
        at = place[1]
    return tuple(found)


def _next(words: Sequence[str], text: str, after: int, *, begins: bool = False) -> Place | None:
    line, starts, spans = _worded(text)
    wanted = f" {' '.join(words)}{'' if begins else ' '}"
    number = bisect_left(spans, (after, 0))
    while number < len(spans) and (at := line.find(wanted, starts[number])) >= 0:
        # The blank before a word stands in the line where the word would without the blank at the line's front.
        first = bisect_left(starts, at)
        start, end = spans[first][0], spans[first + len(words) - 1][1]
        if begins or not (_at_apostrophe(text, start) or _at_apostrophe(text, end)):
            return start, end
        number = first + 1
    return None
