"""Runs the gates over a document set in its folder, and says whether the set may be run or exported.

    found = check(folder, library)                  # runs the gates, records them in set.json and quality.json
    found.failing                                   # names of the gates that fail
    override(folder, "pilot, never published")      # recorded in override.json, with the time and what failed
    approval = approve(folder)                      # Approval, or NotApproved(FactError) that says what to do

A set is approved when every gate ran on the documents that lie in the folder now, and none fails that an override does
not name. What could not be measured says ``unmeasured``; that is no failure, and it stays visible in the approval.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, Field

from facts.catalog import Library
from facts.documents.formats.jsonl import FILE
from facts.documents.formats.set_folder import MANIFEST
from facts.documents.gates import Finding, Status, gates
from facts.documents.gates._kept import keep_measured
from facts.documents.gates._record import record_findings, write_json
from facts.documents.gates._source import Tick, read_back, read_folder, silent
from facts.documents.identity import way_out
from facts.errors import BrokenFile, FactError
from facts.parse import one_line, plain_file

OVERRIDE = "override.json"

__all__ = ["Approval", "Findings", "NotApproved", "approve", "check", "override", "read_back"]

M = TypeVar("M", bound=BaseModel)


class NotApproved(FactError):  # noqa: N818  (reads as what it is)
    """The set may not be used as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What each gate found, in order; ``sha256`` is of the documents that it read."""

    set_id: str
    sha256: str
    found: tuple[tuple[str, Finding], ...]

    @property
    def failing(self) -> tuple[str, ...]:
        """The names of the gates that fail."""
        return tuple(name for name, finding in self.found if finding.status is Status.FAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Under what the set is used: goes into data cards and methods. ``override`` is a sentence with reason and time."""

    set_id: str
    gates: tuple[tuple[str, str], ...]
    override: str | None


def check(folder: Path, library: Library, *, twin: Path | None = None, tick: Tick = silent) -> Findings:
    """Runs every gate over the set in the folder and records what it finds in ``set.json`` and ``quality.json``.

    ``twin`` is the folder of the placebo arm; a template set builds its own. A gate that found something in these
    documents and now cannot measure it, as without its twin, keeps what it found. Raises ``BrokenFile`` for a torn or
    changed set and ``NoTwin`` for a twin that is none, and then nothing is recorded. ``tick`` is told what goes on.
    """
    reading, own, other = read_folder(folder, library, twin, tick)
    rows: list[tuple[str, Finding]] = []
    for gate in gates():
        tick(f"gate {gate.NUMBER} of {len(gates())}, {gate.NAME}", len(reading.texts))
        rows.append((gate.NAME, gate.check(reading)))
    found, twins = keep_measured(folder, own.sha256, tuple(rows), other.known if other else None)
    record_findings(folder, own.sha256, found, twins)
    return Findings(set_id=reading.set_id, sha256=own.sha256, found=found)


class _Recorded(BaseModel):
    """What approval reads of ``set.json``; a set that no gate has seen has no statuses."""

    set_id: str
    sha256: str = ""
    gates: dict[str, str] = Field(default_factory=dict[str, str])


class _Override(BaseModel):
    reason: str
    time: str
    gates: list[str]
    sha256: str


def _read(path: Path, form: type[M]) -> M:
    plain_file(path)
    try:
        return form.model_validate_json(path.read_bytes(), strict=True)
    except (OSError, ValueError) as error:
        again = f"record it again with `salience documents check {path.parent.name} --override REASON`"
        raise BrokenFile(
            f"{path}: cannot be read ({one_line(error)}); {again if path.name == OVERRIDE else way_out(path.parent)}"
        ) from error


def _recorded(folder: Path) -> _Recorded:
    """What gates said of the documents that lie in the folder now; ``NotApproved`` where they did not read them."""
    said = _read(folder / MANIFEST, _Recorded)
    missing = [gate.NAME for gate in gates() if said.gates.get(gate.NAME) not in set(Status)]
    if missing:
        which = "no gate" if len(missing) == len(gates()) else f"not every gate ({', '.join(missing)} is missing)"
        raise NotApproved(f"{folder}: {which} ran on this set; run `salience documents check {folder.name}`")
    plain_file(folder / FILE)
    with (folder / FILE).open("rb") as file:
        now = hashlib.file_digest(file, "sha256").hexdigest()
    if now != said.sha256:
        raise NotApproved(f"{folder / FILE}: is not what the gates read; {way_out(folder)}")
    # Whoever changes documents can change their sum; their names, and the set's, are derived from them.
    read_back(folder)
    return said


def _failing(said: _Recorded) -> tuple[str, ...]:
    return tuple(name for name, status in said.gates.items() if status == Status.FAIL)


def approve(folder: Path) -> Approval:
    """Under what the set in the folder may be used; ``NotApproved`` where it may not, saying what to do."""
    said = _recorded(folder)
    return Approval(set_id=said.set_id, gates=tuple(said.gates.items()), override=_overridden(folder, said))


def _overridden(folder: Path, said: _Recorded) -> str | None:
    failing = _failing(said)
    if not failing:
        return None
    left, path = failing, folder / OVERRIDE
    if path.exists():
        kept = _read(path, _Override)
        if kept.sha256 == said.sha256 and kept.reason.strip():
            left = tuple(name for name in failing if name not in kept.gates)
        if not left:
            return f"{kept.reason} (failing: {', '.join(failing)}; recorded {kept.time})"
    raise NotApproved(
        f"{folder}: this set fails {', '.join(left)}; see why with `salience documents show {folder.name}` and make a "
        f"better set, or record why it is used all the same: `salience documents check {folder.name} --override REASON`"
    )


def override(folder: Path, reason: str, *, now: datetime | None = None) -> None:
    """Records in ``override.json`` why a set that fails is used all the same, when, and which gates it fails.

    Raises ``NotApproved`` for an empty reason, where gates never ran, and where none fails.
    """
    said_why = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in reason)
    said_why = " ".join(said_why.split())
    if not said_why:
        raise NotApproved("an override needs a reason that a reader of the results can judge; write one")
    said = _recorded(folder)
    if not _failing(said):
        raise NotApproved(f"{folder}: no gate fails, so there is nothing to override; use the set as it is")
    write_json(folder / OVERRIDE, {
        "reason": said_why, "time": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        "gates": list(_failing(said)), "sha256": said.sha256,
    })  # fmt: skip
