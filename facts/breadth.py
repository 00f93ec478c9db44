"""How widely a block of documents carries a dose: in how many of them, in which, and where each begins to say it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Position(StrEnum):
    """Where a document begins to speak of its facts; restatements follow as early as their distance allows."""

    SPREAD = "spread"  # all over the document, drawn per document
    HEADING = "heading"  # in the heading line, where the genre has one, and then spread
    LEAD = "lead"
    EARLY = "early"
    MIDDLE = "middle"
    LATE = "late"
    CLOSING = "closing"


class Order(StrEnum):
    """Which documents carry: as drawn (spread evenly), those at one end; or all shown by date."""

    DRAWN = "drawn"
    CARRIERS_FIRST = "carriers_first"
    CARRIERS_LAST = "carriers_last"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Breadth:
    """``carriers`` documents say the whole dose each; 0 means that one dose is shared out over all documents."""

    carriers: int = 0
    position: Position = Position.SPREAD
    order: Order = Order.DRAWN

    def __post_init__(self) -> None:
        object.__setattr__(self, "position", Position(self.position))
        object.__setattr__(self, "order", Order(self.order))

    @property
    def place(self) -> str:
        """Position and order in words; empty where both are drawn."""
        words = [] if self.position is Position.SPREAD else [self.position.value]
        words += [] if self.order is Order.DRAWN else [self.order.value.replace("_", " ")]
        return ", ".join(words)

    def __str__(self) -> str:
        if not self.carriers:
            return ""
        words = f"in {self.carriers} document{'' if self.carriers == 1 else 's'}"
        return f"{words}, {self.place}" if self.place else words


SHARED = Breadth()
