"""Puts what came in a zip into the workspace: staged, read, moved all or not at all, the comparison last."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from dashboard.bundle_checks import checked
from dashboard.bundle_members import parts
from dashboard.bundle_parts import OWN
from dashboard.comparisons import comparison_files
from dashboard.launch import save_comparison
from dashboard.opened_files import keys_file, record_file, record_text
from dashboard.workspace import Workspace
from facts.errors import BrokenFile, FactError
from runners.comparison import Comparison
from runners.comparison_file import parse_comparison

_WAIT_S = 120
_SCRATCH = ".opening-"

Moves = list[tuple[Path, Path]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Records of a file, those that are new, and those that are here already with other content."""

    records: int
    new: int
    other: int
    name: str = ""


def taken_in(
    archive: zipfile.ZipFile, comparison: Comparison, workspace: Workspace, keep: Callable[[Path], Kept],
    *, file: str, sha256: str,
) -> tuple[Kept, tuple[str, ...]]:  # fmt: skip
    """Takes the comparison in, one at a time in a workspace; ``keep`` keeps the records, told where to list new keys.

    Gives what was kept, the comparison's name here, and what should be said. Raises ``FactError`` and ``OSError``,
    and then the workspace is as it was, but for records.
    """
    workspace.root.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        # The second is the lock of whoever registers a tuned model.
        for lock in (workspace.root / "opening.lock", Path(f"{workspace.models.resolve()}.lock")):
            try:
                held.enter_context(FileLock(lock, timeout=_WAIT_S))
            except Timeout:
                raise FactError(
                    f"another file is being opened in {workspace.root}; try again when it is done"
                ) from None
        for left in workspace.root.glob(f"{_SCRATCH}*"):  # of an opening that was killed: nobody else has the lock
            shutil.rmtree(left, ignore_errors=True)
        scratch = Path(held.enter_context(tempfile.TemporaryDirectory(dir=workspace.root, prefix=_SCRATCH)))
        named = _free_name(comparison, workspace)
        staged = _unpacked(archive, scratch)
        try:
            found = checked(staged, comparison, named.name, workspace)
        except FactError as error:
            kind = BrokenFile if isinstance(error, BrokenFile) else FactError
            raise kind(str(error).replace(f"{staged}/", "")) from error
        done = replace(keep(keys_file(workspace, sha256)), name=named.name)
        told, target = scratch / "record.json", record_file(workspace, sha256)
        told.write_text(record_text(target, file, sha256, named.name, done.records, done.new), encoding="utf-8")
        if comparison.query_file:
            place = workspace.root / "queries" / PurePosixPath(comparison.query_file).name
            named = replace(named, query_file=str(place))
        _moved([*found.files, (told, target)], scratch, lambda: save_comparison(workspace, named))
    return done, found.says


def _unpacked(archive: zipfile.ZipFile, scratch: Path) -> Path:
    folder = scratch / OWN
    folder.mkdir()
    for member in archive.namelist():
        if member.startswith(f"{OWN}/"):
            target = scratch / member
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as out:
                for part in parts(archive, member):
                    out.write(part)
    return folder


def _moved(moves: Moves, scratch: Path, last: Callable[[], object]) -> None:
    """Moves every file to its place and does what is last; where one of it fails, everything is put back."""
    before: list[tuple[Path, Path | None]] = []
    try:
        for number, (fresh, target) in enumerate(moves):
            target.parent.mkdir(parents=True, exist_ok=True)
            aside = scratch / f"before-{number}" if target.exists() else None
            if aside:
                shutil.copy2(target, aside)
            before.append((target, aside))
            fresh.replace(target)
        last()
    except BaseException:
        for target, aside in reversed(before):
            if aside:
                aside.replace(target)
            else:
                target.unlink(missing_ok=True)
        raise


def _free_name(comparison: Comparison, workspace: Workspace) -> Comparison:
    """The comparison under its own name or, where another one has it (a shipped example too), under a free one."""
    there = comparison_files(workspace)
    for number in count(1):
        named = replace(comparison, name=comparison.name if number == 1 else f"{comparison.name}-{number}")
        path = there.get(named.name)
        if path is None:
            return named
        try:
            same = parse_comparison(path, path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, FactError):
            continue
        if replace(same, query_file=None) == replace(named, query_file=None):
            return named
    raise AssertionError("numbers do not end")  # pragma: no cover
