"""Keeps what a gate found in the same documents before, where it cannot measure it now, as without the twin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, Field, TypeAdapter

from facts.documents.formats.set_folder import MANIFEST, TwinRecord
from facts.documents.gates._finding import Finding, Status
from facts.documents.gates._record import QUALITY

Rows = tuple[tuple[str, Finding], ...]
_FINDING = TypeAdapter(Finding)
_COMPARING = frozenset({"fingerprint", "parity"})


class _Recorded(BaseModel):
    """What ``set.json`` and ``quality.json`` have in common."""

    sha256: str = ""
    gates: dict[str, object] = Field(default_factory=dict[str, object])
    twins: dict[str, TwinRecord] = Field(default_factory=dict[str, TwinRecord])


def _recorded(path: Path, sha256: str) -> _Recorded:
    # What is torn or tells of other documents is no finding; the statuses in set.json stand for themselves.
    try:
        said = _Recorded.model_validate_json(path.read_bytes()) if path.is_file() else _Recorded()
    except (OSError, ValueError):
        return _Recorded()
    return said if said.sha256 == sha256 else _Recorded()


def _old(name: str, status: object, quality: _Recorded) -> Finding | None:
    if status not in set(Status) or status == Status.UNMEASURED:
        return None
    try:
        found = _FINDING.validate_python(quality.gates.get(name))
    except ValueError:
        found = None
    if found is not None and found.status == status:
        return found
    return Finding(status=Status(str(status)), says="What was found is not recorded any more; check it again.")


def keep_measured(
    folder: Path, sha256: str, rows: Rows, twin: TwinRecord | None
) -> tuple[Rows, Mapping[str, TwinRecord]]:  # fmt: skip
    """The findings, those that are kept among them, and which twin each was compared with, if any."""
    said, quality = _recorded(folder / MANIFEST, sha256), _recorded(folder / QUALITY, sha256)
    found: list[tuple[str, Finding]] = []
    twins: dict[str, TwinRecord] = {}
    for name, finding in rows:
        old = _old(name, said.gates.get(name), quality) if finding.status is Status.UNMEASURED else None
        if old is not None:
            known = said.twins.get(name)
            against = f", compared with {known.set_id}" if known else ""
            finding = replace(old, kept=(  # noqa: PLW2901
                f"kept from an earlier check of the same documents{against}; it could not be measured this time, so "
                "check again with --twin to replace it"
            ))  # fmt: skip
        record = said.twins.get(name) if old is not None else twin
        if record and name in _COMPARING and finding.status is not Status.UNMEASURED:
            twins[name] = record
        found.append((name, finding))
    return tuple(found), twins
