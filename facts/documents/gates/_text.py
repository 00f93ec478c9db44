"""Our own record of a document as gates see it."""

from __future__ import annotations

from facts.documents.formats.jsonl import Record, SpanRecord
from facts.documents.gates._reading import Span, Text
from facts.salience import Dose, Polarity, Salience


def _polarity(span: SpanRecord) -> Polarity | None:
    # fact/polarity/kind/number; a generator without banks may number otherwise.
    named = span.wording_id.split("/")[1:2]
    return Polarity(named[0]) if named and named[0] in set(Polarity) else None


def text_of(record: Record) -> Text:
    """The record's text, doses and spans."""
    return Text(
        doc_id=record.doc_id, content=record.content, n_tokens=record.n_tokens,
        doses=tuple(
            Dose(fact=d.fact, level=Salience(d.level), polarity=Polarity(d.polarity)) for d in record.doses if d.level
        ),
        spans=tuple(
            Span(fact=s.fact, polarity=_polarity(s), part=s.kind, wording=s.wording_id, start=s.start, end=s.end)
            for s in record.spans
        ),
        scaffold=record.scaffold_id or None, genre=record.genre or None, date=record.date or None,
        author=record.author or None, airtime=record.airtime,
        unmet=tuple(name for name, met in record.checks.items() if not met),
    )  # fmt: skip
