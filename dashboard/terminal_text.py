"""Outside text made fit for a terminal: nothing in it can steer the terminal or pass for the program's own lines."""

from __future__ import annotations

import re

# Control characters but the line's end and the tab, marks of direction, and halves of letters.
_STEERING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
GUTTER = "│ "


def printable(text: str) -> str:
    """The text with every character that steers a terminal written out, as ``\\x1b``; line ends and tabs stay."""
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text.replace("\r\n", "\n"))


def quoted(text: str) -> str:
    """The same behind a gutter, so that no line of it can pass for one of ours."""
    return "\n".join(f"{GUTTER}{line}" for line in printable(text).split("\n"))
