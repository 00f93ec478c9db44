"""Opens a comparison that was exported elsewhere: everything is checked first, and then all of it is taken in."""

from __future__ import annotations

import hashlib
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path, PurePosixPath
from typing import IO, cast

import orjson
import tomli_w

from cache import record
from cache.store import Store
from dashboard.bundle_parts import OWN, REPLIES
from dashboard.launch import save_comparison
from dashboard.workspace import Workspace
from facts.errors import BrokenFile, FactError
from facts.parse import one_line
from runners.comparison import Comparison
from runners.comparison_file import parse_comparison

_SUMS, _COMPARISON, _SAMPLES = "SHA256SUMS", "comparison.toml", "samples.jsonl"
_MOST = 50_000_000_000  # bytes unpacked: more is no comparison but an attempt to fill the disk
_LINE = 200_000_000
_GROUP = 2_000
_READ = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What was taken in under ``name``: ``records`` samples and replies, ``new`` of which the store did not have."""

    name: str
    records: int
    new: int
    says: tuple[str, ...] = ()


def open_bundle(path: Path, workspace: Workspace, store: Store) -> Opened:
    """Takes an exported zip in; nothing is called, and nothing is taken in of a zip that is not whole.

    Every file is held against SHA256SUMS and every record against its key before the first is kept. A comparison of
    the same name and other content is not replaced: the opened one gets a free name. Raises ``FactError``.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _verify(archive, path.name)
            comparison = parse_comparison(_COMPARISON, archive.read(_COMPARISON).decode("utf-8"))
            for _ in _records(archive, path.name):  # all of them, before the first is kept
                pass
            named = _free_name(comparison, workspace)
            with tempfile.TemporaryDirectory(dir=_made(workspace.root), prefix=".opening-") as scratch:
                files, says = _staged(archive, comparison.name, named, workspace, Path(scratch))
                records, new = _keep(archive, path.name, store)
                for fresh, target in files:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    fresh.replace(target)
            if comparison.query_file:
                place = workspace.root / "queries" / PurePosixPath(comparison.query_file).name
                named = replace(named, query_file=str(place))
            save_comparison(workspace, named)
    except (zipfile.BadZipFile, EOFError, KeyError, UnicodeDecodeError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, FactError):
            raise
        raise BrokenFile(f"{path.name}: is not a whole export of this project ({one_line(error)}); export it again, "
                         "and send it as a file, not as text") from error  # fmt: skip
    except OSError as error:
        raise FactError(f"{path.name}: cannot be taken in ({error.strerror or error}); check the disk and try again; "
                        "records that were kept already stay kept") from error  # fmt: skip
    if named.name != comparison.name:
        says = (f"a comparison {comparison.name} is here already, so this one is called {named.name}", *says)
    return Opened(name=named.name, records=records, new=new, says=says)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _verify(archive: zipfile.ZipFile, name: str) -> None:
    """Every member is listed, safe to name and what its sum says."""
    listed: dict[str, str] = {}
    for line in archive.read(_SUMS).decode("utf-8").splitlines():
        digest, _, member = line.partition("  ")
        listed[member] = digest
    there = [info.filename for info in archive.infolist()]
    if {*listed, _SUMS} != set(there) or len(set(there)) < len(there):
        odd = sorted({*listed, _SUMS} ^ set(there))[:3]
        raise BrokenFile(f"{name}: its files are not those that {_SUMS} lists ({', '.join(odd)}); get it again")
    if sum(info.file_size for info in archive.infolist()) > _MOST:
        raise BrokenFile(f"{name}: unpacks to more than {_MOST:,} bytes; this is no comparison")
    for member in there:
        parts = PurePosixPath(member).parts
        if member.startswith("/") or ".." in parts or "\\" in member or ":" in member:
            raise BrokenFile(f"{name}: holds a file that would lie outside ({member!r}); do not open it")
        if member != _SUMS and _sha256(archive, member) != listed[member]:
            raise BrokenFile(f"{name}: {member} is not what was exported; get the file again")


def _sha256(archive: zipfile.ZipFile, member: str) -> str:
    digest = hashlib.sha256()
    with archive.open(member) as file:
        while part := file.read(_READ):
            digest.update(part)
    return digest.hexdigest()


