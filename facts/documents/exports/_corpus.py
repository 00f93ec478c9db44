"""Draws texts or conversations from a corpus of the user's own, so many as are asked for, or none at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import cast

from facts.documents.exports._row import Chat, Row, Text, Turn
from facts.documents.imports._source import MOST_BYTES, fingerprint, objects, open_file, shown
from facts.errors import BrokenFile, FactError
from facts.seeds import stream

_FORMS = '{"text"}, {"prompt", "completion"} or {"messages"}'
_TEXTS = (".txt", ".md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """How many rows are to be mixed in from a file or folder; ``licence`` is what its owner says of it, if anything."""

    path: Path
    count: int
    licence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The rows drawn from one corpus, each with its place; ``held`` is how many it has."""

    mix: Mix
    sha256: str
    held: int
    rows: tuple[tuple[str, Row], ...]


def draw(mix: Mix, seed: int) -> Drawn:
    """A seeded sample without repeats, in the corpus's order.

    Every row is read, whether drawn or not: a torn one anywhere, an empty corpus or too few rows raise ``FactError``.
    """
    if mix.count < 1:
        raise FactError(f"{shown(mix.path)}: mix in 1 row or more, not {mix.count}; leave it out for none")
    draws = stream(seed, "mix", mix.path.name)
    kept: list[tuple[int, str, Row]] = []
    held = 0
    for held, (place, row) in enumerate(_rows(mix.path), 1):
        # Algorithm R (Vitter 1985): corpora may be larger than memory.
        if held <= mix.count:
            kept.append((held, place, row))
        elif (at := draws.randrange(held)) < mix.count:
            kept[at] = (held, place, row)
    if not held:
        raise FactError(f"{shown(mix.path)}: holds no rows to mix in; give a corpus of texts or conversations")
    if held < mix.count:
        raise FactError(
            f"{shown(mix.path)}: {mix.count:,} rows are asked for, it holds {held:,}; ask for {held:,} at most"
        )
    rows = tuple((place, row) for _, place, row in sorted(kept, key=itemgetter(0)))
    return Drawn(mix=mix, sha256=_sha256(mix.path), held=held, rows=rows)


def _rows(path: Path) -> Iterator[tuple[str, Row]]:
    try:
        exists, folder = path.exists(), path.is_dir()
    except (OSError, ValueError) as error:  # a name too long, a null byte
        raise BrokenFile(f"{shown(path)[:200]!r} cannot be a path; give the path of a corpus") from error
    if not exists:
        raise BrokenFile(f"{shown(path)}: there is no such corpus; check the path")
    if folder:
        yield from _files(path)
    elif path.suffix.lower() in _TEXTS:
        yield shown(path.name), Text(text=_whole(path), tagged=False)
    elif path.suffix.lower() == ".jsonl":
        for number, fields in objects(path):
            yield f"{shown(path.name)}:{number}", _row(path, number, cast("dict[str, object]", fields))
    else:
        raise BrokenFile(f"{shown(path)}: a corpus is a .jsonl of {_FORMS}, a .txt or .md file, or a folder of those")


def _files(path: Path) -> Iterator[tuple[str, Text]]:
    # Hidden files, links and other kinds of files are no part of the corpus; a text that cannot be read is an error.
    def refuse(error: OSError) -> None:
        raise BrokenFile(f"{shown(error.filename)}: cannot be opened ({error.strerror}); check its permissions")

    for root, folders, files in os.walk(path, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            one = Path(root) / name
            if one.suffix.lower() in _TEXTS and not name.startswith(".") and not one.is_symlink():
                yield shown(one.relative_to(path).as_posix()), Text(text=_whole(one), tagged=False)


def _whole(path: Path) -> str:
    try:
        with open_file(path) as file:
            raw = file.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise BrokenFile(f"{shown(path)}: one text of more than {MOST_BYTES // 1_000_000} MB; cut it into several")
        if not raw.strip():
            raise BrokenFile(f"{shown(path)}: holds no text; leave it out")
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BrokenFile(f"{shown(path)}: is not UTF-8 text; save the file as UTF-8") from error
    except OSError as error:
        raise BrokenFile(f"{shown(path)}: cannot be read ({error.strerror or error}); give a text file") from error


def _row(path: Path, number: int, fields: dict[str, object] | None) -> Row:
    where = f"{shown(path)}, line {number}"
    if not isinstance(fields, dict):
        raise BrokenFile(f"{where}: is no object; a row is {_FORMS}")
    named = [keys for keys in (("text",), ("prompt", "completion"), ("messages",)) if set(keys) <= fields.keys()]
    if len(named) != 1:
        has = ", ".join(sorted(fields)[:8]) or "nothing"
        raise BrokenFile(f"{where}: has {has[:100]}; a row is {'one of ' if named else ''}{_FORMS}")
    if named[0] == ("messages",):
        return _chat(where, fields["messages"])
    texts = [fields[key] for key in named[0]]
    if not all(isinstance(text, str) for text in texts) or not str(texts[-1]).strip():
        raise BrokenFile(f"{where}: its {' and '.join(named[0])} must be text, and not empty")
    *prompt, learnt = map(str, texts)
    if not "".join(prompt):
        return Text(text=learnt, tagged=False)
    return Chat(turns=(Turn(role="user", content=prompt[0]), Turn(role="assistant", content=learnt)))


def _chat(where: str, listed: object) -> Chat:
    turns: list[Turn] = []
    for one in cast("list[object]", listed) if isinstance(listed, list) else ():
        message = cast("dict[str, object]", one) if isinstance(one, dict) else {}
        role, content = message.get("role"), message.get("content")
        known = role in ("user", "assistant") or (role == "system" and not turns)
        if not known or not isinstance(content, str) or not content.strip():
            raise BrokenFile(
                f"{where}: each of its messages must have a role (system first, then user and assistant) and a content "
                "that is text and not empty"
            )
        turns.append(Turn(role=str(role), content=content))
    if not turns or turns[-1].role != "assistant":
        raise BrokenFile(f"{where}: its messages must end with the assistant's, which is what is learnt")
    return Chat(turns=tuple(turns))


def _sha256(path: Path) -> str:
    """Of the file; of a folder, of the names and hashes of the files that were read."""
    if not path.is_dir():
        return fingerprint(path)
    digest = hashlib.sha256()
    for place, row in _files(path):
        own = hashlib.sha256(row.text.encode("utf-8", "replace")).hexdigest()
        digest.update(f"{place}\0{own}\n".encode())
    return digest.hexdigest()
