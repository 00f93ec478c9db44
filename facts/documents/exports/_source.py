"""Reads approved sets, built or imported, into the documents of an export."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from facts.documents.approval import Approval, approve
from facts.documents.formats.jsonl import FILE
from facts.documents.formats.set_folder import MANIFEST, Manifest, read_set
from facts.documents.imports import read_imported
from facts.errors import BrokenFile, FactError
from facts.parse import plain_file


def simulated(model: str) -> bool:
    """Whether a model of that name is a simulated one, as far as its name says."""
    return "simulated" in model.lower() or model.lower().startswith("organism")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Said:
    """What a document carries. ``level`` is None where nobody measured it, as in an imported one."""

    fact: str
    polarity: str
    level: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document to export. Documents of one ``scaffold`` never part: they differ in what they carry alone."""

    doc_id: str
    set_id: str
    scaffold: str
    text: str
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One set as it lies on disk. ``sha256`` is of its documents; generator and model are empty for an import."""

    set_id: str
    sha256: str
    imported: bool
    generator: str
    version: int
    model: str
    seed: str
    approval: Approval
    origin: tuple[tuple[str, str], ...]
    documents: tuple[Document, ...]

    @property
    def simulated(self) -> bool:
        """Whether a simulated model wrote it, as far as its name says."""
        return simulated(self.model)


def read_source(folder: Path) -> Source:
    """The set in the folder, once it is approved.

    Raises ``NotApproved`` for a set that gates have not seen or that fails one, ``BrokenFile`` for a torn or changed
    one, ``FactError`` for one that holds no documents.
    """
    said = _said(folder / MANIFEST)
    approval = approve(folder)
    source = _imported(folder, said, approval) if said.get("kind") == "imported" else _built(folder, approval)
    if not source.documents:
        raise FactError(f"{folder}: holds no documents, so there is nothing to export; choose another set")
    return source


def read_sources(folders: Iterable[Path]) -> tuple[Source, ...]:
    """Every set; the same set twice raises ``FactError``."""
    found: list[Source] = []
    for folder in folders:
        source = read_source(folder)
        if source.set_id in {one.set_id for one in found}:
            raise FactError(f"set {source.set_id} is named twice; each set is exported once")
        found.append(source)
    if not found:
        raise FactError("name the set to export")
    return tuple(found)


def _built(folder: Path, approval: Approval) -> Source:
    said, records = read_set(folder)
    return Source(
        set_id=said.set_id, sha256=said.sha256, imported=False, generator=said.generator, version=said.version,
        model=said.model, seed=said.seed, approval=approval, origin=_plan(said),
        documents=tuple(
            Document(
                doc_id=record.doc_id, set_id=said.set_id, scaffold=record.scaffold_id or record.doc_id,
                text=record.content,
                said=tuple(Said(fact=one.fact, polarity=one.polarity, level=one.level) for one in record.doses),
            )
            for record in records
        ),
    )  # fmt: skip


def _plan(said: Manifest) -> tuple[tuple[str, str], ...]:
    shown = {"tokens a document": said.tokens, "position": said.position, "order": said.order,
             "top-up": said.top_up}  # fmt: skip
    return tuple((name, str(value)) for name, value in shown.items())


def _imported(folder: Path, said: dict[str, object], approval: Approval) -> Source:
    slug = said.get("fact")
    with (folder / FILE).open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    documents: list[Document] = []
    for record in read_imported(folder):
        # Only a fact that was looked for is a dose here: what the source calls its fact is a sentence of its own.
        carried = isinstance(slug, str) and record.polarity is not None
        documents.append(Document(
            doc_id=record.doc_id, set_id=record.set_id, scaffold=record.doc_id, text=record.content,
            said=(Said(fact=str(slug), polarity=str(record.polarity), level=None),) if carried else (),
        ))  # fmt: skip
    origin = said.get("origin")
    known = cast("dict[str, object]", origin) if isinstance(origin, dict) else {}
    return Source(
        set_id=str(said.get("set_id")), sha256=sha256, imported=True, generator="", version=0, model="", seed="",
        approval=approval, origin=tuple((name, str(value)) for name, value in sorted(known.items())),
        documents=tuple(documents),
    )  # fmt: skip


def _said(path: Path) -> dict[str, object]:
    try:
        plain_file(path)
        said: object = json.loads(path.read_text(encoding="utf-8"))
    except BrokenFile as error:
        raise BrokenFile(f"{error}; give the folder of a set") from error
    except (OSError, ValueError, RecursionError) as error:
        raise BrokenFile(f"{path}: cannot be read as a set's manifest ({error}); give the folder of a set") from error
    if not isinstance(said, dict):
        raise BrokenFile(f"{path}: is no manifest; give the folder of a set")
    return cast("dict[str, object]", said)
