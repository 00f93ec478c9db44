"""Keeps a document set as a folder named by its content: documents.jsonl, and set.json that says what is in it."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from facts.documents.document_set import DocumentSet
from facts.documents.formats.jsonl import FILE, Record, lines, read_jsonl, write_jsonl
from facts.documents.identity import ASIDE, vouch, way_out
from facts.documents.phrase import TIERS
from facts.errors import BrokenFile, FactError
from facts.parse import Strict, plain_file, read_text

MANIFEST = "set.json"


class CarriedRecord(Strict):
    """One fact of the set: its dose, and how many documents carry it."""

    fact: str
    claim: str
    polarity: Literal["affirmed", "negated", "placebo"]
    level: int
    carriers: int


class TwinRecord(Strict):
    """The set that gates compared this one with."""

    set_id: str
    sha256: str


class Manifest(Strict):
    """``set.json``. ``sha256`` is of documents.jsonl; ``count`` is K; ``tokens`` the mean length of a document,
    ``labels`` the words for the tiers.

    ``statistics``, ``gates`` and ``twins`` (by gate, where a set from outside was compared with) are free for those who
    measure a set: they are no part of its identity.
    """

    set_id: str
    generator: str
    version: int
    model: str
    seed: str
    count: int
    tokens: int
    position: str
    order: str
    top_up: str
    labels: dict[str, str] = Field(default_factory=lambda: {tier.value: word for tier, word in TIERS.items()})
    carried: list[CarriedRecord]
    genres: dict[str, int]
    total_tokens: int
    sha256: str
    statistics: dict[str, float] = Field(default_factory=dict[str, float])
    gates: dict[str, str] = Field(default_factory=dict[str, str])
    twins: dict[str, TwinRecord] = Field(default_factory=dict[str, TwinRecord])


def manifest(whole: DocumentSet, sha256: str) -> Manifest:
    """What ``set.json`` says of the set."""
    plan = whole.plan
    genres = Counter(document.genre for document in whole.documents)
    return Manifest(
        set_id=whole.set_id, generator=whole.generator, version=whole.version, model=whole.model, seed=plan.seed,
        count=len(whole.documents), tokens=plan.tokens, position=plan.position.value, order=plan.order.value,
        top_up=plan.top_up.value, labels={tier.value: word for tier, word in whole.labels.items()}, sha256=sha256,
        genres=dict(sorted(genres.items())),
        total_tokens=sum(document.n_tokens for document in whole.documents),
        carried=[
            CarriedRecord(fact=one.dose.fact, claim=whole.claims[one.dose.fact], polarity=one.dose.polarity.value,
                          level=int(one.dose.level), carriers=plan.breadth(one))
            for one in plan.carried
        ],
    )  # fmt: skip


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_MEASURED = {"statistics", "gates", "twins"}


def _same(folder: Path, whole: DocumentSet) -> None:
    """``BrokenFile`` where the folder is not what would be written there."""
    said, _ = read_set(folder)
    digest = hashlib.sha256()
    for line in lines(whole):
        digest.update(line.encode())
    wanted = manifest(whole, digest.hexdigest())
    if said.model_dump(exclude=_MEASURED) != wanted.model_dump(exclude=_MEASURED):
        raise BrokenFile(f"{folder}: is in the way, and is not what would be written there; {way_out(folder)}")


def move_aside(folder: Path) -> Path:
    """Gives a folder that is in the way a name that no set has, and says which; nothing in it is lost."""
    free = next(path for n in count(1) if not (path := folder.with_name(f"{folder.name}{ASIDE}{n}")).exists())
    try:
        return folder.rename(free)
    except OSError as error:
        raise FactError(f"{folder}: cannot be moved aside ({error.strerror}); make its folder writable") from error


def write_set(whole: DocumentSet, parent: Path) -> Path:
    """Writes ``parent/<set_id>/`` whole or not at all, and gives its path.

    A set is immutable: one that is there already stays as it is, and ``BrokenFile`` is raised where it is not the one
    that would be written. ``FactError`` where nothing can be written.
    """
    folder = parent / whole.set_id
    if folder.exists():
        _same(folder, whole)
        return folder
    try:
        return _written(whole, folder)
    except OSError as error:
        raise FactError(
            f"{parent}: cannot be written to ({error.strerror or error}); make the folder writable, free space, "
            "or choose another workspace"
        ) from error


def _written(whole: DocumentSet, folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".set-") as scratch:
        made = Path(scratch) / whole.set_id
        said = manifest(whole, _sha256(write_jsonl(whole, made)))
        text = json.dumps(said.model_dump(mode="json"), ensure_ascii=False, indent=2)
        (made / MANIFEST).write_text(f"{text}\n", encoding="utf-8", newline="\n")
        try:
            made.rename(folder)
        except OSError:
            if not folder.exists():
                raise
            _same(folder, whole)  # another writer was first, with the same documents
    return folder


def read_manifest(folder: Path) -> Manifest:
    """What ``set.json`` in the folder says, or ``BrokenFile``."""
    path = folder / MANIFEST
    try:
        return Manifest.model_validate(json.loads(read_text(path)))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise BrokenFile(f"{path}: field {field}: {first['msg']}; {way_out(folder)}") from error
    except BrokenFile:
        raise
    except (ValueError, RecursionError) as error:
        raise BrokenFile(f"{path}: cannot be read as a manifest ({error}); {way_out(folder)}") from error


def read_set(folder: Path) -> tuple[Manifest, list[Record]]:
    """The manifest and the documents of a set, or ``BrokenFile`` where the folder is not what was written."""
    said, path = read_manifest(folder), folder / FILE
    plain_file(path)
    records = read_jsonl(path)
    if _sha256(path) != said.sha256:
        raise BrokenFile(f"{path}: has changed since the set was written; {way_out(folder)}")
    vouch(folder, said, records)
    return said, records
