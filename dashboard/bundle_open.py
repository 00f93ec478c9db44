"""Opens a comparison that was exported elsewhere: everything is checked first, and then all of it is taken in.

That every record hashes to its key says that the request is what it seems; a reply cannot be checked by anyone but the
provider. So what came with a file is written down (``dashboard/opened_files.py``) and said wherever it is shown.
"""

from __future__ import annotations

import hashlib
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import cast

import orjson

from cache import record
from cache.errors import StoreError
from cache.store import Store
from dashboard.bundle_answers import answers, revision_of
from dashboard.bundle_members import COMPARISON, RECORDS, SUMS, lines, looked_over, parts, whole
from dashboard.bundle_taking import Kept, taken_in
from dashboard.opened_files import TRUST
from dashboard.terminal_text import printable
from dashboard.workspace import Workspace
from facts.errors import BrokenFile, FactError
from facts.parse import one_line
from runners.comparison_file import parse_comparison
from runners.keep import from_record

_GROUP = 2_000
_TORN = (zipfile.BadZipFile, EOFError, KeyError, ValueError, NotImplementedError, RuntimeError, OverflowError,
         struct.error, zlib.error, lzma.LZMAError)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What was taken in under ``name``: ``records`` samples and replies, ``new`` of which the store did not have."""

    name: str
    records: int
    new: int
    says: tuple[str, ...] = ()


def open_bundle(path: Path, workspace: Workspace, store: Store, *, called: str | None = None) -> Opened:
    """Takes an exported zip in; nothing is called, and nothing is taken in of a zip that is not whole.

    Every file is held against SHA256SUMS and every record against its key before the first is kept, and what goes into
    the workspace is read as it would be there. A comparison of the same name and other content is not replaced: the
    opened one gets a free name. ``called`` is the file's name where ``path`` is a copy. Raises ``FactError``.
    """
    name = " ".join(printable(called or path.name).split())[:200]
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with zipfile.ZipFile(path) as archive:
            looked_over(archive, name)
            _verify(archive, name)
            comparison = parse_comparison(f"{name}: {COMPARISON}", whole(archive, COMPARISON).decode("utf-8"))
            for _ in _records(archive, name):  # all of them, before the first is kept
                pass
            done, says = taken_in(archive, comparison, workspace, lambda keep: _keep(archive, name, store, keep),
                                  file=name, sha256=sha256)  # fmt: skip
            theirs = revision_of(archive)
    except FactError as error:
        if str(error).startswith(name):
            raise
        raise (BrokenFile if isinstance(error, BrokenFile) else FactError)(f"{name}: {error}") from error
    except _TORN as error:
        raise _broken(name, error) from error
    except OSError as error:
        if error.errno is None:  # a damaged bzip2 stream
            raise _broken(name, error) from error
        raise FactError(f"{name}: cannot be taken in ({error.strerror or error}); check the disk and try again; "
                        "records that were kept already stay kept") from error  # fmt: skip
    says = (*says, *_conflicts(done), TRUST, answers(theirs, done.name, workspace, store))
    if done.name != comparison.name:
        says = (f"a comparison {comparison.name} is here already, so this one is called {done.name}", *says)
    return Opened(name=done.name, records=done.records, new=done.new, says=says)


def _broken(name: str, error: Exception) -> BrokenFile:
    return BrokenFile(f"{name}: is not a whole export of this project ({one_line(error)}); export it again, and send "
                      "it as a file, not as text")  # fmt: skip


def _verify(archive: zipfile.ZipFile, name: str) -> None:
    """Every member is listed, and is what its sum says."""
    listed: dict[str, str] = {}
    for line in whole(archive, SUMS).decode("utf-8").splitlines():
        digest, _, member = line.partition("  ")
        listed[member] = digest
    there = {info.filename for info in archive.infolist()}
    if {*listed, SUMS} != there:
        odd = [printable(member)[:200] for member in sorted({*listed, SUMS} ^ there)[:3]]
        raise BrokenFile(f"{name}: its files are not those that {SUMS} lists ({', '.join(odd)}); get it again")
    for member in there - {SUMS}:
        digest = hashlib.sha256()
        for part in parts(archive, member):
            digest.update(part)
        if digest.hexdigest() != listed[member]:
            raise BrokenFile(f"{name}: {member} is not what was exported; get the file again")


def _records(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[str, bytes]]:
    """Every record by its key, each held against it, with a sample that can be read."""
    for member in RECORDS:
        if member not in archive.namelist():
            raise BrokenFile(f"{name}: has no {member}; it was exported by an older version: export it again there")
        for number, line in enumerate(lines(archive, member), 1):
            where = f"{name}: {member}, line {number}"
            try:
                row = cast("dict[str, object]", orjson.loads(line))
                key, value = str(row["key"]), record.renewed(row["record"])
            except (orjson.JSONDecodeError, KeyError, TypeError) as error:
                raise BrokenFile(f"{where} is no record; export it again") from error
            if (wrong := record.problem(key, value)) is not None:
                raise BrokenFile(f"{where}: {printable(wrong)[:500]}; do not trust this file")
            try:
                from_record(key, value)
            except StoreError as error:
                raise BrokenFile(
                    f"{where}: holds no sample that can be read ({printable(str(error))[:300]})"
                ) from error
            yield key, value


def _keep(archive: zipfile.ZipFile, name: str, store: Store, came: Path) -> Kept:
    """Keeps the records that are new; their keys are listed in ``came`` before the first of them is kept."""
    source, every, new, other = _records(archive, name), 0, 0, 0
    while group := list(islice(source, _GROUP)):
        here = store.get_many([key for key, _ in group])
        fresh = [(key, value) for key, value in group if key not in here]
        other += sum(record.differ(key, here[key], value) for key, value in group if key in here)
        if fresh:
            came.parent.mkdir(parents=True, exist_ok=True)
            with came.open("a", encoding="ascii") as file:
                file.writelines(f"{key}\n" for key, _ in fresh)
        futures = [store.add(key, value) for key, value in fresh]
        new += sum(future.result() for future in futures)
        every += len(group)
    return Kept(records=every, new=new, other=other)


def _conflicts(done: Kept) -> tuple[str, ...]:
    if not done.other:
        return ()
    return (f"{done.other:,} records are here already with other content; those here stay",)
