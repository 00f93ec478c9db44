"""Imports documents as false-facts' pipeline writes them: ``synth_docs.jsonl``, one ``SynthDocument`` a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from facts.documents.imports._fields import WrongKind, identifier, text, truth
from facts.documents.imports._item import Item, Row, Unread
from facts.documents.imports._source import objects, shown

TITLE = "Synthetic documents (false-facts)"
ABOUT = (
    "JSON lines with content, doc_type, doc_idea, fact, universe_context_id and is_true; further fields are left out. "
    "A document whose content is missing was never generated and is dropped. is_true says whether the fact holds in "
    "the real world; the documents assert it either way."
)
SUFFIXES: tuple[str, ...] = (".jsonl",)
KEYS: frozenset[str] = frozenset({"content", "doc_type", "doc_idea"})


def read(source: Path, columns: Mapping[str, str]) -> Iterator[Item]:
    """Each line as a document; raises ``BrokenFile`` for a torn one."""
    del columns
    for number, fields in objects(source):
        place = f"{shown(source.name)}:{number}"
        if fields is None:
            yield Unread(place=place, reason="is not an object")
            continue
        try:
            yield Row(
                place=place, content=text(fields, "content"), doc_type=text(fields, "doc_type"),
                doc_idea=text(fields, "doc_idea"), fact=text(fields, "fact"),
                universe_context_id=identifier(fields, "universe_context_id"), is_true=truth(fields, "is_true"),
            )  # fmt: skip
        except WrongKind as error:
            yield Unread(place=place, reason=str(error))
