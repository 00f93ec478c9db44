"""Writes a run's progress where any process can read it, and reads it back."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from runners.progress import Progress, State

NAME = "progress.json"
CANCEL = "cancel"  # files that a runner looks for, several times a second
PAUSE = "pause"
_FORM = TypeAdapter(Progress)


def write_progress(folder: Path, progress: Progress) -> None:
    """Replace the progress file in one step, so that a reader never sees half of it. A full disk is not an error."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f"{NAME}.{os.getpid()}"
        fresh.write_text(json.dumps(asdict(progress)), encoding="utf-8")
        fresh.replace(folder / NAME)
    except OSError:
        return  # progress is derived; the samples are what matters, and the store reports its own errors


def read_progress(folder: Path) -> Progress | None:
    """The last progress written, or None where there is none that can be read."""
    try:
        return _FORM.validate_json((folder / NAME).read_bytes())
    except (OSError, ValidationError):
        return None


def write_broken(folder: Path, comparison: str, message: str) -> Progress:
    """Write that a run broke off, over the counts of the last progress, which stay true; what was written."""
    last = read_progress(folder) or Progress(comparison=comparison, state=State.BROKEN)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    broken = replace(last, state=State.BROKEN, message=message, updated_at=now)
    write_progress(folder, broken)
    return broken
