"""Imports universe contexts as false-facts' pipeline writes them, one a line: drafts of facts, not documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from facts.documents.imports._fields import WrongKind, identifier, text, texts, truth
from facts.documents.imports._item import Claim, Item, Unread
from facts.documents.imports._source import objects, shown

TITLE = "Universe contexts (false-facts)"
ABOUT = (
    "JSON lines with id, universe_context, key_facts and is_true; further fields are left out. Each becomes the draft "
    "of a fact whose claim is the first key fact; its wordings are yours to write."
)
SUFFIXES: tuple[str, ...] = (".jsonl",)
KEYS: frozenset[str] = frozenset({"universe_context"})


def read(source: Path, columns: Mapping[str, str]) -> Iterator[Item]:
    """Each line as a claim; raises ``BrokenFile`` for a torn one."""
    del columns
    for number, fields in objects(source):
        place = f"{shown(source.name)}:{number}"
        if fields is None:
            yield Unread(place=place, reason="is not an object")
            continue
        try:
            yield Claim(
                place=place, id=identifier(fields, "id"), context=text(fields, "universe_context"),
                key_facts=texts(fields, "key_facts"), is_true=truth(fields, "is_true"),
            )  # fmt: skip
        except WrongKind as error:
            yield Unread(place=place, reason=str(error))
