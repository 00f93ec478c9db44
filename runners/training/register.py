"""Adds a tuned model to the user's models.toml: the whole entry or nothing, and never over another one."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import tomli_w
from filelock import FileLock

from facts.errors import BrokenFile, FactError
from facts.parse import read_text
from runners.models import read_models

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def free_label(label: str, own: Path) -> None:
    """Raises ``FactError`` where ``label`` is no label, or one that a model or group has already."""
    if not _LABEL.fullmatch(label):
        raise FactError(
            f"{label[:100]!r} cannot be a model's label; use letters, digits, dots and dashes, up to 64, such as "
            "smol-objections-250"
        )
    models = read_models(own)
    if label in models.by_label or label in models.groups:
        raise FactError(f"there is a model or group {label!r} already; choose another --label: none is replaced")


def register(label: str, entry: Mapping[str, object], own: Path) -> None:
    """Appends ``[models.LABEL]`` to the file; what stands there stays as it is, letter by letter.

    Raises ``FactError`` for a label that is taken, or ``BrokenFile`` where the file would not be read afterwards.
    """
    target = own.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock", timeout=30):
        free_label(label, target)
        before = read_text(target) if target.exists() else ""
        gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
        text = f"{before}{gap}{tomli_w.dumps({'models': {label: dict(entry)}})}"
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".toml")
        scratch = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            try:
                read_models(scratch).find(label)
            except FactError as error:
                raise BrokenFile(
                    f"{own}: the entry of {label!r} cannot be added ({str(error).replace(name, str(own))}); repair the "
                    "file and run the same command again"
                ) from error
            if target.exists():
                scratch.chmod(target.stat().st_mode & 0o777)
            scratch.replace(target)
        finally:
            scratch.unlink(missing_ok=True)
