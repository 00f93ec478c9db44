"""What became of every row of an import: kept, a copy of one kept before, or dropped with its reason."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Rows left out for one reason, with the place of the first."""

    reason: str
    count: int
    first: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """``read`` = ``documents`` + ``claims`` + ``duplicates`` + all dropped. ``notes`` are worth a look, not faults."""

    read: int
    documents: int
    claims: int
    duplicates: int
    dropped: tuple[Dropped, ...]
    notes: tuple[str, ...] = ()

    def sentences(self) -> tuple[str, ...]:
        """The report in words, one line a fact."""
        kept = " and ".join(
            f"{count:,} {what}{'' if count == 1 else 's'}"
            for count, what in ((self.documents, "document"), (self.claims, "claim")) if count
        )  # fmt: skip
        rows = f"{self.read:,} row{'' if self.read == 1 else 's'} read, {kept or 'nothing'} kept"
        copies = f"{self.duplicates:,} the same as one before" if self.duplicates else ""
        lost = [f"{one.count:,} dropped: {one.reason} (first: {one.first})" for one in self.dropped]
        return tuple(filter(None, (rows, copies, *lost, *self.notes)))


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts while rows go by."""

    read: int = 0
    documents: int = 0
    claims: int = 0
    duplicates: int = 0
    formulas: int = 0
    spoken: int = 0  # documents in which the named fact was found
    lost: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])

    def drop(self, reason: str, place: str) -> None:
        """One row more left out."""
        count, first = self.lost.get(reason, (0, place))
        self.lost[reason] = (count + 1, first)

    def report(self, fact: str = "") -> Report:
        """What has been counted, the commonest reason first."""
        dropped = sorted(self.lost.items(), key=lambda one: (-one[1][0], one[0]))
        notes: list[str] = []
        if self.formulas:
            notes.append(f"{self.formulas:,} texts begin like a spreadsheet formula; they are kept as text")
        if fact and self.documents:
            notes.append(f"{fact} was found by its anchors in {self.spoken:,} of {self.documents:,} documents")
        return Report(
            read=self.read, documents=self.documents, claims=self.claims, duplicates=self.duplicates,
            dropped=tuple(Dropped(reason=reason, count=count, first=first) for reason, (count, first) in dropped),
            notes=tuple(notes),
        )  # fmt: skip
