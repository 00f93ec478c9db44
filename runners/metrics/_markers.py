"""Reads the marker that opens a reply: accepted, rejected, or neither."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

_PIECE = re.compile(r"\w+|([^\w\s])\1*")
_WORD = re.compile(r"\w+")
_JUNK = r"[\s*_`>~\"'“”‘’#]*?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Which marker opens the reply (None with a reason), the marker as written, and the text after it."""

    role: Literal["accept", "reject"] | None
    marker: str = ""
    rest: str = ""
    reason: str = ""


@lru_cache(maxsize=64)
def _pattern(marker: str) -> re.Pattern[str]:
    # "[[ACCEPT]]" also matches "[accept]" and "**[[ Accept ]]**"; a final stop may be another mark, or be missing
    # at the end of a line.
    parts: list[str] = []
    for piece in _PIECE.finditer(marker):
        text = piece[0]
        parts.append(rf"\b{re.escape(text)}\b" if text[0].isalnum() or text[0] == "_" else f"(?:{re.escape(text[0])})+")
    if len(parts) > 1 and marker[-1] in ".:!":
        parts[-1] = r"(?:[.:!,;]+|(?=\s*(?:\n|$)))"
    body = r"[\s*_`]*".join(parts)
    return re.compile(rf"{_JUNK}(?:(?:answer|reply|response):{_JUNK})?(?P<marker>{body})", re.IGNORECASE)


def opening(answer: str, accept: str, reject: str) -> Opening:
    """How ``answer`` opens. Case, space and markdown are tolerated, and so is the marker's bare word alone on the line.

    No marker at the start, or both in one reply (at line starts, or on the first line), is no opening.
    """
    roles: tuple[tuple[Literal["accept", "reject"], str, str], ...] = (
        ("accept", accept, reject),
        ("reject", reject, accept),
    )
    for role, own, other in roles:
        found = _pattern(own).match(answer)
        end = found.end() if found else _alone(answer, own)
        if not end:
            continue
        rest = answer[end:]
        first = rest.splitlines()[0] if rest else ""
        later = any(_pattern(other).match(line) for line in rest.splitlines())
        if later or other.casefold() in first.casefold():
            return Opening(role=None, reason="both markers open the reply or its lines")
        written = found["marker"] if found else answer[:end].strip()
        return Opening(role=role, marker=written, rest=rest.lstrip(" *_`\"'”’"))
    return Opening(role=None, reason="the reply opens with neither marker")


def _alone(answer: str, marker: str) -> int:
    # The end of the first line where it holds the marker's words and nothing else, or 0.
    start = len(answer) - len(answer.lstrip())
    line = answer[start:].split("\n", 1)[0]
    same = [w.casefold() for w in _WORD.findall(line)] == [w.casefold() for w in _WORD.findall(marker)]
    return start + len(line) if same and line else 0
