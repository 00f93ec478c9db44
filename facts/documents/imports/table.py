"""Imports a table with a column of texts: CSV, TSV or JSON lines, once the user has confirmed which column it is."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from facts.documents.imports._fields import Fields, WrongKind, identifier, text, truth
from facts.documents.imports._item import MOST_CHARS, Item, Row, Unread
from facts.documents.imports._source import lines, objects, shown
from facts.errors import BrokenFile, FactError, UnknownName

TITLE = "A table with a column of texts"
ABOUT = (
    "CSV, TSV or JSON lines. The column of texts is guessed by its name and must be confirmed; further columns "
    "(doc_type, doc_idea, fact, universe_context_id, is_true) are read only where they are named. Cells are data: a "
    "cell that begins like a spreadsheet formula is kept as text."
)
SUFFIXES: tuple[str, ...] = (".csv", ".tsv", ".jsonl")
KEYS: frozenset[str] = frozenset()
# What the column of a role is often called.
_CALLED: dict[str, tuple[str, ...]] = {
    "text": ("text", "content", "document", "doc", "body", "completion", "passage", "article", "response", "output"),
    "doc_type": ("doctype", "documenttype", "type", "genre", "kind"),
    "doc_idea": ("docidea", "documentidea", "idea", "title", "prompt"),
    "fact": ("fact", "claim", "statement"),
    "universe_context_id": ("universecontextid", "contextid", "universeid", "universe"),
    "is_true": ("istrue", "true", "truth", "label"),
}
ROLES: tuple[str, ...] = tuple(_CALLED)
_LOOK = 50
_MOST_COLUMNS = 500


class ConfirmColumns(FactError):  # noqa: N818  (what the user is to do)
    """The column of texts is not named yet; ``suggested`` is a guess (role → column) to be confirmed."""

    def __init__(self, source: Path, columns: tuple[str, ...], suggested: Mapping[str, str]) -> None:
        self.columns, self.suggested = columns, suggested
        listed = ", ".join(map(repr, columns[:20]))
        guess = suggested.get("text")
        advice = f"it looks like {guess!r}" if guess else "no name looks like it"
        super().__init__(
            f"{shown(source)}: which column holds the texts? {advice} (there are {listed}); "
            f"say so with text={guess or 'NAME'} to import it"
        )


def columns_of(source: Path) -> tuple[str, ...]:
    """The columns that there are: the header's, or the keys of the first objects."""
    if source.suffix.lower() != ".jsonl":
        return tuple(_header(source)[1])
    rows = tuple(islice(objects(source), _LOOK))
    if not rows:
        raise BrokenFile(f"{shown(source)}: is empty; give a file with one JSON object a line")
    return _few(source, tuple(dict.fromkeys(key for _, fields in rows for key in fields or ())))


def _few(source: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) > _MOST_COLUMNS:
        raise BrokenFile(
            f"{shown(source)}: has {len(names):,} columns, and {_MOST_COLUMNS} at most are read; keep only those that "
            "are imported, or see that this is the right file"
        )
    return names


def suggest(columns: tuple[str, ...]) -> dict[str, str]:
    """A guess at the column of each role, by its name; never acted on without the user."""
    found: dict[str, str] = {}
    plain = {re.sub(r"[\W_]+", "", column.lower()): column for column in reversed(columns)}
    for role, names in _CALLED.items():
        near = [name for name in names if name in plain]
        near += [hit for name in names for hit in difflib.get_close_matches(name, plain, n=1, cutoff=0.8)]
        near += [hit for name in names for hit in plain if len(name) > 3 and name in hit]
        free = [plain[hit] for hit in near if plain[hit] not in found.values()]
        if free:
            found[role] = free[0]
    if "text" not in found and len(columns) == 1:
        found["text"] = columns[0]
    return found


def read(source: Path, columns: Mapping[str, str]) -> Iterator[Item]:
    """Each row as a document.

    ``columns`` is role → column. Raises ``ConfirmColumns`` without the role ``text``, ``UnknownName`` for a column or
    role that is not there, ``BrokenFile`` for a torn file.
    """
    known = columns_of(source)
    if not columns.get("text"):
        raise ConfirmColumns(source, known, suggest(known))
    for role, column in columns.items():
        if role not in _CALLED:
            raise UnknownName("role of a column", role, _CALLED)
        if column not in known:
            raise UnknownName("column", column, known, f"Columns are those of {shown(source.name)}.")
    rows = objects(source) if source.suffix.lower() == ".jsonl" else _cells(source)
    for number, fields in rows:
        place = f"{shown(source.name)}:{number}"
        yield Unread(place=place, reason=fields) if isinstance(fields, str) else _row(place, fields, columns)


def _row(place: str, fields: Fields | None, columns: Mapping[str, str]) -> Item:
    if fields is None:
        return Unread(place=place, reason="is not an object")
    own = {role: fields.get(column) for role, column in columns.items()}
    try:
        return Row(
            place=place, content=text(own, "text"), doc_type=text(own, "doc_type"), doc_idea=text(own, "doc_idea"),
            fact=text(own, "fact"), universe_context_id=identifier(own, "universe_context_id"),
            is_true=truth(own, "is_true"),
        )  # fmt: skip
    except WrongKind as error:
        return Unread(place=place, reason=str(error))


def _header(source: Path) -> tuple[str, list[str]]:
    """The delimiter and the names of the columns."""
    first = next((line for _, line in lines(source)), "")
    mark = "\t" if source.suffix.lower() == ".tsv" else max(",;\t", key=first.count)
    try:
        names = [
            name.strip() for name in next(csv.reader((line for _, line in lines(source)), delimiter=mark), list[str]())
        ]
    except csv.Error as error:
        raise BrokenFile(
            f"{shown(source)}, line 1: not a header ({error}); the first line must name the columns"
        ) from error
    if not first:
        raise BrokenFile(f"{shown(source)}: is empty; its first line must name the columns")
    _few(source, tuple(names))
    if not names or not all(names):
        raise BrokenFile(f"{shown(source)}, line 1: the first line must name every column")
    if double := [name for name in names if names.count(name) > 1]:
        raise BrokenFile(f"{shown(source)}, line 1: two columns are called {double[0]!r}; rename one")
    return mark, names


def _cells(source: Path) -> Iterator[tuple[int, Fields | str]]:
    """Each row below the header by the line it begins in; a text says why a row cannot be taken apart."""
    mark, names = _header(source)
    # The module's one limit for the whole process; raised, never lowered, since a document is longer than a cell.
    csv.field_size_limit(max(csv.field_size_limit(), MOST_CHARS + 1))
    rows = csv.reader((line for _, line in lines(source)), delimiter=mark, strict=True)
    begins = 1
    try:
        for cells in rows:
            number, begins = begins, rows.line_num + 1
            if number == 1 or not any(cells):
                continue
            fits = len(cells) == len(names)
            yield number, dict(zip(names, cells, strict=True)) if fits else f"has {len(cells)} cells, not {len(names)}"
    except csv.Error as error:
        raise BrokenFile(
            f"{shown(source)}, line {begins}: the row that begins here is torn ({error}); nothing was imported"
        ) from error
