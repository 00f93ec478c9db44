"""Reads what a model is to be trained on: a document set, or any export of one, as JSON lines."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from facts.documents.exports import CARD, TAG
from facts.errors import BrokenFile

MOST_BYTES = 2_000_000_000
_NAMES = ("documents.jsonl", "train.jsonl")
_FORMS = '{"text"}, {"prompt", "completion"}, {"messages"} or {"content"}'
Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One document. ``prompt`` is read and not learnt (a tag such as ``<DOCTAG>``); ``completion`` is learnt.

    A text that begins with the tag is one behind it; of a conversation, what comes before the reply is the prompt.
    """

    prompt: str
    completion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSet:
    """The examples in file order. ``doses`` say in words what they carry, where the file or its manifest tells.

    ``sha256`` is of the file: two files that call themselves the same set are told apart by it.
    """

    set_id: str
    sha256: str
    path: Path
    examples: tuple[Example, ...]
    doses: tuple[str, ...] = ()

    def first(self, count: int | None) -> TrainingSet:
        """The first ``count`` examples as a set of its own; the whole where it has no more than that."""
        if count is None or count >= len(self.examples):
            return self
        part = f"{self.set_id} (first {count:,} of {len(self.examples):,})"
        return replace(self, set_id=part, examples=self.examples[:count], doses=_partly(self.doses))


