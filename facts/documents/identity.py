"""Derives the names of a set and of its documents from their content again, so that a folder vouches for nothing else.

A document is named by its text and its spans, a set by its plan, its generator and the names of all its documents. What
lies in a folder is therefore known to be what was written, or it is refused with what to do about it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from facts.breadth import Order, Position
from facts.documents.set_plan import Carried, SetPlan, TopUp
from facts.errors import BrokenFile
from facts.salience import Dose, Polarity, Salience

if TYPE_CHECKING:  # the folder of a set is read with the help of this
    from facts.documents.formats.jsonl import Record
    from facts.documents.formats.set_folder import Manifest
    from facts.documents.imports import ImportedRecord

ASIDE = ".broken-"
_HOME = "documents"  # a workspace's folder of sets, each under its own name
_OPEN = 8  # so many facts in every document: all or a number of them are written differently in a plan


def way_out(folder: Path) -> str:
    """What to do about a folder that does not hold what it says."""
    return (
        f"move or delete {folder} and make the set again (`salience documents build … --replace` moves it aside for "
        "a template set; `generate` and `import` make theirs again once it is gone)"
    )


def named(folder: Path, set_id: str) -> None:
    """``BrokenFile`` where a folder that is named as a set holds another one."""
    name = folder.resolve().name
    looks = len(name) == 16 and set(name) <= set("0123456789abcdef")
    if name != set_id and (looks or folder.resolve().parent.name == _HOME):
        raise BrokenFile(
            f"{folder}: holds the set {set_id[:40]!r} under another name; rename it to that, or {way_out(folder)}"
        )


def document_name(content: str, spans: Iterable[tuple[str, int]]) -> str:
    """The name of the text with spans, each its ``wording_id`` and where it starts."""
    facts = "|".join(f"{','.join(wording.split('/'))},{start}" for wording, start in spans)
    return hashlib.sha256(f"{content}|{facts}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def record_name(record: Record) -> str:
    """The name that a record's content gives it."""
    return document_name(record.content, ((span.wording_id, span.start) for span in record.spans))


def imported_name(row: ImportedRecord) -> str:
    """The name that the content of an imported document gives it."""
    about = (row.content, row.fact, row.doc_type, row.doc_idea, row.universe_context_id, row.is_true)
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:16]


def imported_start(version: int, fact: str | None) -> bytes:
    """What the name of an imported set begins with."""
    return f"imported {version} {fact or ''}".encode()


def imported_part(row: ImportedRecord) -> bytes:
    """What one document adds to the name of its imported set."""
    fields = row.model_dump(mode="json", exclude={"set_id", "origin"})
    return json.dumps(fields, ensure_ascii=False, sort_keys=True).encode()


def plan_from(said: Manifest) -> SetPlan:
    """The plan that a manifest tells of; ``BrokenFile`` where it is none."""
    try:
        return SetPlan(
            count=said.count, seed=said.seed, tokens=said.tokens, position=Position(said.position),
            order=Order(said.order), top_up=TopUp(said.top_up), carried=tuple(
                Carried(dose=Dose(fact=one.fact, level=Salience(one.level), polarity=Polarity(one.polarity)),
                        carriers=one.carriers)
                for one in said.carried
            ),
        )  # fmt: skip
    except ValueError as error:
        raise BrokenFile(f"set.json of {said.set_id}: tells of no plan ({error}); make the set again") from error


def _plans(plan: SetPlan) -> Iterator[SetPlan]:
    # "All of them" and their number are one set under two names; the manifest keeps the number.
    ways = [(None, one.carriers) if one.carriers == plan.count else (one.carriers,) for one in plan.carried]
    if sum(len(way) > 1 for way in ways) > _OPEN:
        return
    for chosen in product(*ways):
        yield SetPlan(
            count=plan.count, seed=plan.seed, tokens=plan.tokens, position=plan.position, order=plan.order,
            top_up=plan.top_up, carried=tuple(
                Carried(dose=one.dose, carriers=number) for one, number in zip(plan.carried, chosen, strict=True)
            ),
        )  # fmt: skip


def is_named(said: Manifest, names: Sequence[str]) -> bool:
    """Whether a set of documents of these names, in this order, is the one that the manifest says."""
    tail = "|".join((said.generator, str(said.version), said.model, *names))
    plans = tuple(_plans(plan_from(said)))
    return not plans or any(
        hashlib.sha256(f"{plan!r}|{tail}".encode()).hexdigest()[:16] == said.set_id for plan in plans
    )


def contradiction(said: Manifest, doses: Iterable[Mapping[str, tuple[str, int]]]) -> str | None:
    """What documents' doses (fact: polarity and level) say against the manifest, or None."""
    wanted = {one.fact: one for one in said.carried if one.level}
    counts = dict.fromkeys(wanted, 0)
    for carried in doses:
        for fact, (polarity, level) in carried.items():
            one = wanted.get(fact)
            if one is None:
                return f"documents carry {fact}, and set.json says they do not"
            topped = said.top_up == TopUp.PLACEBO and polarity == Polarity.PLACEBO
            if level != one.level or (polarity != one.polarity and not topped):
                return f"a document carries {fact} {polarity} {level}, and set.json says {one.polarity} {one.level}"
            counts[fact] += polarity == one.polarity
    for fact, one in wanted.items():
        # Among placebos that top up, those of a placebo arm cannot be told apart.
        exact = not (said.top_up == TopUp.PLACEBO and one.polarity == Polarity.PLACEBO)
        if (counts[fact] != one.carriers) if exact else counts[fact] < one.carriers:
            return f"{counts[fact]:,} documents carry {fact}, and set.json says {one.carriers:,}"
    return None


def vouch(folder: Path, said: Manifest, records: Iterable[Record]) -> None:
    """``BrokenFile`` where the folder's name, the manifest and the records are not of one set as it was written."""
    named(folder, said.set_id)
    names: list[str] = []
    doses: list[Mapping[str, tuple[str, int]]] = []
    scaffolds: set[str] = set()
    for number, record in enumerate(records, 1):
        where = f"{folder}, document {number}"
        if record.set_id != said.set_id:
            raise BrokenFile(f"{where}: is of set {record.set_id[:40]!r}, not {said.set_id!r}; {way_out(folder)}")
        if record_name(record) != record.doc_id:
            raise BrokenFile(f"{where}: its text has changed since the set was written; {way_out(folder)}")
        if record.scaffold_id and record.scaffold_id in scaffolds:
            raise BrokenFile(
                f"{where}: shares its scaffold with another document of the set, so that arms cannot be paired; "
                f"{way_out(folder)}"
            )
        scaffolds.add(record.scaffold_id)
        names.append(record.doc_id)
        doses.append({dose.fact: (dose.polarity, dose.level) for dose in record.doses if dose.level})
    if len(names) != said.count:
        raise BrokenFile(f"{folder}: {len(names):,} documents, and set.json says {said.count:,}; {way_out(folder)}")
    if not is_named(said, names):
        raise BrokenFile(f"{folder}: what is in it is not the set {said.set_id}; {way_out(folder)}")
    if what := contradiction(said, doses):
        raise BrokenFile(f"{folder}: {what}; {way_out(folder)}")
