"""Reads a set's folder into what gates look at: our own records, whatever generator wrote them, or an import's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ValidationError

from facts.catalog import Library
from facts.condition import Tier
from facts.documents.formats.jsonl import FILE, Record
from facts.documents.formats.set_folder import MANIFEST, Manifest, read_manifest
from facts.documents.gates._arms import plan_of, rebuilt_arms
from facts.documents.gates._reading import Arms, Reading, Span, Text, carrying
from facts.documents.gates._text import text_of
from facts.documents.gates._thresholds import thresholds
from facts.documents.imports import ImportedRecord, read_imported
from facts.errors import BrokenFile
from facts.salience import Polarity


class _Kind(BaseModel):
    set_id: str
    kind: str = ""


def _kind(folder: Path) -> _Kind:
    path = folder / MANIFEST
    try:
        return _Kind.model_validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BrokenFile(f"{path}: cannot be read as a manifest ({str(error)[:200]}); write the set again") from error


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
        raise BrokenFile(f"{path}: cannot be read ({error.strerror}); write the set again") from error


def _record(path: Path, number: int, line: bytes) -> Record:
    try:
        return Record.model_validate(json.loads(line))
    except (ValueError, RecursionError) as error:  # ValueError: torn, not UTF-8, a wrong field, a number without end
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        detail = f"field {'.'.join(map(str, first['loc']))}: {first['msg']}" if first else str(error)
        whole = "" if line.endswith(b"\n") else "; the file ends in the middle of a line, so it was written in part"
        raise BrokenFile(f"{path}, line {number}: {detail}{whole}; write the set again") from error


def _own(folder: Path, said: Manifest) -> tuple[Text, ...]:
    path, digest = folder / FILE, hashlib.sha256()
    texts: list[Text] = []
    for number, line in _lines(path):
        digest.update(line)
        if not line.strip():
            continue
        row = _record(path, number, line)
        if row.set_id != said.set_id:
            raise BrokenFile(
                f"{path}, line {number}: is of set {row.set_id[:40]!r}, not {said.set_id!r}; write it again"
            )
        texts.append(text_of(row))
    if digest.hexdigest() != said.sha256:
        raise BrokenFile(f"{path}: has changed since the set was written; sets are immutable, so write it again")
    if len(texts) != said.count:
        raise BrokenFile(
            f"{folder / MANIFEST}: says {said.count} documents, and {FILE} has {len(texts)}; write it again"
        )
    return tuple(texts)


def _texts(folder: Path) -> tuple[str, tuple[Text, ...], Manifest | None]:
    kind = _kind(folder)
    if kind.kind != "imported":
        said = read_manifest(folder)
        return said.set_id, _own(folder, said), said
    texts = tuple(map(_imported, read_imported(folder)))
    return kind.set_id, texts, None


def is_imported(folder: Path) -> bool:
    """Whether the set came from outside; ``BrokenFile`` where its manifest cannot be read."""
    return _kind(folder).kind == "imported"


def read_folder(folder: Path, library: Library, twin: Path | None = None) -> tuple[Reading, str]:
    """The set and the sha256 of its documents.

    A template set's twin arms are built from its plan; ``twin`` is a folder that is taken instead. Raises
    ``BrokenFile`` for a torn or changed set, and ``UnknownName`` where it carries a fact that the library lacks.
    """
    set_id, texts, said = _texts(folder)
    if said is None:
        reading = Reading(set_id=set_id, generator="imported", texts=texts, library=library)
    else:
        for one in said.carried:
            library.fact(one.fact)
        labels = tuple((word, tier) for tier, word in said.labels.items() if word != tier)
        reading = Reading(set_id=set_id, generator=said.generator, texts=texts, library=library, labels=labels,
                          facts=tuple(one.fact for one in said.carried))  # fmt: skip
        plan = plan_of(said)
        if plan:
            reading = rebuilt_arms(reading, plan, library, {Tier(tier): word for tier, word in said.labels.items()})
    if twin is not None:
        reading = replace(reading, arms=_outside_arms(reading, twin))
    sha256 = said.sha256 if said else hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
    return reading, sha256


def _outside_arms(reading: Reading, folder: Path) -> Arms:
    _, others, _ = _texts(folder)
    most = thresholds().fingerprint.pairs
    fact, twin = carrying(reading.texts), carrying(others) or others
    by_scaffold = {text.scaffold: text for text in twin if text.scaffold}
    shared = [text for text in fact if text.scaffold in by_scaffold]
    paired = len(shared) == len(fact) == len(twin)
    if paired:
        chosen = spread(tuple(shared), most)
        return Arms(fact=chosen, twin=tuple(by_scaffold[t.scaffold or ""] for t in chosen), neutral=None, paired=True)
    return Arms(fact=spread(fact, most), twin=spread(twin, most), neutral=None, paired=False)


def spread(texts: tuple[Text, ...], most: int) -> tuple[Text, ...]:
    """At most so many of them, evenly from beginning to end."""
    if len(texts) <= most:
        return texts
    return tuple(texts[n * len(texts) // most] for n in range(most))
