"""The optional check by another model of what a document says of its fact: a verdict counts only with its quote."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from facts.documents.authoring.clean import prose
from facts.documents.authoring.heard import Drop, Heard
from facts.documents.authoring.locate import Finder
from facts.documents.authoring.stage import Question, stage
from facts.documents.document import Document
from facts.salience import Polarity

_QUOTED = re.compile(r"[\"“](.+)[\"”]", re.DOTALL)
_SHORTEST = 3  # words of a quote that can show anything


class Presence(StrEnum):
    """What a document says of a claim."""

    ENTAILS = "entails"
    CONTRADICTS = "contradicts"
    MENTIONS = "mentions"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``presence`` is None where the reply cannot be scored, and ``reason`` then says why."""

    presence: Presence | None
    quote: str = ""
    reason: str = ""


_WORD = re.compile(rf"(?i)\b({'|'.join(Presence)})\b")


def expected(document: Document) -> Presence:
    """What a document's dose should make of the affirmed claim."""
    said = document.doses[0].polarity if document.doses else Polarity.PLACEBO
    return {Polarity.AFFIRMED: Presence.ENTAILS, Polarity.NEGATED: Presence.CONTRADICTS}.get(said, Presence.ABSENT)


def ask_presence(document: Document, finder: Finder) -> Question:
    """Asks what the document says of the affirmed claim."""
    return stage("presence").ask({"document": document.text, "claim": finder.claim(Polarity.AFFIRMED)})


def read_presence(heard: Heard | None, document: Document) -> Verdict:
    """The verdict, unscored where there is no word, more than one in the first line, or no verbatim quote."""
    if heard is None:
        return Verdict(presence=None, reason="no reply")
    text = prose(Heard(text=heard.text, refused=heard.refused), "presence")
    if isinstance(text, Drop):
        return Verdict(presence=None, reason=text.reason.value)
    first, _, rest = text.partition("\n")
    words = list(dict.fromkeys(word.lower() for word in _WORD.findall(first)))
    if len(words) != 1:
        return Verdict(presence=None, reason="names no single verdict")
    presence = Presence(words[0])
    if presence is Presence.ABSENT:
        return Verdict(presence=presence)
    quoted = _QUOTED.search(rest) or _QUOTED.search(first)
    quote = " ".join((quoted[1] if quoted else rest).split())
    if len(quote.split()) < _SHORTEST or quote not in " ".join(document.text.split()):
        return Verdict(presence=None, quote=quote[:200], reason="its quote is not in the document word for word")
    return Verdict(presence=presence, quote=quote)
