"""The document sets of a workspace by their ids, read when they are first asked for, and whether they may be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from facts.background import Piece, Placed
from facts.condition import Tier
from facts.errors import BrokenFile, FactError, UnknownName
from facts.salience import Dose, Part, Polarity, Salience

if TYPE_CHECKING:  # sets are made from the library, and the library has a shelf of sets
    from facts.documents.approval import Approval
    from facts.documents.formats.jsonl import Record, SpanRecord

_MANIFEST = "set.json"
Said = frozenset[tuple[str, Polarity, Salience]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One document of a set: its text, the places of its fact pieces, and whether it carries the set's doses."""

    text: str
    placed: tuple[Placed, ...]
    carries: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pool:
    """A set to draw from. ``said`` is what its carriers say (nothing: a neutral set); documents are by scaffold.

    ``approval`` is None where the set may not be shown to a model (any more), and ``refused`` says why: what it was
    shown to is kept and can be read all the same.
    """

    set_id: str
    said: Said
    documents: Mapping[str, Stored]
    approval: Approval | None
    refused: str
    labels: Mapping[Tier, str]
    generator: str
    model: str

    @property
    def doubted(self) -> bool:
        """Whether it is used without the approval of its gates."""
        return self.approval is None or self.approval.override is not None

    @property
    def standing(self) -> str:
        """What gates say of the set, and why it is used where one fails, in words."""
        if self.approval is None:
            return f"NOT APPROVED now: {self.refused}"
        gates = ", ".join(f"{name} {status}" for name, status in self.approval.gates)
        override = self.approval.override
        return f"gates: {gates}" + (f"; used although one fails: {override}" if override else "")

    @property
    def carrying(self) -> frozenset[str]:
        """The scaffolds whose document says everything the set carries; all of them in a neutral set."""
        return frozenset(name for name, document in self.documents.items() if document.carries)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The sets in a folder; ``Shelf()`` has none."""

    folder: Path | None = None

    def names(self) -> tuple[str, ...]:
        """The ids of the sets that there are."""
        found = self.folder.glob(f"*/{_MANIFEST}") if self.folder else ()
        # What was moved aside as damaged is no set any more.
        return tuple(sorted(path.parent.name for path in found if ".broken-" not in path.parent.name))

    def titles(self) -> dict[str, str]:
        """What each set says, by its id; a set whose manifest cannot be read has its id alone."""
        return {name: _title(self.folder / name, name) for name in self.names()} if self.folder else {}

    def find(self, set_id: str) -> Pool:
        """The set of that id; ``UnknownName`` or ``BrokenFile`` where it cannot be read."""
        if self.folder is None or set_id not in self.names():
            raise UnknownName("document set", set_id, self.names(), "Sets are in your workspace's documents/; put "
                              "its folder back, or build it again: the same plan gives the same name.")  # fmt: skip
        folder = self.folder / set_id
        # A folder that changed, such as by an override, is read again.
        return _pool(folder, tuple(path.stat().st_mtime_ns for path in sorted(folder.iterdir())))


EMPTY = Shelf()


def _title(folder: Path, name: str) -> str:
    from facts.documents.formats.set_folder import read_manifest  # noqa: PLC0415

    try:
        manifest = read_manifest(folder)
    except FactError:
        return name
    said = " + ".join(f"{one.fact} {one.polarity} {one.level} in {one.carriers:,}" for one in manifest.carried)
    return f"{said or 'neutral'} of {manifest.count:,}, seed {manifest.seed}, {name}"


def said_by(doses: tuple[Dose, ...]) -> Said:
    """What doses say, whatever carries them."""
    return frozenset((dose.fact, dose.polarity, dose.level) for dose in doses)


@lru_cache(maxsize=32)
def _pool(folder: Path, stamps: tuple[int, ...]) -> Pool:
    from facts.documents.approval import NotApproved, approve  # noqa: PLC0415
    from facts.documents.formats.set_folder import read_set  # noqa: PLC0415

    approval, refused = None, ""
    try:
        approval = approve(folder)
    except NotApproved as error:
        refused = str(error)
    manifest, records = read_set(folder)
    said = frozenset((one.fact, Polarity(one.polarity), Salience(one.level)) for one in manifest.carried if one.level)
    documents = {record.scaffold_id: _stored(record, said) for record in records}
    if len(documents) < len(records):
        raise BrokenFile(f"{folder}: two of its documents share a scaffold, so arms cannot be paired; build it again")
    return Pool(set_id=manifest.set_id, said=said, documents=documents, approval=approval, refused=refused,
                labels={tier: manifest.labels[tier.value] for tier in Tier},
                generator=manifest.generator, model=manifest.model)  # fmt: skip


def _stored(record: Record, said: Said) -> Stored:
    own = frozenset((dose.fact, Polarity(dose.polarity), Salience(dose.level)) for dose in record.doses)
    placed = tuple(
        Placed(piece=_piece(span, record.content), start=span.start, end=span.end)
        for span in sorted(record.spans, key=lambda span: span.start)
    )
    return Stored(text=record.content, placed=placed, carries=own == said)


def _piece(span: SpanRecord, content: str) -> Piece:
    _, polarity, _, number = span.wording_id.split("/")
    return Piece(
        fact=span.fact, polarity=Polarity(polarity), part=Part(span.kind), wording=int(number),
        text=content[span.start : span.end], own_tokens=span.own_tokens,
    )  # fmt: skip
