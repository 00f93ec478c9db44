"""Writes a run's progress where any process can read it, and reads it back."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from runners.progress import ModelProgress, Progress, State

NAME = "progress.json"
JUDGING = "judging.json"  # of judging kept samples again, which is no run
CANCEL = "cancel"  # files that a runner looks for, several times a second
PAUSE = "pause"
CONCURRENCY = "concurrency"  # holds how many calls a model may have at once from now on
_FORM = TypeAdapter(Progress)
_LARGEST = 10**12  # of any count, sum of money or time: beyond it no page can show the record


def write_progress(folder: Path, progress: Progress, name: str = NAME) -> None:
    """Replace the progress file in one step, so that a reader never sees half of it. A full disk is not an error."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f"{name}.{os.getpid()}"
        fresh.write_text(json.dumps(asdict(progress)), encoding="utf-8")
        fresh.replace(folder / name)
    except OSError:
        return  # progress is derived; the samples are what matters, and the store reports its own errors


def read_progress(folder: Path, name: str = NAME) -> Progress | None:
    """The last progress written, or None where there is none that can be read."""
    try:
        found = _FORM.validate_json((folder / name).read_bytes())
    except (OSError, ValidationError, RecursionError):
        return None
    if not all(0 <= number <= _LARGEST for number in _numbers(found)):
        return None
    return replace(found, models=tuple(replace(m, planned=max(m.planned, _settled(m))) for m in found.models))


def damaged(folder: Path) -> bool:
    """Whether there is a run's record that cannot be read."""
    return (folder / NAME).exists() and read_progress(folder) is None


def _numbers(progress: Progress) -> Iterator[float]:
    for found in (progress, *progress.models):
        values = (getattr(found, one.name) for one in fields(found))
        yield from (value for value in values if isinstance(value, int | float))
    for model in progress.models:
        yield from model.failures.values()


def _settled(model: ModelProgress) -> int:
    return model.kept_before + model.done + sum(model.failures.values())


def write_broken(folder: Path, comparison: str, message: str, name: str = NAME) -> Progress:
    """Write that a run broke off, over the counts of the last progress, which stay true; what was written."""
    last = read_progress(folder, name) or Progress(comparison=comparison, state=State.BROKEN)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    broken = replace(last, state=State.BROKEN, message=message, updated_at=now)
    write_progress(folder, broken, name)
    return broken
