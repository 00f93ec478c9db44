"""Imports a folder of .txt and .md files, one document a file, without ever following a link."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from facts.documents.imports._item import Item, Row, Unread
from facts.documents.imports._source import MOST_BYTES, open_file, shown
from facts.errors import BrokenFile

TITLE = "A folder of text files"
ABOUT = (
    "Every .txt and .md file below the folder is one document, in the order of their paths; Markdown is kept as it is "
    "and never rendered. Links are not followed; hidden files, other kinds of files and files that are no text are "
    "dropped and counted."
)
SUFFIXES: tuple[str, ...] = ("/",)
KEYS: frozenset[str] = frozenset()
_TEXTS = (".txt", ".md")


def read(source: Path, columns: Mapping[str, str]) -> Iterator[Item]:
    """Each file as a document; raises ``BrokenFile`` where the folder itself cannot be read."""
    del columns
    if not source.is_dir():
        raise BrokenFile(f"{shown(source)}: there is no such folder; give the path of a folder of .txt and .md files")
    unreadable: list[OSError] = []
    for root, folders, files in os.walk(source, onerror=unreadable.append):
        hidden = [name for name in folders if name.startswith(".")]
        folders[:] = sorted(set(folders) - set(hidden))
        for name in sorted((*files, *hidden, *(one for one in folders if (Path(root) / one).is_symlink()))):
            path = Path(root) / name
            yield _item(path, shown(path.relative_to(source)))
    for error in unreadable:
        yield Unread(place=shown(error.filename or source), reason="is a folder that cannot be opened")


def _item(path: Path, place: str) -> Item:
    if reason := _left_out(path):
        return Unread(place=place, reason=reason)
    try:
        with open_file(path, links=False) as file:
            raw = file.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            return Unread(place=place, reason=f"is larger than {MOST_BYTES // 1_000_000} MB")
        if b"\x00" in raw:
            return Unread(place=place, reason="holds null bytes, so it is no text")
        return Row(place=place, content=raw.decode("utf-8-sig"), doc_type=path.suffix.lower().removeprefix("."))
    except UnicodeDecodeError:
        return Unread(place=place, reason="is not UTF-8 text")
    except OSError as error:
        return Unread(place=place, reason=f"cannot be read ({error.strerror or error})")


def _left_out(path: Path) -> str:
    if path.name.startswith("."):
        return "is hidden"
    if path.is_symlink():
        return "is a link, and links are not followed"
    return "" if path.suffix.lower() in _TEXTS else "is neither .txt nor .md"
