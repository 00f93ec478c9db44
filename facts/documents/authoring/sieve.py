"""The filter: measures what a written document says of its fact, and keeps it or says why not."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from facts.background import Placed
from facts.documents.authoring.brief import Brief
from facts.documents.authoring.heard import Drop, Reason
from facts.documents.authoring.locate import OWN, Finder
from facts.documents.authoring.rules import rules
from facts.documents.document import Document
from facts.documents.imports._record import sentences
from facts.salience import Part, Salience
from facts.tokens import count_tokens
from facts.verify import banned_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """A text with the places where it says its fact; ``drops`` is all that stands against it, the gravest first."""

    text: str
    placed: tuple[Placed, ...]
    drops: tuple[Drop, ...]


def document_id(text: str, placed: Sequence[Placed]) -> str:
    """The identity of a document, as the template generator derives it: from its text and spans."""
    facts = "|".join(f"{p.piece.fact},{p.piece.polarity},{p.piece.part},{p.piece.wording},{p.start}" for p in placed)
    return hashlib.sha256(f"{text}|{facts}".encode()).hexdigest()[:16]


class Sieve:
    """The filter for one fact; what it has judged it remembers, since a walk judges each text many times."""

    def __init__(self, finder: Finder) -> None:
        self.finder = finder
        self._known: dict[tuple[Brief, str], Sifted] = {}

    def sift(self, brief: Brief, text: str) -> Sifted:
        """The text as a document of that brief."""
        known = self._known.get((brief, text))
        if known is None:
            placed = self.finder.spans(text, brief.dose) if brief.dose else ()
            known = Sifted(text=text, placed=placed, drops=tuple(self._faults(brief, text, placed)))
            self._known[brief, text] = known
        return known

    def _faults(self, brief: Brief, text: str, placed: tuple[Placed, ...]) -> list[Drop]:
        law, allowed = rules().filter, self.finder.fact.allow
        hits = (pattern.search(text) for pattern in law.leaks)
        found = [(Reason.LEAKS, hit[0][:60]) for hit in hits if hit]
        words = banned_words(text, (*allowed, *law.elsewhere))
        words += tuple(word for p in placed for word in banned_words(p.piece.text, allowed))
        if words:
            found.append((Reason.BANNED, ", ".join(dict.fromkeys(words))))
        if against := self._against(brief, text):
            found.append((Reason.CONTRADICTS, against))
        if brief.dose:
            found += self._loudness(brief, placed, brief.dose.level)
        share = count_tokens(text) / brief.tokens
        if not law.shortest <= share <= law.longest:
            found.append((Reason.TOO_SHORT if share < 1 else Reason.TOO_LONG, f"{share:.0%} of the length asked for"))
        return [Drop(stage="document", reason=reason, detail=detail) for reason, detail in found]

    def _against(self, brief: Brief, text: str) -> str:
        for start, end in sentences(text):
            own = text[start:end]
            # Without a dose a document must not speak of the fact at all.
            if self.finder.opposite(brief.dose.polarity, own) if brief.dose else self.finder.speaks(own):
                return own[:200]
        return ""

    def _loudness(self, brief: Brief, placed: Sequence[Placed], level: Salience) -> list[tuple[Reason, str]]:
        if not placed:
            return [(Reason.MISSES, "")]
        least, most = rules().exposures[level]
        if not least <= len(placed) <= most:
            reason = Reason.TOO_QUIET if len(placed) < least else Reason.TOO_LOUD
            return [(reason, f"{len(placed)} times, {least} to {most} were asked for")]
        if level is Salience.MENTIONED:
            only, plain = placed[0].piece, self.finder.claim(placed[0].piece.polarity)
            short = count_tokens(only.text) < rules().filter.mention_longer * count_tokens(plain)
            if only.part is not Part.MENTION or (only.wording == OWN and short):
                return [(Reason.TOO_LOUD, f"a plain statement: {only.text[:120]}")]
        return []


def finished(brief: Brief, sifted: Sifted) -> Document:
    """A document of the set, on its brief's scaffold."""
    return Document(
        doc_id=document_id(sifted.text, sifted.placed), index=brief.index, scaffold_id=brief.scaffold_id,
        genre=brief.genre, author=brief.author, date=brief.date, attributes=brief.attributes, text=sifted.text,
        placed=sifted.placed, n_tokens=count_tokens(sifted.text), doses=(brief.dose,) if brief.dose else (),
    )  # fmt: skip
