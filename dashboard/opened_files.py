"""Which comparisons and samples came with a file that somebody sent: a record a file, and the keys that were new."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from dashboard.lazy_rows import LazyRows
from dashboard.row import Row
from dashboard.workspace import Workspace
from facts.errors import FactError
from facts.parse import Strict, parse_jsonl, read_text

TRUST = "that the replies are what models said rests on whoever sent the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """A file, when it was opened (UTC), and how many of the samples at hand came with it."""

    file: str
    sha256: str
    at: str
    samples: int

    @property
    def line(self) -> str:
        """The same in words, with what it means."""
        when = f", opened {self.at[:10]}" if self.at else ""
        what = f"{self.samples:,} samples" if self.samples != 1 else "1 sample"
        return f"{what} came with {self.file} (SHA-256 {self.sha256[:12]}…{when}): {TRUST}"


class _Record(Strict):
    file: str
    sha256: str
    at: str
    comparisons: list[str]
    records: int
    new: int


def keys_file(workspace: Workspace, sha256: str) -> Path:
    """Where the keys are listed that came with the file of that sum; written before the first sample is kept."""
    return _folder(workspace) / f"{sha256[:16]}.keys"


def record_file(workspace: Workspace, sha256: str) -> Path:
    """Where the record of that file lies."""
    return _folder(workspace) / f"{sha256[:16]}.json"


def record_text(path: Path, file: str, sha256: str, comparison: str, records: int, new: int) -> str:
    """The record to write to ``path``: that of the first opening, with the comparison's name added."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    said = _read(path) or _Record(file=file, sha256=sha256, at=now, comparisons=[], records=records, new=0)
    names = list(dict.fromkeys([*said.comparisons, comparison]))
    whole = said.model_copy(update={"comparisons": names, "new": said.new + new})
    return json.dumps(whole.model_dump(), ensure_ascii=False) + "\n"


def came_with(workspace: Workspace, comparison: str, rows: Iterable[Sequence[Row]]) -> tuple[Came, ...]:
    """The files that samples among ``rows`` came with, and those that the comparison and its verdicts came with."""
    files = _files(workspace)
    if not files:
        return ()
    keys = {key for group in rows for key in _keys(group)}
    found = [(said, len(keys & came)) for said, came in files]
    return tuple(
        Came(file=said.file, sha256=said.sha256, at=said.at, samples=count)
        for said, count in found if count or (said.new and comparison in said.comparisons)
    )  # fmt: skip


def file_of(workspace: Workspace, key: str) -> Came | None:
    """The file that this sample came with; None for one that was asked for here."""
    coded = key.encode()
    found = (said for said, came in _files(workspace) if coded in came)
    return next((Came(file=said.file, sha256=said.sha256, at=said.at, samples=1) for said in found), None)


def as_json(came: Iterable[Came]) -> list[dict[str, object]]:
    """For a file of provenance."""
    return [asdict(one) for one in came]


def _folder(workspace: Workspace) -> Path:
    return workspace.root / "opened"


def _keys(rows: Sequence[Row]) -> list[bytes]:
    return rows.key_R.tolist() if isinstance(rows, LazyRows) else [row.key.encode() for row in rows]


def _files(workspace: Workspace) -> list[tuple[_Record, frozenset[bytes]]]:
    found: list[tuple[_Record, frozenset[bytes]]] = []
    for path in sorted(_folder(workspace).glob("*.keys")):
        # Keys without a record: the opening broke off after samples had been kept.
        said = _read(path.with_suffix(".json")) or _Record(
            file="a file whose opening broke off", sha256=path.stem, at="", comparisons=[], records=0, new=0
        )
        status = path.stat()
        found.append((said, _held(path, status.st_mtime_ns, status.st_size)))
    return found


@lru_cache(maxsize=32)
def _held(path: Path, _changed_ns: int, _size: int) -> frozenset[bytes]:
    return frozenset(path.read_bytes().split())


def _read(path: Path) -> _Record | None:
    try:
        return parse_jsonl(path, read_text(path), _Record)[0] if path.exists() else None
    except (FactError, ValidationError, IndexError):
        return None
