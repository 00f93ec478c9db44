"""Labels joined with what was drawn: how many samples of each verdict people labelled, and how many they affirm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runners.labels.draw import Item, draw
from runners.labels.file import Labels
from runners.labels.label import Drawing, Label

OUTSIDE = "not in the sample that was drawn (drawn otherwise, or the verdicts have changed since)"
GONE = "the comparison has no such sample with a verdict any more"
OTHER_RUBRIC = "given under another version of the rubric"
NO_CLASS = "of a class that the metric does not have"
NOT_COUNTED = "of a class that this measure does not count"
TIE = "people disagree and nobody is in the majority"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """``truths`` maps each drawn and labelled item to what most people say of it.

    ``votes`` are the labels that count for agreement between people: item → labeller → class. ``left_out`` counts
    labels (for a tie: items) by the reason why they are not in ``truths``; ``drawn`` is how many items were drawn per
    condition and verdict.
    """

    truths: tuple[tuple[Item, bool], ...]
    votes: Mapping[str, Mapping[str, str]]
    left_out: Mapping[str, int]
    drawn: Mapping[tuple[str, bool], int]


def tally(
    items: Iterable[Item], labels: Labels, *, measure: str, counts: Mapping[str, bool], classes: Iterable[str],
    rubric: str = "",
) -> Tally:  # fmt: skip
    """Count labels of items that were drawn for this measure; ``counts`` says which classes are positive.

    Only drawn items count, because labels of any others are no random sample of a verdict. The draws are repeated on
    the items as they are now.
    """
    pool, known = list(items), set(classes)
    drawn = _drawn(pool, [d for d in labels.drawings if d.measure == measure])
    keys = {item.key for item in pool}
    votes: dict[str, dict[str, str]] = {}
    left_out: Counter[str] = Counter()
    for label in labels.current.values():
        if reason := _problem(label, keys, known, rubric):
            left_out[reason] += 1
            continue
        votes.setdefault(label.item, {})[label.labeller] = label.value or ""
    truths: list[tuple[Item, bool]] = []
    for key, given in votes.items():
        if key not in drawn:
            left_out[OUTSIDE] += len(given)
            continue
        said = [counts[value] for value in given.values() if value in counts]
        left_out[NOT_COUNTED] += len(given) - len(said)
        for_it = sum(said)
        if said and 2 * for_it == len(said):
            left_out[TIE] += 1
        elif said:
            truths += [(item, 2 * for_it > len(said)) for item in drawn[key]]
    return Tally(
        truths=tuple(truths), votes=votes, left_out={why: n for why, n in left_out.items() if n},
        drawn=Counter((item.condition, item.verdict) for behind in drawn.values() for item in behind),
    )  # fmt: skip


def _drawn(pool: list[Item], drawings: list[Drawing]) -> dict[str, tuple[Item, ...]]:
    # Of draws with one seed the largest holds the others; draws with different seeds are put together.
    most: dict[tuple[int, str], int] = {}
    for drawing in drawings:
        which = (drawing.seed, drawing.own)
        most[which] = max(drawing.per, most.get(which, 0))
    found: dict[str, dict[Item, None]] = {}
    for (seed, own), per in most.items():
        for key, behind in draw(pool, per=per, seed=seed, own=own).hidden.items():
            found.setdefault(key, {}).update(dict.fromkeys(behind))
    return {key: tuple(behind) for key, behind in found.items()}


def _problem(label: Label, keys: set[str], known: set[str], rubric: str) -> str:
    if label.item not in keys:
        return GONE
    if label.rubric != rubric:
        return OTHER_RUBRIC
    return "" if label.value in known else NO_CLASS
