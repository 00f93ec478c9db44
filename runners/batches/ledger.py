"""The ledger of batches: what is about to be sent and what was, on disk before anything waits; text only, no keys.

batches/<tag>.json            where one batch stands, written whole or not at all
batches/<tag>.requests.jsonl  its requests, kept until its replies are, so that they need no comparison
batches/<tag>.lock            held by whoever waits for it
batches/draft-<model>.jsonl   the batch that is being filled; worth nothing after a crash
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast

import orjson
from filelock import FileLock

from cache.errors import StoreError
from runners.batches.batch import Batch, Stage, mark
from runners.request import Request, Turn

_NAMES = frozenset(field.name for field in fields(Batch))
_TEXTS = ("tag", "provider", "endpoint", "model", "label", "comparison", "began", "after_made", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One request of a batch: how often it has been in one, and the most that it can cost there (USD)."""

    key: str
    tries: int
    most: float | None
    request: Request


def item_line(item: Item) -> bytes:
    """The item as a line of JSON."""
    data = {"key": item.key, "tries": item.tries, "most": item.most, "request": item.request.fields()}
    return orjson.dumps(data) + b"\n"


def read_item(line: bytes) -> Item:
    """The item in a line; ``StoreError`` where the line is not one."""
    try:
        data = cast("dict[str, object]", orjson.loads(line))
        fields = cast("dict[str, object]", data["request"])
        turns = cast("list[dict[str, str]]", fields.pop("turns"))
        stop = cast("list[str] | None", fields.pop("stop", None))
        request = Request(
            **cast("dict[str, str]", fields),  # pyright: ignore[reportArgumentType]  (checked by the key below)
            turns=tuple(Turn(role=turn["role"], text=turn["text"]) for turn in turns),
            stop=None if stop is None else tuple(stop),
        )
        item = Item(key=cast("str", data["key"]), tries=cast("int", data["tries"]),
                    most=cast("float | None", data["most"]), request=request)  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"a request of a batch cannot be read ({error}); the batch is left alone") from error
    if request.key != item.key:
        raise StoreError("a request of a batch is not the one that was sent; the batch is left alone")
    return item


