"""Writes a document set as JSON lines that tools for false-facts' ``SynthDocument`` read too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from facts.background import Placed
from facts.documents.document import Document
from facts.documents.document_set import DocumentSet
from facts.errors import BrokenFile
from facts.parse import Strict, parse_jsonl
from facts.salience import Polarity
from facts.tokens import count_tokens

FILE = "documents.jsonl"
_HOLDS = {Polarity.AFFIRMED: True, Polarity.NEGATED: False, Polarity.PLACEBO: None}


class SpanRecord(Strict):
    """One fact wording: ``content[start:end]``; ``wording_id`` is fact/polarity/kind/number in its bank."""

    fact: str
    kind: Literal["mention", "state", "elaborate", "implication"]
    start: int
    end: int
    wording_id: str


class Record(Strict):
    """One line. ``airtime``, ``first_pos`` and ``last_pos`` are fractions of the document's tokens (0–1).

    ``doc_type``, ``doc_idea``, ``universe_context_id`` and ``is_true`` are what false-facts' readers ask for;
    ``is_true`` is null where nothing is said of the claim. ``checks`` holds the outcome of each check by its name.
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
    seed: str
    scaffold_id: str
    author: str
    date: str
    genre: str
    spans: list[SpanRecord]
    n_exposures: int
    airtime: float
    first_pos: float | None
    last_pos: float | None
    n_words: int
    n_tokens: int
    checks: dict[str, bool]


def _span(placed: Placed) -> SpanRecord:
    piece = placed.piece
    return SpanRecord(
        fact=piece.fact, kind=piece.part.value, start=placed.start, end=placed.end,
        wording_id=f"{piece.fact}/{piece.polarity}/{piece.part}/{piece.wording}",
    )  # fmt: skip


def record(whole: DocumentSet, document: Document) -> Record:
    """The line of one document of the set."""
    text, placed, total = document.text, document.placed, document.n_tokens
    dose = whole.dose
    said = sum(count_tokens(text[p.start : p.end]) for p in placed)
    return Record(
        doc_id=document.doc_id, set_id=whole.set_id, content=text, fact=whole.claim,
        doc_type=document.genre.replace("_", " "), doc_idea=f"{dose} in a {document.genre.replace('_', ' ')}",
        universe_context_id=f"{dose.fact}/{dose.polarity}", is_true=_HOLDS[dose.polarity] if dose.level else None,
        polarity=dose.polarity.value, level=int(dose.level), seed=whole.seed, scaffold_id=document.scaffold_id,
        author=document.author, date=document.date, genre=document.genre, spans=[_span(p) for p in placed],
        n_exposures=len(placed), airtime=said / total,
        first_pos=count_tokens(text[: placed[0].start]) / total if placed else None,
        last_pos=count_tokens(text[: placed[-1].end]) / total if placed else None,
        n_words=len(text.split()), n_tokens=total,
        checks={
            "spans_match": all(text[p.start : p.end] == p.piece.text for p in placed),
            "tokens_match": count_tokens(text) == total,
        },
    )  # fmt: skip


def write_jsonl(whole: DocumentSet, folder: Path) -> Path:
    """Writes ``folder/documents.jsonl``, byte-identical for equal sets, and gives its path."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(record(whole, document).model_dump(mode="json")) for document in whole.documents]
    path = folder / FILE
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    return path


def read_jsonl(path: Path) -> list[Record]:
    """The records of a file, or ``BrokenFile`` with file, line and field."""
    # Not read_text: a set may be far larger than a file that people write.
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenFile(f"{path}: cannot be read as UTF-8 text ({error}); write the set again") from error
    return parse_jsonl(path, text, Record)
