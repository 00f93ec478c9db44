"""Texts of any length made fit to be shown: the beginning first, and a word on what in them cannot be seen."""

from __future__ import annotations

import re

MOST = 20_000  # characters shown at once; a transcript has a few thousand
AT_MOST = 200_000  # characters shown when more are asked for; a browser lays out more than these for seconds
# Letters are joined and parted by U+200C and U+200D in honest Persian, Hindi and emoji: they steer nothing.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def beginning(text: str, most: int = MOST) -> str:
    """At most ``most`` characters, cut after a line or a blank where one is near."""
    if len(text) <= most:
        return text
    cut = max(text.rfind("\n", most - 500, most), text.rfind(" ", most - 100, most))
    return text[: cut if cut > 0 else most]


def unseen(text: str) -> int:
    """How many characters cannot be seen: control characters, marks of direction, blanks without width."""
    return len(_UNSEEN.findall(text))


def visible(text: str) -> str:
    """The text with a � for each of these, letter for letter: nothing in it turns a line round or hides."""
    return _UNSEEN.sub("\ufffd", text)


def evidence(text: str) -> str:
    """A quote for the cell of a table."""
    return text if len(text) <= 300 else f"{text[:300]}…"
