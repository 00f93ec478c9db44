"""Writes a run's progress where any process can read it, and reads it back."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from runners.progress import Progress

NAME = "progress.json"
CANCEL = "cancel"
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
