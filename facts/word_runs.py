"""The words of a text and every run of them: two texts that share a long run can be matched without being read."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words(text: str) -> list[str]:
    """The words in lower case, marks left out."""
    return _WORD.findall(text.casefold())


def runs(text: str, length: int) -> Iterator[tuple[str, ...]]:
    """Every ``length`` words in a row."""
    said = words(text)
    return zip(*(said[step:] for step in range(length)), strict=False)
