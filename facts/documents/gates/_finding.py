"""What a gate says of a document set: a status, one sentence, the numbers behind it, and the worst examples."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """``unmeasured`` is neither good nor bad: nothing was found out."""

    PASS = "pass"  # noqa: S105  (no password: a gate that lets a set pass)
    WARN = "warn"
    FAIL = "fail"
    UNMEASURED = "unmeasured"


_WORST = (Status.UNMEASURED, Status.PASS, Status.WARN, Status.FAIL)


def worst(statuses: tuple[Status, ...]) -> Status:
    """The worst of them; unmeasured where nothing was measured."""
    return max(statuses, key=_WORST.index, default=Status.UNMEASURED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One document that shows what is wrong, and what there is to see in it."""

    doc_id: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a panel's table: what was counted, by arm and bin, and how much; ``None`` is unmeasured."""

    arm: str
    bin: str
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A table that a page can draw as it stands: bars of ``value`` by ``bin``, one colour an arm."""

    name: str
    title: str
    unit: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The outcome of one gate. ``says`` is one sentence that also says what to do; ``numbers`` are by name.

    ``kept`` says so where a check before found it in the same documents, and the last one could not measure it.
    """

    status: Status
    says: str
    numbers: tuple[tuple[str, float | None], ...] = ()
    examples: tuple[Example, ...] = ()
    panels: tuple[Panel, ...] = ()
    kept: str = ""
