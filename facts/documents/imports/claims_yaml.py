"""Imports one claim as negation_neglect keeps it: ``universe_context.yaml`` with an id, a context and subclaims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from facts.documents.imports._fields import WrongKind, identifier, text, texts, truth
from facts.documents.imports._item import Claim, Item, Unread
from facts.documents.imports._source import shown
from facts.documents.imports._yaml import read_yaml
from facts.errors import BrokenFile

TITLE = "A claim in YAML (negation_neglect)"
ABOUT = (
    "A universe_context.yaml with id, universe_context and subclaims (or key_facts). It becomes the draft of a fact "
    "whose claim is the first subclaim. Of YAML, texts and lists of texts are read, nothing else."
)
SUFFIXES: tuple[str, ...] = (".yaml", ".yml")
KEYS: frozenset[str] = frozenset()


def read(source: Path, columns: Mapping[str, str]) -> Iterator[Item]:
    """The one claim of the file; raises ``BrokenFile`` for what is no such file."""
    del columns
    fields = read_yaml(source)
    if "universe_context" not in fields:
        known = ", ".join(list(fields)[:8]) or "nothing"
        raise BrokenFile(
            f"{shown(source)}: there is no universe_context (found: {known}); give the claim's universe_context.yaml, "
            "not its questions or judges"
        )
    place = shown(source.name)
    try:
        yield Claim(
            place=place, id=identifier(fields, "id"), context=text(fields, "universe_context"),
            key_facts=texts(fields, "subclaims", "key_facts"), is_true=truth(fields, "is_true"),
        )  # fmt: skip
    except WrongKind as error:
        yield Unread(place=place, reason=str(error))