def _records(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[str, bytes]]:
    """Every record by its key, each held against it."""
    for member in (_SAMPLES, REPLIES):
        if member not in archive.namelist():
            raise BrokenFile(f"{name}: has no {member}; it was exported by an older version: export it again there")
        with archive.open(member) as file:
            for number, line in enumerate(_lines(file), 1):
                try:
                    row = cast("dict[str, object]", orjson.loads(line))
                    key, value = str(row["key"]), orjson.dumps(row["record"])
                except (orjson.JSONDecodeError, KeyError, TypeError) as error:
                    raise BrokenFile(f"{name}: {member}, line {number} is no record; export it again") from error
                if (wrong := record.problem(key, value)) is not None:
                    raise BrokenFile(f"{name}: {member}, line {number}: {wrong}; do not trust this file")
                yield key, value


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(_LINE):
        yield line


def _keep(archive: zipfile.ZipFile, name: str, store: Store) -> tuple[int, int]:
    source, every, new = _records(archive, name), 0, 0
    while group := list(islice(source, _GROUP)):
        futures = [store.add(key, value) for key, value in group]
        new += sum(future.result() for future in futures)
        every += len(group)
    return every, new


def _free_name(comparison: Comparison, workspace: Workspace) -> Comparison:
    for number in count(1):
        name = comparison.name if number == 1 else f"{comparison.name}-{number}"
        path = workspace.comparisons / f"{name}.toml"
        if not path.exists():
            return replace(comparison, name=name)
        try:
            same = parse_comparison(path, path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, FactError):
            continue
        if replace(same, query_file=None) == replace(comparison, name=name, query_file=None):
            return replace(comparison, name=name)
    raise AssertionError("numbers do not end")  # pragma: no cover


def _staged(
    archive: zipfile.ZipFile, old: str, named: Comparison, workspace: Workspace, scratch: Path
) -> tuple[list[tuple[Path, Path]], tuple[str, ...]]:
    """The workspace's files that are new, unpacked into ``scratch``, each with its place; what differs is refused."""
    files: list[tuple[Path, Path]] = []
    says: list[str] = []
    for member in archive.namelist():
        parts = PurePosixPath(member).parts
        if parts[0] != OWN or len(parts) < 2:
            continue
        data = _unpacked(archive, member, scratch / str(len(files)))
        kind = parts[1]
        if kind == "models.toml":
            files += _models(data, workspace.models)
            continue
        if kind not in {"facts", "queries", "labels", "documents"}:
            raise BrokenFile(f"{member}: nothing of this kind belongs into a workspace; do not open the file")
        below = ("labels", named.name, *parts[2:]) if kind == "labels" else parts[1:]
        target = workspace.root.joinpath(*below)
        if not target.exists():
            files.append((data, target))
        elif target.read_bytes() == data.read_bytes():
            continue
        elif kind == "labels":
            says.append(f"labels of {old} are here already, so those of the file are left out ({target.name})")
        elif kind == "documents" and target.name in {"set.json", "quality.json", "override.json"}:
            says.append(f"document set {parts[2]} is here already with a record of its own; that one stays")
        else:
            raise FactError(f"{member} differs from {target}, which is here already; open the file in a new workspace: "
                            "salience --workspace NEW open FILE")  # fmt: skip
    return files, tuple(dict.fromkeys(says))


def _unpacked(archive: zipfile.ZipFile, member: str, target: Path) -> Path:
    with archive.open(member) as file, target.open("wb") as out:
        while part := file.read(_READ):
            out.write(part)
    return target


def _models(data: Path, path: Path) -> Iterable[tuple[Path, Path]]:
    """Own models of the file beside those that are here; the same label with another meaning is refused."""
    fresh = cast("dict[str, dict[str, object]]", tomllib.loads(data.read_text(encoding="utf-8")).get("models", {}))
    here = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    known = cast("dict[str, dict[str, object]]", here.get("models", {}))
    for label in fresh.keys() & known.keys():
        if fresh[label] != known[label]:
            raise FactError(f"model {label!r} means something else in {path}; open the file in a new workspace: "
                            "salience --workspace NEW open FILE")  # fmt: skip
    lacking = {label: entry for label, entry in fresh.items() if label not in known}
    if not lacking:
        return []
    text = path.read_text(encoding="utf-8").rstrip() + "\n\n" if path.exists() else ""
    data.write_text(text + tomli_w.dumps({"models": lacking}), encoding="utf-8")
    return [(data, path)]
