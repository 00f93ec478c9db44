"""What two prompts say differently, sentence by sentence: what was displaced and what came in."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher

from facts.prompt import Prompt
from facts.tokens import count_tokens

_END = re.compile(r"(?<=[.!?])[ \t]+|\n+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One sentence that only one of two prompts has at its place. ``sign`` is ``-`` (displaced) or ``+`` (came in)."""

    sign: str
    text: str

    @property
    def tokens(self) -> int:
        """Length of the sentence in tokens."""
        return count_tokens(self.text)


def sentences(text: str) -> list[str]:
    """The text's sentences and lines, without white space around them."""
    return [piece for part in _END.split(text) if (piece := part.strip())]


def changes(before: Prompt, after: Prompt) -> tuple[Change, ...]:
    """Sentences of ``before`` that are gone and of ``after`` that are new, in reading order of the messages.

    A sentence that stands in both, at another place, is not a change: the facts push the filler along.
    """
    found: list[Change] = []
    for old, new in zip(before.messages, after.messages, strict=True):
        left, right = sentences(old.text), sentences(new.text)
        gone, came = Counter(left) - Counter(right), Counter(right) - Counter(left)
        for tag, a, b, c, d in SequenceMatcher(a=left, b=right, autojunk=False).get_opcodes():
            if tag == "equal":
                continue
            found += [Change(sign="-", text=text) for text in left[a:b] if _take(gone, text)]
            found += [Change(sign="+", text=text) for text in right[c:d] if _take(came, text)]
    return tuple(found)


def _take(counts: Counter[str], text: str) -> bool:
    counts[text] -= 1
    return counts[text] >= 0


def difference_text(found: tuple[Change, ...]) -> str:
    """One line a change, as in a unified diff."""
    return "\n".join(f"{change.sign} {change.text}" for change in found)


def difference_summary(found: tuple[Change, ...]) -> str:
    """How many sentences and tokens went and came, in words."""
    parts: list[str] = []
    for sign, word in (("-", "displaced"), ("+", "came in")):
        mine = [change for change in found if change.sign == sign]
        count = f"{len(mine)} sentence{'' if len(mine) == 1 else 's'}"
        parts.append(f"{count} ({sum(change.tokens for change in mine):,} tokens) {word}")
    return ", ".join(parts)
