"""What a page shows of document sets: the list, what gates found in one, and its documents one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import orjson
from pydantic import TypeAdapter, ValidationError

from facts.documents.approval import approve
from facts.documents.exports import simulated
from facts.documents.formats.jsonl import FILE
from facts.documents.formats.set_folder import MANIFEST
from facts.documents.gates import Finding, gates
from facts.documents.gates._record import QUALITY
from facts.documents.identity import ASIDE
from facts.errors import BrokenFile, FactError
from facts.parse import one_line

_MOST = 10**12
_FINDINGS = TypeAdapter(dict[str, Finding])


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRow:
    """One set of the workspace, as its manifest says; ``gates`` are recorded statuses by gate, none before a check."""

    set_id: str
    folder: Path
    says: str
    documents: int
    tokens: int
    written_by: str
    simulated: bool = False
    imported: bool = False
    gates: Mapping[str, str]
    broken: str = ""

    @property
    def standing(self) -> str:
        """What the recorded statuses amount to, in a few words."""
        if self.broken:
            return "cannot be read"
        missing = [gate.NAME for gate in gates() if gate.NAME not in self.gates]
        failing = [name for name, status in self.gates.items() if status == "fail"]
        warning = [name for name, status in self.gates.items() if status == "warn"]
        if len(missing) == len(gates()):
            return "not checked yet"
        if failing:
            return f"fails {', '.join(failing)}"
        if missing:
            return f"not checked: {', '.join(missing)}"
        return f"passes, warns of {', '.join(warning)}" if warning else "passes"


def set_rows(documents: Path) -> tuple[SetRow, ...]:
    """Every set of the folder, in the order of what it says; those that cannot be read come last and say why."""
    found = [path.parent for path in documents.glob(f"*/{MANIFEST}") if ASIDE not in path.parent.name]
    return tuple(sorted(map(set_row, found), key=lambda row: (bool(row.broken), row.says, row.set_id)))


def set_row(folder: Path) -> SetRow:
    """The set in the folder; never raises for a folder that is damaged."""
    try:
        said = cast("dict[str, object]", json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
        return _row(folder, said)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return SetRow(set_id=folder.name, folder=folder, says="", documents=0, tokens=0, written_by="", gates={},
                      broken=f"{folder / MANIFEST} cannot be read: {one_line(error)}")  # fmt: skip


def _row(folder: Path, said: Mapping[str, object]) -> SetRow:
    imported = said.get("kind") == "imported"
    model = str(said.get("model") or "")
    carried = cast("list[dict[str, object]]", said.get("carried") or [])
    words = " + ".join(
        f"{one['fact']} {one['polarity']} {one['level']} in {_whole(one['carriers']):,}" for one in carried
    )
    origin = "imported" if imported else model or str(said["generator"])
    report = cast("Mapping[str, object]", said.get("report") or {})
    count = _whole(said.get("count", report.get("documents", 0)))
    return SetRow(
        set_id=folder.name, folder=folder, says=words or ("imported documents" if imported else "neutral: no fact"),
        documents=count, tokens=_whole(said.get("total_tokens")), written_by=origin,
        simulated=bool(model) and simulated(model), imported=imported,
        gates={str(k): str(v) for k, v in cast("Mapping[str, object]", said.get("gates") or {}).items()},
    )  # fmt: skip


def _whole(said: object) -> int:
    number = int(str(said or 0))
    if not 0 <= number <= _MOST:  # what no set has, and no table can show
        raise ValueError(f"{str(said)[:20]} is no count of documents or tokens")
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a set may be used as it lies on disk now; ``says`` is why not, or why although a gate fails."""

    approved: bool
    overridden: bool
    says: str


def standing(folder: Path) -> Standing:
    """Reads every document back, so it takes seconds for a large set."""
    try:
        approval = approve(folder)
    except FactError as error:
        return Standing(approved=False, overridden=False, says=str(error))
    return Standing(approved=True, overridden=approval.override is not None, says=approval.override or "")


def quality(folder: Path) -> tuple[tuple[str, Finding], ...]:
    """What each gate found when it last ran, in the gates' order; empty before the first check."""
    path = folder / QUALITY
    if not path.exists():
        return ()
    try:
        found = _FINDINGS.validate_python(json.loads(path.read_text(encoding="utf-8"))["gates"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError, RecursionError) as error:
        raise BrokenFile(f"{path} cannot be read ({one_line(error)}); check the set again") from error
    return tuple((gate.NAME, found[gate.NAME]) for gate in gates() if gate.NAME in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one document lies in its file, and what it is chosen by."""

    start: int
    length: int
    doc_id: str
    genre: str
    carries: bool
    tokens: int


def places(folder: Path) -> tuple[Place, ...]:
    """Every document of the set in the order of the file; raises ``BrokenFile`` for a torn one."""
    found: list[Place] = []
    at = 0
    try:
        with (folder / FILE).open("rb") as file:
            for line in file:
                row = cast("dict[str, object]", orjson.loads(line))
                found.append(Place(
                    start=at, length=len(line), doc_id=str(row.get("doc_id", "")), tokens=int(str(row["n_tokens"])),
                    genre=str(row.get("genre") or row.get("doc_type") or "document"), carries=bool(row.get("spans")),
                ))  # fmt: skip
                at += len(line)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenFile(
            f"{folder / FILE}: document {len(found) + 1} cannot be read ({one_line(error)}); build or import it again"
        ) from error
    return tuple(found)


def document_at(folder: Path, place: Place) -> dict[str, object]:
    """One document as its line says; raises ``BrokenFile`` where the file has changed since."""
    try:
        with (folder / FILE).open("rb") as file:
            file.seek(place.start)
            row = orjson.loads(file.read(place.length))
    except (OSError, ValueError) as error:
        raise BrokenFile(f"{folder / FILE} has changed ({one_line(error)}); reload the page") from error
    if not isinstance(row, dict):
        raise BrokenFile(f"{folder / FILE} has changed; reload the page")
    return cast("dict[str, object]", row)
