"""Cuts texts and what people search for into the same words, so that an index and a plain scan find the same texts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

# Scripts that do not part words by blanks: each letter counts as a word, and what is searched for as a phrase of them.
_ALONE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(f"[{_ALONE}]|[^\\W_{_ALONE}]+")
_PART = re.compile(r'"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+)')
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})
_LONGEST = 1_000
_MOST_PHRASES = 32


class BadQuery(ValueError):  # noqa: N818  (reads as what it is)
    """What was typed cannot be searched for; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words that follow one another; ``begins`` says that the last one need only begin so."""

    words: tuple[str, ...]
    begins: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Phrases that must all occur; none where nothing was typed."""

    phrases: tuple[Phrase, ...]

    def holds(self, text: str) -> bool:
        """Whether a text holds every phrase; what an index would say of it."""
        room = f" {spaced(text)} "
        return all(f" {' '.join(p.words)}{'' if p.begins else ' '}" in room for p in self.phrases)


def word_spans(text: str) -> Iterator[tuple[str, int, int]]:
    """Each word of a text with where it begins and ends in it."""
    for found in _WORD.finditer(text):
        word = found[0]
        for one in (word.lower(),) if word.isascii() else _words(word):
            yield one, found.start(), found.end()


def spaced(text: str) -> str:
    """The words of a text, in small letters, one blank between each two."""
    return " ".join(_words(text))


def _words(text: str) -> list[str]:
    # Composed and decomposed, wide and narrow, large and small letters are the same.
    plain = (
        text.lower()
        if text.isascii()
        else unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    )
    return _WORD.findall(plain)


@lru_cache(maxsize=256)
def parse_query(typed: str) -> Query:
    """Words that must all occur, "phrases in quotation marks", and beginnings of words as in ``train*``.

    Raises ``BadQuery`` for an open quotation mark, a star not at a word's end, and what holds no word.
    """
    text = typed.translate(_QUOTES).strip()
    if not text:
        return Query(phrases=())
    if len(text) > _LONGEST:
        raise BadQuery(f"this is {len(text):,} characters long; search for at most {_LONGEST:,}")
    if text.count('"') % 2:
        raise BadQuery(
            'a quotation mark is opened and not closed; add the other one, as in "my values", or take it out'
        )
    phrases = tuple(_phrases(text))
    if not phrases:
        raise BadQuery("there is no letter or digit to search for; signs alone are not indexed")
    if len(phrases) > _MOST_PHRASES:
        raise BadQuery(
            f"these are {len(phrases)} words; search for at most {_MOST_PHRASES}, or put them in quotation marks"
        )
    return Query(phrases=phrases)


def _phrases(text: str) -> Iterator[Phrase]:
    for part in _PART.finditer(text):
        given = part["word"] or part["phrase"] or ""
        begins = part["word"] is not None and given.endswith("*")
        if part["word"] is not None and "*" in given[:-1]:
            raise BadQuery(f"the * stands at the end of a word, as in train*; search for {given!r} in quotation marks "
                           "if you mean the sign")  # fmt: skip
        if words := tuple(_words(given)):
            yield Phrase(words=words, begins=begins)
        elif begins:
            raise BadQuery("a * needs the beginning of a word before it, as in train*")
