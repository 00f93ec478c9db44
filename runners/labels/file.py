"""The file that labels are kept in: only ever appended to, safe to share between processes, replayed when read."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from facts.errors import BrokenFile, FactError
from runners.labels.events import Event, from_line, to_line
from runners.labels.label import Drawing, Label

_LOCK_WAIT_S = 10
_MAX_BYTES = 200_000_000
# Written after a line that a crash cut short, so that the line is known for what it is and nothing is ever deleted.
_SEAL = json.dumps({"event": "torn"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What a file says now: the last label of each labeller for each item, labels taken back left out.

    ``history`` is every label ever written, in order; ``warnings`` say which lines a crash cut short.
    """

    current: Mapping[tuple[str, str], Label]
    drawings: tuple[Drawing, ...] = ()
    history: tuple[Label, ...] = ()
    warnings: tuple[str, ...] = ()


def append(path: Path, events: Iterable[Event]) -> None:
    """Write events at the end and wait until they are on the disk; all of them in one write, or ``FactError``.

    Writers in other processes wait their turn, so that lines never mix.
    """
    text = "".join(f"{to_line(event)}\n" for event in events)
    if not text:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(path.name + ".lock"), timeout=_LOCK_WAIT_S):
            _write(path, text.encode())
    except Timeout as error:
        raise FactError(f"{path}: another process has been writing for {_LOCK_WAIT_S} s; try again") from error
    except OSError as error:
        raise FactError(f"{path}: the label is not kept ({error.strerror}); check the disk, then try again") from error


def read(path: Path) -> Labels:
    """Replay the file; without a file there are no labels.

    A last line that a crash cut short is skipped and reported. Raises ``BrokenFile`` with file and line for anything
    else that is not an event.
    """
    lines = _lines(path)
    current: dict[tuple[str, str], Label] = {}
    drawings: dict[Drawing, None] = {}
    history: list[Label] = []
    warnings: list[str] = []
    last = len(lines) - 1
    for number, line in enumerate(lines):
        if not line.strip() or _is_seal(line):
            continue
        where = f"{path}, line {number + 1}"
        try:
            event = from_line(line.decode("utf-8"), where)
        except (BrokenFile, UnicodeDecodeError) as error:
            # Only a line without an end can have been cut short; a sealed one had none when it was found.
            if number == last or _is_seal(lines[number + 1]):
                warnings.append(f"{where} was cut short and is skipped; what it said is lost")
                continue
            raise error if isinstance(error, BrokenFile) else BrokenFile(f"{where}: not UTF-8 text") from error
        if isinstance(event, Drawing):
            drawings[event] = None
            continue
        history.append(event)
        current.pop((event.labeller, event.item), None)  # the order is that of the last word on each item
        if event.value is not None:
            current[event.labeller, event.item] = event
    return Labels(current=current, drawings=tuple(drawings), history=tuple(history), warnings=tuple(warnings))


def _lines(path: Path) -> list[bytes]:
    # The last element is what follows the last line end: empty in a whole file.
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_BYTES:
            raise BrokenFile(f"{path}: this is not a file of labels; move it away and start again")
        return path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise BrokenFile(f"{path}: cannot be read ({error.strerror}); check its permissions") from error


def _is_seal(line: bytes) -> bool:
    return line.strip() == _SEAL.encode()


def _write(path: Path, data: bytes) -> None:
    fresh = not path.exists()
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            data = f"\n{_SEAL}\n".encode() + data
        while data:
            data = data[os.write(file, data) :]
        os.fsync(file)
    finally:
        os.close(file)
    if fresh:  # the file's name too has to be on the disk
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