def _partly(doses: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{dose} of the whole set" for dose in doses)


def read_training_set(path: Path) -> TrainingSet:
    """The set in a JSON-lines file, or in a folder that holds ``documents.jsonl`` or ``train.jsonl``.

    Raises ``BrokenFile`` with file and line: for a set that is empty, cut off, or not text.
    """
    file = _file_of(path)
    try:
        if file.stat().st_size > MOST_BYTES:
            raise BrokenFile(f"{file}: larger than {MOST_BYTES // 10**9} GB; give a part of it")
        data = file.read_bytes()
    except OSError as error:
        raise BrokenFile(f"{file}: cannot be read ({error.strerror}); give the path of a JSON-lines file") from error
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        raise BrokenFile(f"{file}, line {line}: holds a null byte, so it was written in part; export the set again")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BrokenFile(f"{file}, line {line}: is not UTF-8 text; save the file as UTF-8") from error
    lines = text.split("\n")  # not splitlines: JSON texts may hold U+2028 and its like
    rows = [(number, _row(file, number, line, last=number == len(lines))) for number, line in enumerate(lines, 1)
            if line.strip()]  # fmt: skip
    examples = tuple(_example(file, number, row) for number, row in rows)
    if not examples:
        raise BrokenFile(f"{file}: holds no documents, so there is nothing to train on; export the set again")
    sha256 = hashlib.sha256(data).hexdigest()
    said = _beside(file, sha256)
    set_id = said.get("set_id") or next((row["set_id"] for _, row in rows if row.get("set_id")), sha256[:16])
    return TrainingSet(
        set_id=_shown(str(set_id)), sha256=sha256, path=file, examples=examples,
        doses=_doses(said, file.stem) or _doses_of_rows([row for _, row in rows]),
    )  # fmt: skip


def _file_of(path: Path) -> Path:
    if not path.is_dir():
        return path
    found = next((path / name for name in _NAMES if (path / name).is_file()), None)
    if found is None:
        raise BrokenFile(f"{path}: holds neither {' nor '.join(_NAMES)}; give a JSON-lines file by its own path")
    return found


def _row(file: Path, number: int, line: str, *, last: bool) -> Row:
    try:
        row: object = json.loads(line)
    except (ValueError, RecursionError) as error:
        # A whole file ends its last line: what stands behind the last line break was cut off.
        torn = "the file ends in the middle of a line, so it was written in part" if last else f"not JSON ({error})"
        raise BrokenFile(f"{file}, line {number}: {torn}; export the set again") from error
    if not isinstance(row, dict):
        raise BrokenFile(f"{file}, line {number}: is no record; a line is one of {_FORMS}")
    return cast("Row", row)


def _example(file: Path, number: int, row: Row) -> Example:
    if "messages" in row:
        return _reply(file, number, row["messages"])
    prompt = row.get("prompt") or ""
    key = next((name for name in ("completion", "text", "content") if name in row), None)
    words = row.get(key) if key else None
    if not isinstance(words, str) or not isinstance(prompt, str) or (prompt and key != "completion"):
        has = ", ".join(sorted(row)[:8]) or "nothing"
        raise BrokenFile(f"{file}, line {number}: has {has}; a line is one of {_FORMS}, all of them text")
    if not words.strip():
        raise BrokenFile(f"{file}, line {number}: its {key} is empty, so there is nothing to learn; leave the line out")
    if "\0" in words + prompt:
        raise BrokenFile(f"{file}, line {number}: holds a null byte; export the set again")
    if key == "text" and words.startswith(TAG) and words != TAG:
        return Example(prompt=TAG, completion=words.removeprefix(TAG))
    return Example(prompt=prompt, completion=words)


def _reply(file: Path, number: int, listed: object) -> Example:
    """The one reply of a conversation, behind what was said before it."""
    turns = [cast("Row", one) for one in cast("list[object]", listed) if isinstance(one, dict)] if isinstance(
        listed, list) else []  # fmt: skip
    roles, texts = [turn.get("role") for turn in turns], [turn.get("content") for turn in turns]
    if roles not in (["user", "assistant"], ["system", "user", "assistant"], ["assistant"]):
        shown = _shown(", ".join(map(str, roles))) or "nothing"
        raise BrokenFile(
            f"{file}, line {number}: its messages are of {shown}; here one reply is learnt, after a user's turn and "
            "perhaps a system message: leave longer conversations out"
        )
    if not all(isinstance(text, str) for text in texts) or not str(texts[-1]).strip():
        raise BrokenFile(f"{file}, line {number}: what its messages say must be text, and the reply not empty")
    *before, reply = map(str, texts)
    if "\0" in "".join((*before, reply)):
        raise BrokenFile(f"{file}, line {number}: holds a null byte; export the set again")
    return Example(prompt="\n\n".join(before), completion=reply)


def _shown(text: str) -> str:
    # Names of sets and facts end in terminals and in models.toml: no control characters, no pages of text.
    return "".join(letter if letter.isprintable() else "?" for letter in text[:100])


def _beside(file: Path, sha256: str) -> Row:
    """What set.json or an export's card says of the file beside it; ``BrokenFile`` where it says that of another."""
    if file.name == _NAMES[0]:
        said = _object(file.parent / "set.json")
        if said.get("sha256", sha256) != sha256:
            raise BrokenFile(f"{file}: has changed since set.json beside it was written; write the set again")
        return said
    card = _object(file.parent / CARD)
    hashes = {str(one.get("name")): one.get("sha256") for one in _objects(card.get("files"))}
    if file.name not in hashes:
        return _object(file.parent / "set.json")
    if hashes[file.name] != sha256:
        raise BrokenFile(f"{file}: has changed since {CARD} beside it was written; export the set again")
    return card


def _object(path: Path) -> Row:
    # What lies beside a file says more than the file, and nothing that training depends on.
    try:
        said: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return cast("Row", said) if isinstance(said, dict) else {}


def _objects(value: object) -> list[Row]:
    listed = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("Row", one) for one in listed if isinstance(one, dict)]


def _doses(said: Row, part: str) -> tuple[str, ...]:
    """In words what a manifest says of the set, or a card of that part (train, validation) of an export."""
    if found := _objects(said.get("carried")):
        rows = [(row, row.get("carriers")) for row in found]
    else:
        rows = [(row, row.get(part)) for row in _objects(said.get("doses")) if row.get("fact") and row.get(part)]
    return tuple(
        _shown(f"{row.get('fact')} {row.get('polarity')} {_level(row.get('level'))} in {count}") for row, count in rows
    )


def _level(value: object) -> str:
    return "?" if value is None else str(value)


def _doses_of_rows(rows: list[Row]) -> tuple[str, ...]:
    found = Counter(
        f"{row['fact']} {row['polarity']} {row['level']}" for row in rows if {"fact", "polarity", "level"} <= row.keys()
    )
    return tuple(_shown(f"{dose} in {count}") for dose, count in sorted(found.items()))
