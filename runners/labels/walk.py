"""One person's way through the drawn samples as the file tells it: nothing is held between two looks at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runners.labels.file import Labels
from runners.labels.label import Label, now

SKIPPED = "skipped"  # the note of a label without a value: passed over, not taken back


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Where one labeller stands in ``order`` under one rubric.

    ``given`` are the labels that stand, by key; ``skipped`` the samples passed over; ``last`` the key of the last word
    of either kind, which can be undone.
    """

    order: tuple[str, ...]
    given: Mapping[str, Label]
    skipped: tuple[str, ...]
    last: str | None

    def next(self, after: str | None = None) -> str | None:
        """The next sample without a word, from the place after ``after`` on and round to the beginning.

        When none is left, those that were skipped come again; None when everything is labelled.
        """
        start = self.order.index(after) + 1 if after in self.order else 0
        around = (*self.order[start:], *self.order[:start])
        passed = {*self.given, *self.skipped}
        again = (key for key in around if key in self.skipped and (key != after or len(self.skipped) == 1))
        return next((key for key in around if key not in passed), None) or next(again, None)

    def step(self, at: str, by: int) -> str | None:
        """The sample that stands so many places further on in the order; None beyond its ends."""
        to = self.order.index(at) + by if at in self.order else -1
        return self.order[to] if 0 <= to < len(self.order) else None


def walk(order: Sequence[str], labels: Labels, *, labeller: str, rubric: str = "") -> Walk:
    """Read the labeller's way off the file, whoever wrote it: the command line, the app, or both in turn."""
    drawn, words = set(order), dict[str, Label]()
    for label in labels.history:
        if (label.labeller, label.rubric) == (labeller, rubric) and label.item in drawn:
            words.pop(label.item, None)  # the order is that of the last word on each
            words[label.item] = label
    standing = [key for key, label in words.items() if label.value is not None or label.note == SKIPPED]
    return Walk(
        order=tuple(order), given={key: words[key] for key in standing if words[key].value is not None},
        skipped=tuple(key for key in standing if words[key].value is None), last=standing[-1] if standing else None,
    )  # fmt: skip


def word(key: str, value: str | None, *, labeller: str, metric: str, rubric: str = "", note: str = "") -> Label:
    """What is said now of one sample: a class, or None where an earlier word is taken back. Raises ``FactError``."""
    return Label(labeller=labeller, item=key, metric=metric, value=value, at=now(), rubric=rubric, note=note)


def skip(key: str, *, labeller: str, metric: str, rubric: str = "") -> Label:
    """That a sample was passed over; a file that older versions read as well, which take it for a label taken back."""
    return word(key, None, labeller=labeller, metric=metric, rubric=rubric, note=SKIPPED)
