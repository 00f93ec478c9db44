"""Partial results on disk, so that a long calibration that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np

from benchmarks.calibration.covered import Covered

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
_READ = ("facts", "benchmarks/calibration/truths", "runners/organism", "runners/metrics", "runners/rubrics",
         "dashboard/effects")  # fmt: skip
_ALSO = ("runners/providers/organism.py", "runners/planning.py", "runners/transcript.py", "runners/rubric.py",
         *(f"benchmarks/calibration/{name}.py" for name in
           ("simulate", "readings", "verdicts", "covered", "corrected", "lost")))  # fmt: skip


def sources() -> str:
    """A digest of all code and data that the results rest on: with other sources they are computed anew."""
    paths = [path for folder in _READ for path in sorted((_ROOT / folder).rglob("*"))]
    paths += [path for path in (_ROOT / name for name in _ALSO) if path.exists()]
    digest = hashlib.sha256()
    for path in paths:
        if path.suffix in {".py", ".toml", ".jsonl"}:
            digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def folder(digest: str) -> Path:
    """Where results of these sources are kept; git ignores it."""
    return _HERE / ".cache" / digest


def save(path: Path, parts: dict[str, Covered], seconds: float) -> None:
    """Write parts by name; a file is there whole or not at all."""
    arrays: dict[str, np.ndarray] = {"seconds": np.array(seconds)}
    for name, part in parts.items():
        arrays[f"{name}|kinds"], arrays[f"{name}|labels"] = np.array(part.kinds), np.array(part.labels)
        arrays[f"{name}|truth"], arrays[f"{name}|value"] = part.truth_R, part.value_SRF.astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(f".{os.getpid()}.npz")
    np.savez_compressed(half, **arrays)  # type: ignore[arg-type]
    half.replace(path)


def load(path: Path) -> dict[str, Covered]:
    """The parts that were saved there."""
    with np.load(path, allow_pickle=False) as arrays:
        names = dict.fromkeys(key.partition("|")[0] for key in arrays.files if "|" in key)
        return {
            name: Covered(
                kinds=tuple(arrays[f"{name}|kinds"].tolist()), labels=tuple(arrays[f"{name}|labels"].tolist()),
                truth_R=arrays[f"{name}|truth"], value_SRF=arrays[f"{name}|value"].astype(np.float64),
            )
            for name in names
        }  # fmt: skip


def seconds(path: Path) -> float:
    """How long that part took."""
    with np.load(path, allow_pickle=False) as arrays:
        return float(arrays["seconds"]) if "seconds" in arrays.files else 0.0
