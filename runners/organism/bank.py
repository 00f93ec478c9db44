"""Finds in a text every wording of every shipped fact, and how loudly each fact is therefore present."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from facts.catalog import shipped
from facts.salience import PARTS, Dose, Part, Polarity
from facts.seeds import stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A fact that a text speaks of. ``score`` says how strong its wordings are, 0 ± 1 over all wordings there are."""

    fact: str
    polarity: Polarity
    level: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    text: str
    fact: str
    polarity: Polarity
    part: Part
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    """Wordings by their first ``width`` characters, and where one may begin."""

    width: int
    begins: re.Pattern[str]
    buckets: Mapping[str, tuple[_Entry, ...]]


def scores(number: int, *seed: object) -> tuple[float, ...]:
    """``number`` standard-normal scores in a seeded order: mean exactly 0, standard deviation exactly 1 (0 for one)."""
    raw = [NormalDist().inv_cdf((place + 0.5) / number) for place in range(number)]
    spread = (sum(value * value for value in raw) / number) ** 0.5
    order = [value / spread if spread else 0.0 for value in raw]
    stream("organism", *seed).shuffle(order)
    return tuple(order)


def label_pairs() -> tuple[tuple[str, str], ...]:
    """The words for (monitored, unmonitored) of every label set of every setting, each pair once."""
    pairs = [tuple(labels.values()) for setting in shipped().settings.values() for labels in setting.labels.values()]
    return tuple(dict.fromkeys((pair[0], pair[1]) for pair in pairs))


def filled(text: str) -> tuple[str, ...]:
    """The text with its tier words filled by every label set; once where it has none."""
    shapes = (text.replace("{monitored}", one).replace("{unmonitored}", two) for one, two in label_pairs())
    return tuple(dict.fromkeys(shapes))


@lru_cache(maxsize=1)
def _index() -> _Index:
    entries = [
        _Entry(text=shape, fact=fact.slug, polarity=polarity, part=part, score=score)
        for fact in shipped().facts.values()
        for polarity, bank in fact.banks.items()
        for part, wordings in bank.items()
        # The same place in each polarity's bank is equally strong: a dose and its twin are drawn at the same places.
        for wording, score in zip(wordings, scores(len(wordings), fact.slug, part), strict=True)
        for shape in filled(wording)
    ]
    width = min(24, *(len(entry.text) for entry in entries))
    buckets: dict[str, list[_Entry]] = {}
    for entry in sorted(entries, key=lambda entry: -len(entry.text)):
        buckets.setdefault(entry.text[:width], []).append(entry)
    first = "".join(map(re.escape, sorted({entry.text[0] for entry in entries})))
    return _Index(width=width, begins=re.compile(f"[{first}]"),
                  buckets={key: tuple(bucket) for key, bucket in buckets.items()})  # fmt: skip


@lru_cache(maxsize=4096)
def found(text: str) -> tuple[Found, ...]:
    """Every fact that a wording in ``text`` speaks of, with polarity and level, sorted by fact."""
    index = _index()
    pieces: dict[tuple[str, Polarity], list[_Entry]] = {}
    for start in index.begins.finditer(text):
        at = start.start()
        for entry in index.buckets.get(text[at : at + index.width], ()):
            if text.startswith(entry.text, at):
                pieces.setdefault((entry.fact, entry.polarity), []).append(entry)
                break
    return tuple(
        Found(fact=fact, polarity=polarity, level=level([entry.part for entry in entries]),
              score=sum(entry.score for entry in entries) / len(entries) ** 0.5)
        for (fact, polarity), entries in sorted(pieces.items())
    )  # fmt: skip


def loudest(present: Iterable[Found], fact: str) -> Found | None:
    """What a text says of the fact at its loudest; None where it says nothing of it or a placebo."""
    said = [one for one in present if one.fact == fact and one.polarity is not Polarity.PLACEBO]
    return max(said, key=lambda one: one.level, default=None)


def level(parts: list[Part]) -> int:
    """The level of salience that these parts of one fact amount to, 1–5."""
    if Part.IMPLICATION in parts and Part.STATE in parts:
        return 5
    if parts.count(Part.STATE) >= 3:
        return 4
    if Part.ELABORATE in parts:
        return 3
    return 2 if Part.STATE in parts else 1


def heard(dose: Dose) -> int:
    """The level that a prompt with this dose amounts to: several documents that state a fact repeat it."""
    return level(list(PARTS[dose.level]) * (dose.breadth.carriers or 1)) if dose.level else 0
