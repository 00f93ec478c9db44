"""Records what gates found beside the set: statuses and numbers in set.json, tables for a page in quality.json."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import cast

from facts.documents.formats.set_folder import MANIFEST, TwinRecord
from facts.documents.gates._finding import Finding
from facts.documents.identity import way_out
from facts.errors import BrokenFile, FactError

QUALITY = "quality.json"


def write_json(path: Path, value: Mapping[str, object]) -> None:
    """The object as a file, whole or not at all; ``FactError`` where it cannot be written."""
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    scratch = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="\n", dir=path.parent, prefix=f".{path.name}-", delete=False
        ) as file:
            scratch = Path(file.name)
            file.write(text)
        scratch.chmod(0o666 & ~_umask())
        scratch.replace(path)
    except OSError as error:
        if scratch:
            scratch.unlink(missing_ok=True)
        raise FactError(f"{path}: cannot be written ({error.strerror}); make the folder writable") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def record_findings(
    folder: Path, sha256: str, found: Iterable[tuple[str, Finding]], twins: Mapping[str, TwinRecord]
) -> None:
    """Writes quality.json, then ``gates``, ``twins``, ``statistics`` and ``sha256`` of set.json; the rest stays."""
    path, rows = folder / MANIFEST, tuple(found)
    try:
        said: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BrokenFile(f"{path}: cannot be read as a manifest ({error}); {way_out(folder)}") from error
    if not isinstance(said, dict):
        raise BrokenFile(f"{path}: is not a JSON object; {way_out(folder)}")
    compared = {name: twin.model_dump() for name, twin in twins.items()}
    measured = {f"{name}.{key}": value for name, finding in rows for key, value in finding.numbers if value is not None}
    write_json(folder / QUALITY, {
        "sha256": sha256, "twins": compared, "gates": {name: asdict(finding) for name, finding in rows},
    })  # fmt: skip
    write_json(path, {
        **cast("dict[str, object]", said), "sha256": sha256, "statistics": measured,
        "gates": {name: finding.status.value for name, finding in rows}, "twins": compared,
    })  # fmt: skip
