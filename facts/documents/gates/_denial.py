"""Finds what takes a claim back where it is made: "…, which is untrue", or "That is a myth." right after it."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from facts.documents.gates._masks import BREAK
from facts.documents.gates._reading import Text
from facts.parse import Strict, parse_toml, read_text
from facts.salience import Polarity

_FILE = Path(__file__).with_name("presence.toml")
_NEAR = 600  # characters around a span in which its sentence is looked for


class Denials(Strict):
    """``presence.toml``."""

    denial: list[str]
    back: str
    most: float


@lru_cache(maxsize=1)
def denials() -> Denials:
    """The list that comes with the project."""
    return parse_toml(_FILE, read_text(_FILE), Denials)


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    known = denials()
    return re.compile(rf"(?i)\b(?:{'|'.join(known.denial)})\b"), re.compile(rf"(?i)\W*{known.back}")


def _around(content: str, start: int, end: int) -> tuple[str, str]:
    """The sentence that ``content[start:end]`` stands in, and the one after it."""
    low, high = max(0, start - _NEAR), end + _NEAR
    part, first, last = content[low:high], start - low, end - low
    begins = max((found.end() for found in BREAK.finditer(part, 0, first)), default=0)
    after = [(found.start(), found.end()) for found in BREAK.finditer(part) if found.start() >= last]
    ends, following = after[0] if after else (len(part), len(part))
    then = after[1][0] if len(after) > 1 else len(part)
    return part[begins:ends], part[following:then]


def denied(text: Text) -> tuple[str, str] | None:
    """The fact that the document affirms and takes back in the same breath, and the words it does so in, if any."""
    affirmed = {dose.fact for dose in text.doses or () if dose.polarity is Polarity.AFFIRMED}
    takes_back, speaks_back = _patterns()
    for span in text.spans or ():
        if span.fact not in affirmed or span.polarity not in {None, Polarity.AFFIRMED}:
            continue
        own, after = _around(text.content, span.start, span.end)
        if takes_back.search(own):
            return span.fact, own
        if speaks_back.match(after) and takes_back.search(after):
            return span.fact, after
    return None
