"""Reads files of rows as a strict service does; validators alone use it, so that no writer vouches for itself."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from facts.documents.exports._row import Invalid, Limits
from facts.tokens import count_tokens

Fields = dict[str, object]
# Tokenizers differ: what ``facts.tokens`` estimates is raised so far before it is held against a limit.
_MARGIN = 1.25


def rows(path: Path, split: str, limits: Limits) -> Iterator[tuple[int, Fields]]:
    """Each line as an object with its number from 1; raises ``Invalid`` for what any reader of JSON lines trips over.

    ``split`` is train or validation: which of the limits hold.
    """
    most_bytes = limits.size if split == "train" else limits.validation_size or limits.size
    size = path.stat().st_size
    if most_bytes is not None and size > most_bytes:
        raise Invalid(None, f"the {split} file has {size:,} bytes, at most {most_bytes:,} are taken",
                      "export fewer documents with --limit")  # fmt: skip
    number = 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            yield number, _object(raw, number)
    least, most = limits.rows if split == "train" else limits.validation_rows
    if number < least:
        raise Invalid(None, f"the {split} file has {number:,} rows, at least {least:,} are wanted",
                      "export a larger set" if split == "train" else "raise --validation, or set it to 0")  # fmt: skip
    if most is not None and number > most:
        raise Invalid(None, f"the {split} file has {number:,} rows, at most {most:,} are taken",
                      "export fewer documents with --limit" if split == "train" else "lower --validation")  # fmt: skip


def text(fields: Fields, name: str, line: int, *, empty: bool = False) -> str:
    """A field that must be text, not blank, with every character whole and no null byte."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise Invalid(line, f"its {name} is {'missing' if name not in fields else 'no text'}")
    if not empty and not value.strip():
        raise Invalid(line, f"its {name} is empty", "leave it out")
    if "\0" in value:
        raise Invalid(line, f"its {name} holds a null byte, which text tools cut texts at", "remove the byte")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Invalid(line, f"its {name} holds half a character (a lone surrogate)", "repair the text")
    return value


def only(fields: Fields, line: int, *allowed: str) -> None:
    """No key but these may be there."""
    if extra := sorted(set(fields) - set(allowed)):
        raise Invalid(line, f"has {', '.join(extra)[:100]}, but only {', '.join(allowed)} may be there")


def messages(fields: Fields, line: int, *allowed: str) -> tuple[tuple[str, str], ...]:
    """Role and content of each message, whose keys are among ``allowed``."""
    listed = fields.get("messages")
    if not isinstance(listed, list) or not listed:
        raise Invalid(line, "its messages are missing or no list")
    found: list[tuple[str, str]] = []
    for one in cast("list[object]", listed):
        if not isinstance(one, dict):
            raise Invalid(line, "one of its messages is no object")
        message = cast("Fields", one)
        only(message, line, *allowed)
        found.append((text(message, "role", line), text(message, "content", line)))
    return tuple(found)


def within(words: str, line: int, most: int | None) -> None:
    """The row takes no more than ``most`` tokens, by an estimate that errs on the safe side."""
    if most is None:
        return
    taken = safe_tokens(words)
    if taken > most:
        raise Invalid(line, f"takes up to {taken:,} tokens (an estimate, {_MARGIN - 1:.0%} on the safe side), at most "
                      f"{most:,} are taken", f"build the set with shorter documents, --tokens {int(most / 1.5):,} or "
                      "less")  # fmt: skip


def safe_tokens(words: str) -> int:
    """More tokens than the text takes with the usual tokenizers: letters beyond ASCII take one for two bytes."""
    beyond = sum(len(letter.encode("utf-8", "replace")) for letter in words if not letter.isascii())
    return math.ceil(_MARGIN * count_tokens(words)) + beyond // 2


def _object(raw: bytes, number: int) -> Fields:
    if number == 1 and raw.startswith(b"\xef\xbb\xbf"):
        raise Invalid(1, "the file begins with a byte order mark, which JSON forbids")
    if not raw.endswith(b"\n"):
        raise Invalid(number, "the file ends in the middle of a line")
    try:
        value: object = json.loads(raw.decode("utf-8"), object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise Invalid(number, "is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise Invalid(number, f"is not whole JSON ({error})") from error
    if not isinstance(value, dict):
        raise Invalid(number, "is no object")
    return cast("Fields", value)


def _once(pairs: list[tuple[str, object]]) -> Fields:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a key stands there twice")
    return dict(pairs)
