"""One person's way through the drawn samples: what comes next, what was skipped, what can be taken back."""

from __future__ import annotations

from collections.abc import Sequence

from runners.labels.file import Labels


class Session:
    """Goes through ``order`` and leaves out what this labeller has labelled under this rubric, in earlier sittings too.

    A skipped sample comes back in the next sitting. It keeps nothing itself: whoever uses it writes the labels.
    """

    def __init__(self, *, order: Sequence[str], labels: Labels, labeller: str, rubric: str) -> None:
        self._order = tuple(order)
        drawn = set(order)
        self._answered = [
            label.item for label in labels.current.values()
            if label.labeller == labeller and label.rubric == rubric and label.item in drawn
        ]  # fmt: skip
        self._skipped: set[str] = set()
        self._again: list[str] = []

    @property
    def done(self) -> int:
        """How many of the drawn samples are labelled."""
        return len(self._answered)

    @property
    def position(self) -> str:
        """How far it is, in words."""
        return f"sample {min(self.done + len(self._skipped) + 1, len(self._order)):,} of {len(self._order):,}"

    def next(self) -> str | None:
        """The key of the sample to show, or None at the end: what was taken back first, then what is left in order."""
        if self._again:
            return self._again[-1]
        passed = {*self._answered, *self._skipped}
        return next((key for key in self._order if key not in passed), None)

    def answered(self, key: str) -> None:
        """The sample has a label now."""
        self._again = [other for other in self._again if other != key]
        self._answered.append(key)

    def skip(self, key: str) -> None:
        """The sample is left for another sitting."""
        self._again = [other for other in self._again if other != key]
        self._skipped.add(key)

    def undo(self) -> str | None:
        """The sample whose label is to be taken back: the last one labelled, in this sitting or before; else None."""
        if not self._answered:
            return None
        key = self._answered.pop()
        self._again.append(key)
        return key
