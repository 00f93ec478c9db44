"""What an importer reads: documents, claims, and rows that cannot be kept, each with the place it came from."""

from __future__ import annotations

from dataclasses import dataclass

MOST_CHARS = 1_000_000  # of one document or context
_MOST_LABEL = 20_000  # of anything said about it


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document. ``is_true`` is what the source says of its fact in the real world, never a polarity."""

    place: str
    content: str
    doc_type: str = ""
    doc_idea: str = ""
    fact: str = ""
    universe_context_id: str = ""
    is_true: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One universe context with its key facts: what a fact can be drafted from, not a document."""

    place: str
    id: str
    context: str
    key_facts: tuple[str, ...] = ()
    is_true: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A row that is left out, and why."""

    place: str
    reason: str


Item = Row | Claim | Unread


def fault(item: Row | Claim) -> str:
    """Why an item cannot be kept, or nothing."""
    match item:
        case Row():
            text, labels = item.content, (item.doc_type, item.doc_idea, item.fact, item.universe_context_id)
        case Claim():
            text, labels = item.context, (item.id, *item.key_facts)
    if not text.strip() and not (isinstance(item, Claim) and item.key_facts):
        return "holds no text"
    if len(text) > MOST_CHARS:
        return f"is longer than {MOST_CHARS:,} characters"
    if any(len(label) > _MOST_LABEL for label in labels):
        return f"has a label longer than {_MOST_LABEL:,} characters"
    for value in (text, *labels):
        if "\x00" in value:
            return "holds a null character"
        if any("\ud800" <= c <= "\udfff" for c in value):
            return "holds half a character (a lone surrogate)"
    return ""
