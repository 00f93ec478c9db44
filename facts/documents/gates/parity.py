"""Gate 5: arms have the same lengths, genres, dates and tone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np

from facts.documents.gates._distance import Floats, by_chance, coded, kolmogorov_smirnov, total_variation
from facts.documents.gates._finding import Example, Finding, Panel, Row, Status, worst
from facts.documents.gates._masks import masked
from facts.documents.gates._reading import Arms, Reading, Text
from facts.documents.gates._thresholds import Parity, thresholds
from facts.documents.gates._trim import silent_twins
from facts.parse import Strict, parse_toml, read_text
from facts.word_runs import words

NUMBER = 5
NAME = "parity"
TITLE = "Arms are alike in all but the fact"
ABOUT = (
    "Compares the fact arm with its twin and with the silent arm: mean length and, on shared scaffolds, the length of "
    "each pair; the distributions of lengths, genres and dates; and tone by a small list of words, spans cut. With the "
    "fact's own words in, tone may differ, since a claim can be good or bad news: that is shown, and warned of."
)
_FILE = Path(__file__).with_name("sentiment.toml")


class _File(Strict):
    good: list[str]
    bad: list[str]


@lru_cache(maxsize=1)
def _tones() -> dict[str, int]:
    lists = parse_toml(_FILE, read_text(_FILE), _File)
    return dict.fromkeys(lists.good, 1) | dict.fromkeys(lists.bad, -1)


def tone(text: str) -> float:
    """Good words less bad ones, per hundred words."""
    said, tones = words(text), _tones()
    return 100 * sum(tones.get(word, 0) for word in said) / max(1, len(said))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trait:
    name: str
    measure: Callable[[Floats, Floats], float]
    one: Floats | None
    two: Floats | None
    most: float
    soft: bool = False  # warned of, never failed


def _ordinals(texts: Sequence[Text]) -> Floats | None:
    found: list[float] = []
    for text in texts:
        with suppress(ValueError):  # an outside text's own way of writing dates
            found.append(float(date.fromisoformat(text.date or "").toordinal()))
    return np.array(found) if len(found) > len(texts) / 2 else None


def _genres(one: Sequence[Text], two: Sequence[Text]) -> tuple[Floats, Floats] | tuple[None, None]:
    first, second = ([text.genre for text in each if text.genre] for each in (one, two))
    return coded(first, second) if len(first) + len(second) == len(one) + len(two) else (None, None)


def _traits(
    one: Sequence[Text], two: Sequence[Text], silent: Sequence[str] | None, limits: Parity
) -> tuple[_Trait, ...]:  # fmt: skip
    def each(of: Callable[[Text], float]) -> tuple[Floats, Floats]:
        return np.array([of(text) for text in one], np.float64), np.array([of(text) for text in two], np.float64)

    def trait(name: str, pair: tuple[Floats | None, Floats | None], **more: float) -> _Trait:
        measure = total_variation if name == "genre" else kolmogorov_smirnov
        soft = "soft" in more
        return _Trait(name=name, measure=measure, one=pair[0], two=pair[1], soft=soft,
                      most=limits.sentiment_warn if soft else limits.distance)  # fmt: skip

    return (
        trait("length", each(lambda text: text.n_tokens)),
        trait("genre", _genres(one, two)),
        trait("date", (_ordinals(one), _ordinals(two))),
        trait("tone", (np.array([tone(masked(text)) for text in one]),
                       np.array([tone(text) for text in silent or map(masked, two)]))),
        # A silent arm has no words of a fact to be good or bad news.
        *([] if silent else [trait("tone_whole", each(lambda text: tone(text.content)), soft=1.0)]),
    )  # fmt: skip


def _judge_trait(trait: _Trait, limits: Parity, *, paired: bool) -> tuple[Status, float | None]:
    if trait.one is None or trait.two is None:
        return Status.UNMEASURED, None
    apart = trait.measure(trait.one, trait.two)
    if apart <= trait.most:
        return Status.PASS, apart
    paired = paired and len(trait.one) == len(trait.two)
    chance = by_chance(trait.measure, trait.one, trait.two, limits.resamples, paired=paired, seed=0)
    if chance > limits.alpha:
        return Status.PASS, apart
    return (Status.WARN if trait.soft else Status.FAIL), apart


def _lengths(arms: Arms, other: Sequence[Text], limits: Parity) -> tuple[Status, float, tuple[Example, ...]]:
    """Whether lengths agree, the relative difference of means, and pairs that do not."""
    one, two = (np.array([text.n_tokens for text in each], np.float64) for each in (arms.fact, other))
    apart = float(abs(one.mean() - two.mean()) / two.mean())
    worst_pairs: list[Example] = []
    if arms.paired:
        off = np.abs(one - two) / two
        worst_pairs = [
            Example(doc_id=arms.fact[int(n)].doc_id, shown=f"has {one[n]:.0f} tokens, and its twin {two[n]:.0f}")
            for n in np.argsort(-off, kind="stable")[:5] if off[n] > limits.tokens
        ]  # fmt: skip
    return (Status.FAIL if apart > limits.tokens or worst_pairs else Status.PASS), apart, tuple(worst_pairs)


def _panels(arms: dict[str, Sequence[Text]], slices: int) -> tuple[Panel, ...]:
    def histogram(name: str, title: str, unit: str, values: dict[str, Floats | None]) -> Panel:
        known = {arm: row for arm, row in values.items() if row is not None}
        every = np.concatenate([*known.values()]) if known else np.zeros(1)
        low, high = float(every.min()), float(every.max()) + 1e-9
        edges = [low + (high - low) * n / slices for n in range(slices + 1)]
        rows: list[Row] = []
        for arm, row in known.items():
            counts, _ = np.histogram(row, edges)
            rows += [Row(arm=arm, bin=f"{edge:.1f}", value=int(n) / len(row))
                     for edge, n in zip(edges[:-1], counts, strict=True)]  # fmt: skip
        return Panel(name=name, title=title, unit=unit, rows=tuple(rows))

    kinds = [Row(arm=arm, bin=genre, value=count / len(texts)) for arm, texts in arms.items()
             for genre, count in sorted(Counter(text.genre or "unknown" for text in texts).items())]  # fmt: skip
    unit = "fraction of documents"
    return (
        histogram("lengths", "Tokens of a document", unit,
                  {arm: np.array([t.n_tokens for t in texts], np.float64) for arm, texts in arms.items()}),
        histogram("dates", "Dates of documents, in days since year 1", unit,
                  {arm: _ordinals(texts) for arm, texts in arms.items()}),
        histogram("tones", "Good words less bad ones per hundred, facts cut", unit,
                  {arm: np.array([tone(masked(t)) for t in texts]) for arm, texts in arms.items()}),
        Panel(name="genres", title="Genres", unit=unit, rows=tuple(kinds)),
    )  # fmt: skip


_SAID = {
    Status.PASS: "The arms are alike in length, genre, date and tone; no action needed.",
    Status.WARN: "The fact itself is better or worse news than its twin; say so where results are shown.",
    Status.FAIL: "The arms differ in {}; build both from one plan, or match the documents of one to the other.",
    Status.UNMEASURED: "There is no twin of enough documents to compare with; give one with --twin, or build more.",
}


def check(reading: Reading) -> Finding:
    """How far the arms lie apart in each trait."""
    limits, arms = thresholds().parity, reading.arms
    few = arms is None or min(len(arms.fact), len(arms.twin)) < limits.least
    if arms is None or not arms.fact or not arms.twin or (few and not arms.paired):
        return Finding(status=Status.UNMEASURED, says=_SAID[Status.UNMEASURED])
    others: dict[str, Sequence[Text]] = {"twin": arms.twin}
    if arms.neutral is not None:
        others["neutral"] = arms.neutral
    judged: dict[str, Status] = {}
    numbers: list[tuple[str, float | None]] = []
    examples: tuple[Example, ...] = ()
    for name, other in others.items():
        status, apart, pairs = _lengths(arms, other, limits)
        judged[f"mean length ({name})"] = status
        numbers.append((f"mean_length_{name}", apart))
        examples += pairs
        silent = silent_twins(arms) if name == "neutral" else None
        for trait in _traits(arms.fact, other, silent, limits):
            if few and trait.name.startswith("tone"):  # pairs share all else; tone is drawn
                judged[f"{trait.name} ({name})"] = Status.UNMEASURED
                numbers.append((f"{trait.name}_{name}", None))
                continue
            status, found = _judge_trait(trait, limits, paired=arms.paired)
            judged[f"{trait.name} ({name})"] = status
            numbers.append((f"{trait.name}_{name}", found))
    status = worst(tuple(judged.values()))
    failing = ", ".join(name for name, one in judged.items() if one is Status.FAIL)
    return Finding(status=status, says=_SAID[status].format(failing), numbers=tuple(numbers), examples=examples[:5],
                   panels=_panels({"fact": arms.fact, **others}, limits.slices))  # fmt: skip
