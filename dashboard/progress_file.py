"""Writes a run's progress where any process can read it, and reads it back."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from runners.progress import ModelProgress, Progress, State

NAME = "progress.json"
CANCEL = "cancel"


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
        raw: object = json.loads((folder / NAME).read_text(encoding="utf-8"))
        data = cast("dict[str, Any]", raw)  # checked by the constructors below
        models = tuple(ModelProgress(**{**m, "resolved": tuple(m.get("resolved", ()))}) for m in data.pop("models"))
        return Progress(**{**data, "state": State(data["state"]), "models": models})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
