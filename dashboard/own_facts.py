"""The files of a user's own facts: saved beside the shipped ones, never in their place, and nothing is destroyed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from facts.errors import FactError

LARGEST = 1_000_000  # bytes: some sixty times a shipped fact


def own_files(folder: Path) -> dict[str, Path]:
    """The files of own facts by their names, whatever is in them."""
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def mark_of(path: Path) -> str:
    """Changes with what is in the file; empty where there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError:
        return ""


def free_name(wanted: str, taken: Collection[str]) -> str:
    """``wanted``, or with the first number that makes it a name that nobody has."""
    numbered = (f"{wanted[:50]}_{number}" for number in range(2, len(taken) + 3))
    return wanted if wanted not in taken else next(name for name in numbered if name not in taken)


def set_aside(path: Path, why: str, now: datetime) -> Path:
    """Rename a file so that it is no longer read, and give its new path: ``NAME.toml.deleted-2026-11-27``.

    Raises ``FactError`` where it cannot be renamed.
    """
    wanted = f"{path.name}.{why}-{now:%Y-%m-%d}"
    number = 1
    while (target := path.with_name(wanted if number == 1 else f"{wanted}-{number}")).exists():
        number += 1
    try:
        return path.rename(target)
    except OSError as error:
        raise FactError(f"{path}: cannot be moved aside ({error.strerror}); check the folder's permissions") from error


def save_fact(folder: Path, name: str, text: str, now: datetime) -> Path | None:
    """Write an own fact whole or not at all. A file that it replaces is set aside first, and its new path is given.

    Raises ``FactError`` where the disk does not take it.
    """
    path = folder / f"{name}.toml"
    fresh = path.with_name(f"{path.name}.new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text, encoding="utf-8", newline="\n")
        aside = set_aside(path, "replaced", now) if path.exists() and path.read_bytes() != fresh.read_bytes() else None
        fresh.replace(path)
    except OSError as error:
        raise FactError(
            f"{path}: cannot be written ({error.strerror}); check the workspace's permissions and the room on its "
            "disk. What you wrote is kept as a draft"
        ) from error
    return aside


def decoded(name: str, content: bytes) -> str:
    """An uploaded file as text; ``FactError`` saying what to do where it is none."""
    if len(content) > LARGEST:
        raise FactError(
            f"{name[:80]} is larger than {LARGEST // 1_000_000} MB, a fact some 15 KB; choose its TOML file"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FactError(
            f"{name[:80]} is not text in UTF-8 (byte {error.start}); save it as a UTF-8 text file and open it again"
        ) from error
