"""Finds room for the labels of points in a plot, so that no two overlap and none covers a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.points import OfArm

_WIDE, _HIGH = 6.2, 13.0  # pixels of a letter and of a line at 12 px
_APART = 9.0  # of a label from its point
_MOST = 34  # letters
_TITLE = 28  # of a title that is followed by its level


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the plot in pixels, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether two rectangles share a pixel."""
        return (self.left < other.right and other.left < self.right and self.top < other.bottom
                and other.top < self.bottom)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a label begins (its left end and its middle line, in pixels), and what is left of its words."""

    x: float
    y: float
    text: str


def shortened(text: str, most: int = _MOST) -> str:
    """The text, cut where it is too long for a label of that many letters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def place_labels(
    points: Sequence[tuple[float, float]], texts: Sequence[str], size: tuple[float, float], taken: Sequence[Box] = ()
) -> list[Place | None]:
    """A place for each text beside its point, the first ones first; None where there is no room left.

    ``points`` are pixels in a plot of ``size``; an empty text needs no place, ``taken`` rectangles are kept free.
    """
    width, height = size
    used = [*taken, *(Box(x - 5, y - 5, x + 5, y + 5) for x, y in points)]
    found: list[Place | None] = []
    for (x, y), text in zip(points, texts, strict=True):
        words = shortened(text)
        long, place = _WIDE * len(words), None
        for dx, dy in (
            # Beside the arms of a cross before on them.
            (7, -_APART), (7, _APART), (-7 - long, -_APART), (-7 - long, _APART),
            (_APART, 0), (-_APART - long, 0), (-long / 2, -_APART - 4), (-long / 2, _APART + 4),
        ):  # fmt: skip
            box = Box(x + dx, y + dy - _HIGH / 2, x + dx + long, y + dy + _HIGH / 2)
            inside = box.left >= 0 and box.right <= width and box.top >= 0 and box.bottom <= height
            if words and inside and not any(box.meets(other) for other in used):
                place = Place(box.left, y + dy, words)
                used.append(box)
                break
        found.append(place)
    return found


def names(points: Sequence[OfArm]) -> list[str]:
    """What to write beside each point: the fact, and its level where it has several; nothing for placebo twins."""
    several = {p.fact for p in points if len({(q.level, q.carriers) for q in points if q.fact == p.fact}) > 1}
    return [
        ""  # the twins are the cloud that facts are read against
        if p.polarity == "placebo"
        else f"{shortened(p.title, _TITLE)} · {p.level}"
        if p.fact in several
        else p.title
        for p in points
    ]
