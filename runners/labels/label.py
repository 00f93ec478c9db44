"""A label: what one person says one sample is; and a drawing, which says what samples people were given."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from facts.errors import FactError

# As in model names: control characters steer a terminal, marks of direction turn a line round.
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LONGEST_NAME = 80
MOST_DRAWN = 1_000_000
_LONGEST_NOTE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """``item`` is the sample's key; ``value`` one of the metric's classes, or None where the label was taken back.

    ``rubric`` is the version of the instructions that the labeller had ("" where there is only one), ``at`` an ISO
    8601 time with its offset. Raises ``FactError`` for what cannot be.
    """

    labeller: str
    item: str
    metric: str
    value: str | None
    at: str
    rubric: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        checked_name(self.labeller)
        if not self.item or UNPRINTABLE.search(self.item):
            raise FactError(f"{self.item!r} is not the key of a sample")
        if len(self.note) > _LONGEST_NOTE:
            raise FactError(f"a note has at most {_LONGEST_NOTE:,} characters, this one {len(self.note):,}")
        moment(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """``per`` samples of each verdict of each condition were drawn with ``seed``; ``own`` names the labeller who
    was given a sample of their own, "" where everyone is given the same. Raises ``FactError`` for other numbers than
    1 to 1,000,000 and seeds of 64 bits."""

    measure: str
    per: int
    seed: int
    own: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.per <= MOST_DRAWN:
            raise FactError(f"from 1 to {MOST_DRAWN:,} samples of each verdict can be drawn, not {self.per:,}")
        if abs(self.seed) >= 2**63:
            raise FactError("seed must fit in 64 bits; any small number will do")


def checked_name(labeller: str) -> str:
    """The name of a labeller, or ``FactError``."""
    if not labeller.strip() or len(labeller) > _LONGEST_NAME or UNPRINTABLE.search(labeller):
        raise FactError(f"{labeller[:100]!r} cannot be a labeller's name; use at most {_LONGEST_NAME} plain characters")
    return labeller


def moment(at: str) -> datetime:
    """The time as a number of its own; ``FactError`` where it is none or has no offset."""
    try:
        found = datetime.fromisoformat(at)
    except ValueError as error:
        raise FactError(f"{at[:60]!r} is not a time; write it as 2026-11-24T12:00:00+00:00") from error
    if found.tzinfo is None:
        raise FactError(f"{at!r} does not say its offset from UTC; write it as 2026-11-24T12:00:00+00:00")
    return found


def now() -> str:
    """The time now, in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