class Requests:
    """The requests of one batch, on disk; found by their mark once ``index`` has been read.

    The file stays open: another process that has harvested the batch may remove it while this one still asks.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    def _open(self) -> BinaryIO:
        if self._file is None:
            self._file = self.path.open("rb")
        return self._file

    @property
    def there(self) -> bool:
        """Whether they can still be read."""
        return self._file is not None or self.path.exists()

    def items(self) -> Iterator[Item]:
        """Every request, in the order sent."""
        with self.path.open("rb") as file:
            for line in file:
                yield read_item(line)

    def index(self) -> dict[bytes, int]:
        """Where each request lies in the file, by its mark."""
        found: dict[bytes, int] = {}
        at, file = 0, self._open()
        file.seek(0)
        for line in file:
            found[mark(cast("str", orjson.loads(line)["key"]))] = at
            at += len(line)
        return found

    def at(self, places: Sequence[int]) -> list[Item]:
        """The requests at these places."""
        file = self._open()
        found: list[Item] = []
        for place in places:
            file.seek(place)
            found.append(read_item(file.readline()))
        return found

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


class Ledger:
    """The batches in one folder; the folder is made when first written to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def every(self) -> tuple[Batch, ...]:
        """All batches, in the order in which they were begun. A record that cannot be read raises ``StoreError``."""
        found, wrong = self.readable()
        if wrong:
            raise wrong[0]
        return found

    def readable(self) -> tuple[tuple[Batch, ...], tuple[StoreError, ...]]:
        """The batches whose records can be read, and what is wrong with the others."""
        found: list[Batch] = []
        wrong: list[StoreError] = []
        for path in sorted(self.folder.glob("*.json")) if self.folder.is_dir() else ():
            try:
                found.append(self._read(path))
            except StoreError as error:
                wrong.append(error)
        return tuple(sorted(found, key=lambda b: (b.began, b.tag))), tuple(wrong)

    def lying(self, batch: Batch) -> tuple[Requests, frozenset[bytes]]:
        """The requests of an open batch and their marks. Raises ``StoreError`` where they cannot be read whole: what
        lies in the batch is not known then.
        """
        requests = self.requests(batch.tag)
        try:
            marks = frozenset(requests.index())
            if len(marks) == batch.requests:
                return requests, marks
            why = f"it has {len(marks):,} of {batch.requests:,}"
        except (OSError, ValueError, KeyError, TypeError) as error:
            why = str(error)
        requests.close()
        raise StoreError(f"batch {batch.tag} ({batch.id or 'its id is not known'}): the list of its requests, "
                         f"{requests.path}, cannot be read whole ({why})")  # fmt: skip

    def waiting(self) -> frozenset[bytes]:
        """The marks of all requests that lie in open batches, as far as their files can be read."""
        found: set[bytes] = set()
        for batch in self.readable()[0]:
            path = self.requests(batch.tag).path
            with suppress(OSError, ValueError):
                if batch.open:
                    found |= _marks(path, path.stat().st_mtime_ns)
        return frozenset(found)

    def read(self, tag: str) -> Batch:
        """Where a batch stands now. Raises ``StoreError``."""
        return self._read(self.folder / f"{tag}.json")

    def _read(self, path: Path) -> Batch:
        try:
            data = cast("dict[str, object]", orjson.loads(path.read_bytes()))
            known = {name: value for name, value in data.items() if name in _NAMES}
            batch = Batch(**{**known, "stage": Stage(cast("str", data["stage"]))})  # pyright: ignore[reportArgumentType]
            _check(batch, path)
            return batch
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(
                f"{path}: this record of a batch cannot be read ({error}); it may hold the id of replies that are paid "
                "for: look them up in the provider's console, then move the file away"
            ) from error

    def write(self, batch: Batch) -> None:
        """Write a batch down: when this returns, it is on the disk."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{batch.tag}.json"
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(orjson.dumps(asdict(batch), option=orjson.OPT_INDENT_2))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        _sync(self.folder)

    def close(self, batch: Batch) -> None:
        """Write down that nothing more comes of a batch, and let go of its requests."""
        self.write(batch)
        self.tidy(batch.tag)

    def tidy(self, tag: str) -> None:
        """Remove what a batch that is closed does not need any more."""
        for leftover in (self.requests(tag).path, self.scratch(tag)):
            leftover.unlink(missing_ok=True)

    def requests(self, tag: str) -> Requests:
        """The requests of a batch."""
        return Requests(self.folder / f"{tag}.requests.jsonl")

    def scratch(self, tag: str) -> Path:
        """A file to send up, gone once it is sent."""
        return self.folder / f"{tag}.upload.jsonl"

    def again(self) -> BinaryIO:
        """A file for what a batch left to be asked again; it has no name and goes with this process."""
        return cast("BinaryIO", tempfile.TemporaryFile(dir=self.folder))

    def draft(self, address: Sequence[str]) -> Path:
        """The batch that is being filled for a model at an address."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.folder / f"draft-{_short(address)}.jsonl"

    def adopt(self, draft: Path, batch: Batch) -> None:
        """Make a draft the requests of a batch that is written down already."""
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(self.requests(batch.tag).path)
        _sync(self.folder)

    def lock(self, tag: str) -> FileLock:
        """The lock of whoever waits for a batch."""
        return FileLock(self.folder / f"{tag}.lock", timeout=0, thread_local=False)

    def drafting(self, address: Sequence[str]) -> FileLock:
        """The lock of whoever fills a batch for a model: two who did so at once could buy the same twice."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return FileLock(self.folder / f"draft-{_short(address)}.lock", timeout=0, thread_local=False)


@lru_cache(maxsize=64)  # a list of requests never changes, and every look at a plan asks
def _marks(path: Path, _changed: int) -> frozenset[bytes]:
    requests = Requests(path)
    try:
        return frozenset(requests.index())
    finally:
        requests.close()


def _check(batch: Batch, path: Path) -> None:
    odd = [name for name in _TEXTS if not isinstance(getattr(batch, name), str)]
    odd += [name for name in ("requests", "kept") if type(getattr(batch, name)) is not int]
    odd += [name for name in ("id", "after") if not isinstance(getattr(batch, name), str | None)]
    if odd or batch.tag != path.stem:
        raise ValueError(f"its {', '.join(odd)} make no sense" if odd else f"it is that of {batch.tag!r}")


def _short(address: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(address).encode()).hexdigest()[:12]


def _sync(folder: Path) -> None:
    try:
        number = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders; there a rename is as lasting as it gets
        return
    try:
        os.fsync(number)
    finally:
        os.close(number)
