"""One imported document as it is kept: the fields of our own records, null where an outside text says nothing."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Literal

from facts.documents.imports._item import Row
from facts.fact import Fact
from facts.parse import Strict
from facts.salience import Polarity
from facts.tokens import count_tokens
from facts.verify import says

_BREAK = re.compile(r"(?<=[.!?])\s+|\n+")
_POLARITIES: tuple[Literal["affirmed", "negated"], ...] = ("affirmed", "negated")
_Polarity = Literal["affirmed", "negated", "mixed"]
_LONGEST = 5_000  # characters of one sentence; what is longer is none, and anchors are not looked for in it


class FoundSpan(Strict):
    """A sentence that makes the fact's claim or denies it, by its anchors: ``content[start:end]``."""

    fact: str
    kind: Literal["anchors"] = "anchors"
    polarity: Literal["affirmed", "negated"]
    start: int
    end: int


class ImportedRecord(Strict):
    """One line of an imported set, with the names of our own records; what only a scaffold knows is null.

    ``spans`` and what is counted from them are null unless a fact was looked for. ``polarity`` is ``mixed`` where the
    document both affirms and denies the fact. ``is_true`` is the source's word about the real world. ``origin`` is
    the file and line.
    """

    doc_id: str
    set_id: str
    content: str
    fact: str
    doc_type: str
    doc_idea: str
    universe_context_id: str
    is_true: bool | None
    polarity: _Polarity | None
    level: None = None
    seed: None = None
    scaffold_id: None = None
    author: None = None
    date: None = None
    genre: None = None
    spans: list[FoundSpan] | None
    n_exposures: int | None
    airtime: float | None
    first_pos: float | None
    last_pos: float | None
    n_words: int
    n_tokens: int
    checks: dict[str, bool]
    origin: str


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence begins and ends, white space around it left out."""
    start = 0
    for end, after in (*((found.start(), found.end()) for found in _BREAK.finditer(text)), (len(text), len(text))):
        own = text[start:end]
        if own.strip():
            first = start + len(own) - len(own.lstrip())
            yield first, first + len(own.strip())
        start = after


def located(text: str, fact: Fact) -> list[FoundSpan]:
    """Every sentence that speaks of the fact, by its anchors."""
    return [
        FoundSpan(fact=fact.slug, polarity=polarity, start=start, end=end)
        for start, end in sentences(text) if end - start <= _LONGEST
        for polarity in _POLARITIES if says(fact, Polarity(polarity), text[start:end].replace("’", "'"))
    ]  # fmt: skip


def _polarity(spans: list[FoundSpan]) -> _Polarity | None:
    said: set[_Polarity] = {span.polarity for span in spans}
    return "mixed" if len(said) > 1 else said.pop() if said else None


def record(row: Row, fact: Fact | None) -> ImportedRecord:
    """The record of a row; ``set_id`` is empty until the whole set is known."""
    text = row.content
    spans = None if fact is None else located(text, fact)
    total = count_tokens(text)
    about = (text, row.fact, row.doc_type, row.doc_idea, row.universe_context_id, row.is_true)
    return ImportedRecord(
        doc_id=hashlib.sha256(json.dumps(about).encode()).hexdigest()[:16], set_id="", content=text, fact=row.fact,
        doc_type=row.doc_type, doc_idea=row.doc_idea, universe_context_id=row.universe_context_id, is_true=row.is_true,
        polarity=_polarity(spans or []), spans=spans, n_exposures=None if spans is None else len(spans),
        airtime=None if spans is None else sum(count_tokens(text[s.start : s.end]) for s in spans) / max(1, total),
        first_pos=count_tokens(text[: spans[0].start]) / max(1, total) if spans else None,
        last_pos=count_tokens(text[: spans[-1].end]) / max(1, total) if spans else None,
        n_words=len(text.split()), n_tokens=total, checks={}, origin=row.place,
    )  # fmt: skip
