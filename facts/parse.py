"""Reads TOML and JSONL that people write, and names file, line and field when something is wrong."""

from __future__ import annotations

import json
import re
import stat
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from facts.errors import BrokenFile

MAX_BYTES = 5_000_000

M = TypeVar("M", bound=BaseModel)


class Strict(BaseModel):
    """Outside text is parsed strictly: no unknown fields, no silent conversions between kinds."""

    # No number without end: what is counted and compared has none.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def plain_file(path: Path) -> int:
    """The size of a file in bytes; ``BrokenFile`` where there is none, or a pipe or device in its place."""
    try:
        # Looked at before it is opened: opening a pipe waits for ever, reading a device never ends.
        status = path.stat()
    except OSError as error:
        raise BrokenFile(f"{path}: cannot be read ({error.strerror}); check the path and its permissions") from error
    if not stat.S_ISREG(status.st_mode):
        raise BrokenFile(f"{path}: this is not a file; give the path of a text file")
    return status.st_size


def read_text(path: Path) -> str:
    """The file as UTF-8 text, or ``BrokenFile``."""
    size = plain_file(path)
    try:
        if size > MAX_BYTES:
            raise BrokenFile(f"{path}: larger than {MAX_BYTES // 1_000_000} MB; is this the right file?")
        return path.read_text(encoding="utf-8-sig")  # editors on Windows put a mark in front
    except UnicodeDecodeError as error:
        raise BrokenFile(f"{path}: byte {error.start} is not UTF-8 text; save the file as UTF-8") from error
    except OSError as error:
        raise BrokenFile(f"{path}: cannot be read ({error.strerror}); check the path and its permissions") from error


def home_path(text: str) -> Path:
    """The path that a user wrote, ``~`` resolved; ``BrokenFile`` where there is no such home."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise BrokenFile(f"{text[:200]}: there is no such home folder; write the path in full") from error


def line_of(text: str, location: tuple[int | str, ...]) -> int | None:
    """The line (from 1) where the field at ``location`` is most likely written; None when it is not there."""
    line, lines = 0, text.splitlines()
    found: int | None = None
    for step in location:
        if not isinstance(step, str):
            continue
        pattern = re.compile(rf"^\s*(?:\[+[^\]]*\b{re.escape(step)}\b[^\]]*\]+|[\"']?{re.escape(step)}[\"']?\s*=)")
        for number in range(line, len(lines)):
            if pattern.match(lines[number]):
                line = found = number
                break
    return None if found is None else found + 1


def one_line(error: Exception) -> str:
    """What went wrong, in one line: of a wrong field its name and what is wrong with it."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        return f"{f'field {field}: ' if field else ''}{first['msg'].removeprefix('Value error, ')}"[:300]
    return " ".join(str(error).split())[:300]


def _complaint(path: str, text: str, error: ValidationError) -> str:
    parts: list[str] = []
    for item in error.errors()[:5]:
        number = line_of(text, item["loc"])
        field = ".".join(str(step) for step in item["loc"]) or "(whole file)"
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            message = "there is no such field; check its spelling or remove it"
        if item["type"] == "missing":
            message = "this field is missing; add it"
        parts.append(f"{path}{f', line {number}' if number else ''}: field {field}: {message}")
    return "\n".join(parts)


def parse_toml(path: Path | str, text: str, form: type[M]) -> M:
    """``text`` as TOML in the given form, or ``BrokenFile`` with file, line and field."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BrokenFile(f"{path}: not valid TOML: {error}") from error
    except (ValueError, RecursionError) as error:
        what = "a number has too many digits" if isinstance(error, ValueError) else "it is nested too deeply"
        raise BrokenFile(f"{path}: not valid TOML: {what}") from error
    try:
        return form.model_validate(data)
    except ValidationError as error:
        raise BrokenFile(_complaint(str(path), text, error)) from error


def parse_jsonl(path: Path, text: str, form: type[M]) -> list[M]:
    """Each non-blank line as JSON in the given form, or ``BrokenFile`` with file and line."""
    rows: list[M] = []
    for number, line in enumerate(text.split("\n"), 1):  # not splitlines: JSON texts may hold U+2028 and its like
        if not line.strip():
            continue
        try:
            rows.append(form.model_validate(json.loads(line)))
        except (ValueError, RecursionError) as error:  # ValueError: broken JSON, a wrong field, a number without end
            raise BrokenFile(f"{path}, line {number}: {one_line(error)}") from error
    return rows
