"""Writes a document set as JSON lines that tools for false-facts' ``SynthDocument`` read too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import field_validator

from facts.background import Placed
from facts.documents.document import Document
from facts.documents.document_set import DocumentSet
from facts.errors import BrokenFile
from facts.parse import Strict, parse_jsonl
from facts.salience import Dose, Polarity
from facts.tokens import count_tokens

FILE = "documents.jsonl"
_HOLDS = {Polarity.AFFIRMED: True, Polarity.NEGATED: False, Polarity.PLACEBO: None}


class SpanRecord(Strict):
    """One fact wording: ``content[start:end]``; ``wording_id`` is fact/polarity/kind/number in its bank.

    ``own_tokens`` are those of the claim itself, without what a mention says of something else.
    """

    fact: str
    kind: Literal["mention", "state", "elaborate", "implication"]
    start: int
    end: int
    wording_id: str
    own_tokens: int


class DoseRecord(Strict):
    """One dose that the document carries."""

    fact: str
    polarity: Literal["affirmed", "negated", "placebo"]
    level: int


class Record(Strict):
    """One line. ``airtime``, ``first_pos`` and ``last_pos`` are fractions of the document's tokens (0–1);
    airtime counts the claim itself (``facts.own_words``).

    ``doc_type``, ``doc_idea``, ``universe_context_id`` and ``is_true`` are what false-facts' readers ask for;
    ``is_true`` is null where nothing is said of the claim. ``fact`` (the claim), ``polarity`` and ``level`` are of the
    first dose, and the claim is empty for a placebo, which says nothing of it; ``doses`` has all of them, and is empty
    for a neutral document, whose level is 0 and ``fact`` empty.
    ``checks`` holds the outcome of each check by its name.
    """

    doc_id: str
    set_id: str
    content: str
    fact: str
    doc_type: str
    doc_idea: str
    universe_context_id: str
    is_true: bool | None
    polarity: Literal["affirmed", "negated", "placebo"]
    level: int
    doses: list[DoseRecord]
    seed: str
    scaffold_id: str
    author: str
    date: str
    genre: str
    attributes: dict[str, str]
    spans: list[SpanRecord]
    n_exposures: int
    airtime: float
    first_pos: float | None
    last_pos: float | None
    n_words: int
    n_tokens: int
    checks: dict[str, bool]

    @field_validator("content")
    @classmethod
    def _whole(cls, content: str) -> str:
        if "\0" in content:
            raise ValueError("holds a null byte, which text tools cut texts at; write the set again")
        return content


def _span(placed: Placed) -> SpanRecord:
    piece = placed.piece
    return SpanRecord(
        fact=piece.fact, kind=piece.part.value, start=placed.start, end=placed.end,
        wording_id=f"{piece.fact}/{piece.polarity}/{piece.part}/{piece.wording}", own_tokens=_own(placed),
    )  # fmt: skip


def _own(placed: Placed) -> int:
    piece = placed.piece
    return count_tokens(piece.text) if piece.own_tokens is None else piece.own_tokens


def _dose(dose: Dose) -> DoseRecord:
    return DoseRecord(fact=dose.fact, polarity=dose.polarity.value, level=int(dose.level))


def _claim(whole: DocumentSet, first: Dose | None) -> str:
    # A reader of SynthDocument takes it for what the document says.
    return "" if first is None or first.polarity is Polarity.PLACEBO else whole.claims[first.fact]


def record(whole: DocumentSet, document: Document) -> Record:
    """The line of one document of the set."""
    text, placed, total, doses = document.text, document.placed, document.n_tokens, document.doses
    first = doses[0] if doses else None
    kind = document.genre.replace("_", " ")
    said = sum(map(_own, placed))
    return Record(
        doc_id=document.doc_id, set_id=whole.set_id, content=text, fact=_claim(whole, first),
        doc_type=kind, doc_idea=f"{' + '.join(map(str, doses)) or 'neutral'}, genre: {kind}",
        universe_context_id=f"{first.fact}/{first.polarity}" if first else "neutral",
        is_true=_HOLDS[first.polarity] if first else None,
        polarity=first.polarity.value if first else "affirmed", level=int(first.level) if first else 0,
        doses=[_dose(dose) for dose in doses], seed=whole.plan.seed, scaffold_id=document.scaffold_id,
        author=document.author, date=document.date, genre=document.genre, attributes=dict(document.attributes),
        spans=[_span(p) for p in placed], n_exposures=len(placed), airtime=said / total if total else 0.0,
        first_pos=count_tokens(text[: placed[0].start]) / total if placed else None,
        last_pos=count_tokens(text[: placed[-1].end]) / total if placed else None,
        n_words=len(text.split()), n_tokens=total,
        checks={
            "spans_match": all(text[p.start : p.end] == p.piece.text for p in placed),
            "tokens_match": count_tokens(text) == total,
        },
    )  # fmt: skip


def lines(whole: DocumentSet) -> Iterator[str]:
    """The file line by line, byte-identical for equal sets."""
    for document in whole.documents:
        yield json.dumps(record(whole, document).model_dump(mode="json")) + "\n"


def write_jsonl(whole: DocumentSet, folder: Path) -> Path:
    """Writes ``folder/documents.jsonl``, byte-identical for equal sets, and gives its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(lines(whole))
    return path


def read_jsonl(path: Path) -> list[Record]:
    """The records of a file, or ``BrokenFile`` with file, line and field."""
    # Not read_text: a set may be far larger than a file that people write.
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenFile(f"{path}: cannot be read as UTF-8 text ({error}); write the set again") from error
    return parse_jsonl(path, text, Record)
