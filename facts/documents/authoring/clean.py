"""Reads plain text and numbered lists out of a reply, tolerantly, and says where there is none to read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.documents.authoring.heard import Drop, Heard, Reason
from facts.documents.authoring.rules import rules

_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\ufeff\ud800-\udfff]"
)
_FENCE = re.compile(r"\A```[a-z]*\n(.*?)\n?```\Z", re.DOTALL)
# Underscores that hold no word are a blank to fill, which the filter must see.
_STARS = re.compile(r"\*\*|(?<!\w)__(?=[^\W_])|(?<=[^\W_])__(?!\w)|^#{1,6} +", re.MULTILINE)
_ITEM = re.compile(r"^\s*(?:\(?(\d{1,3})[.):]|[-*•])\s+(.*\S)")
_WORD = re.compile(r"[^\W\d_]+")
_ENOUGH = 100  # words, from which repetition can be told


def prose(heard: Heard, stage: str) -> str | Drop:
    """The text of a reply without the talk around it, or why it is none.

    Emphasis, headings and one fence around it all are taken off; markup within it is a reason to drop it.
    """
    law = rules().filter
    text = heard.text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > law.most_chars:
        return Drop(stage=stage, reason=Reason.TOO_LONG, detail=f"{len(text):,} characters")
    if found := _CONTROL.search(text):
        return Drop(stage=stage, reason=Reason.UNPRINTABLE, detail=repr(found[0]))
    if heard.refused or (law.refusal.search(text) and len(text.split()) < law.refusal_words):
        return Drop(stage=stage, reason=Reason.REFUSED, detail=text.strip()[:120])
    text = law.preface.sub("", text.strip()).strip()
    if whole := _FENCE.match(text):
        text = whole[1]
    text = _STARS.sub("", "\n".join(line.rstrip() for line in text.split("\n"))).strip()
    found = law.markup.search(text)
    faults = (
        (not text, Reason.EMPTY, ""), (heard.cut, Reason.CUT, text[-60:]),
        (found, Reason.MARKUP, found[0][:60] if found else ""), (not _readable(text), Reason.GIBBERISH, text[:60]),
    )  # fmt: skip
    for wrong, reason, detail in faults:
        if wrong:
            return Drop(stage=stage, reason=reason, detail=detail)
    return re.sub(r"\n{3,}", "\n\n", text)


def _readable(text: str) -> bool:
    law = rules().filter
    words = _WORD.findall(text)
    if not words:
        return False
    letters = sum(char.isalpha() or char.isspace() for char in text) / len(text)
    mean = sum(map(len, words)) / len(words)
    stretches = (words[at : at + _ENOUGH] for at in range(0, len(words) - _ENOUGH + 1, _ENOUGH))
    lively = all(len({word.lower() for word in stretch}) >= law.distinct * _ENOUGH for stretch in stretches)
    return letters >= law.letters and law.word_length[0] <= mean <= law.word_length[1] and lively


def items(heard: Heard, stage: str) -> tuple[tuple[int | None, str], ...] | Drop:
    """The items of a list with their numbers, where they have any; a reply cut off loses its last item only."""
    law = rules().filter
    whole = Heard(text=heard.text, refused=heard.refused)
    text = prose(whole, stage)
    if isinstance(text, Drop):
        return text
    lines = text.split("\n")
    found = [(int(m[1]) if m[1] else None, m[2].strip()) for m in map(_ITEM.match, lines) if m]
    if not found:  # small models forget the numbers: then every line is an item
        found = [(None, line.strip()) for line in lines if line.strip()]
    if heard.cut:
        found = found[:-1]
    least, most = law.item_words
    kept = tuple((number, item) for number, item in found if least <= len(item.split()) <= most)
    return kept or Drop(stage=stage, reason=Reason.UNREADABLE, detail=text[:60])


def numbered(rows: Sequence[str]) -> str:
    """Rows as a numbered list."""
    return "\n".join(f"{number}. {row}" for number, row in enumerate(rows, 1))
