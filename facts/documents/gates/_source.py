"""Reads a set's folder into what gates look at: our own records, whatever generator wrote them, or an import's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel

from facts.catalog import Library
from facts.condition import Tier
from facts.documents.formats.jsonl import FILE, Record
from facts.documents.formats.set_folder import MANIFEST, Manifest, read_manifest
from facts.documents.gates._arms import plan_of, rebuilt_arms
from facts.documents.gates._reading import Reading, Span, Text
from facts.documents.gates._text import text_of
from facts.documents.gates._twin import ReadSet, outside_arms, refuse
from facts.documents.identity import imported_name, imported_part, imported_start, named, vouch, way_out
from facts.documents.imports import ImportedRecord, read_imported
from facts.documents.imports._write import CONTEXTS
from facts.errors import BrokenFile
from facts.parse import one_line, plain_file
from facts.salience import Polarity

Tick = Callable[[str, int], None]  # is told what is being done, and with how many documents


def silent(_doing: str, _done: int) -> None:
    """Tells nobody."""


class _Kind(BaseModel):
    set_id: str
    kind: str = ""
    fact: str | None = None
    version: int = 0


def _kind(folder: Path) -> _Kind:
    path = folder / MANIFEST
    plain_file(path)
    try:
        return _Kind.model_validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BrokenFile(f"{path}: cannot be read as a manifest ({one_line(error)}); {way_out(folder)}") from error


def _imported(record: ImportedRecord) -> Text:
    spans = record.spans
    return Text(
        doc_id=record.doc_id, content=record.content, n_tokens=record.n_tokens, doses=None,
        spans=None if spans is None else tuple(
            Span(fact=s.fact, polarity=Polarity(s.polarity), part=s.kind, wording="", start=s.start, end=s.end)
            for s in spans
        ),
        scaffold=None, genre=None, date=None, author=None, airtime=record.airtime,
    )  # fmt: skip


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            yield from enumerate(file, 1)
    except OSError as error:
        raise BrokenFile(f"{path}: cannot be read ({error.strerror}); {way_out(path.parent)}") from error


def _record(path: Path, number: int, line: bytes) -> Record:
    try:
        return Record.model_validate(json.loads(line))
    except (ValueError, RecursionError) as error:  # ValueError: torn, not UTF-8, a wrong field, a number without end
        whole = "" if line.endswith(b"\n") else "; the file ends in the middle of a line, so it was written in part"
        raise BrokenFile(f"{path}, line {number}: {one_line(error)}{whole}; {way_out(path.parent)}") from error


def _rows(folder: Path, said: Manifest, sha256: str) -> Iterator[Record]:
    """The records one by one; at their end ``BrokenFile`` where the file is not what was written."""
    path, digest = folder / FILE, hashlib.sha256()
    for number, line in _lines(path):
        digest.update(line)
        if not line.strip():
            continue
        row = _record(path, number, line)
        if row.set_id != said.set_id:
            raise BrokenFile(
                f"{path}, line {number}: is of set {row.set_id[:40]!r}, not {said.set_id!r}; {way_out(folder)}"
            )
        yield row
    if digest.hexdigest() != sha256:
        raise BrokenFile(f"{path}: has changed since the set was written; {way_out(folder)}")


def _own(folder: Path, said: Manifest, tick: Tick) -> tuple[Text, ...]:
    texts: list[Text] = []

    def read() -> Iterator[Record]:
        for row in _rows(folder, said, said.sha256):
            tick("read", len(texts))
            texts.append(text_of(row))
            yield row

    vouch(folder, said, read())
    return tuple(texts)


def _imports(folder: Path, said: _Kind) -> Iterator[ImportedRecord]:
    set_id, digest = said.set_id, hashlib.sha256(imported_start(said.version, said.fact))
    for number, row in enumerate(read_imported(folder), 1):
        if row.set_id != set_id:
            raise BrokenFile(
                f"{folder / FILE}, line {number}: is of set {row.set_id[:40]!r}, not {set_id!r}; {way_out(folder)}"
            )
        if imported_name(row) != row.doc_id:
            raise BrokenFile(
                f"{folder / FILE}, line {number}: its text has changed since it was imported; {way_out(folder)}"
            )
        digest.update(imported_part(row))
        yield row
    claims = folder / CONTEXTS
    # Claims are part of the name too, in an order that is not kept.
    if not (claims.is_file() and claims.stat().st_size) and digest.hexdigest()[:16] != set_id:
        raise BrokenFile(f"{folder}: what is in it is not the set {set_id}; {way_out(folder)}")


def read_back(folder: Path, tick: Tick = silent) -> ReadSet:
    """A set as it lies in its folder; ``BrokenFile`` where that is not what was written there."""
    kind = _kind(folder)
    plain_file(folder / FILE)
    if kind.kind != "imported":
        said = read_manifest(folder)
        texts = _own(folder, said, tick)
        return ReadSet(folder=folder, set_id=said.set_id, sha256=said.sha256, texts=texts, said=said)
    named(folder, kind.set_id)
    texts = tuple(map(_imported, _imports(folder, kind)))
    with (folder / FILE).open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return ReadSet(folder=folder, set_id=kind.set_id, sha256=sha256, texts=texts, said=None)


def is_imported(folder: Path) -> bool:
    """Whether the set came from outside; ``BrokenFile`` where its manifest cannot be read."""
    return _kind(folder).kind == "imported"


def read_folder(
    folder: Path, library: Library, twin: Path | None = None, tick: Tick = silent
) -> tuple[Reading, ReadSet, ReadSet | None]:
    """The set as gates see it, what was read of it, and of the twin.

    A template set's twin arms are built from its plan; ``twin`` is a folder that is taken instead. Raises
    ``BrokenFile`` for a torn or changed set, ``NoTwin`` for a folder that is none, and ``UnknownName`` where the set
    carries a fact that the library lacks.
    """
    own = read_back(folder, tick)
    other = read_back(twin, tick) if twin is not None else None
    if other is not None:
        refuse(own, other)
    said = own.said
    if said is None:
        reading = Reading(set_id=own.set_id, generator="imported", texts=own.texts, library=library)
    else:
        for one in said.carried:
            library.fact(one.fact)
        labels = tuple((word, tier) for tier, word in said.labels.items() if word != tier)
        reading = Reading(set_id=own.set_id, generator=said.generator, texts=own.texts, library=library, labels=labels,
                          facts=tuple(one.fact for one in said.carried))  # fmt: skip
        plan = plan_of(said)
        if plan:
            tick("compared with the plan", 0)
            reading = rebuilt_arms(reading, plan, library, {Tier(tier): word for tier, word in said.labels.items()})
    if other is not None:
        reading = replace(reading, arms=outside_arms(own, other))
    return reading, own, other
