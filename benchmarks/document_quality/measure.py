"""Measures what the gates measure, over facts, levels, sizes and seeds, and over sets that were spoiled on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from benchmarks.document_quality import spoiled
from facts.catalog import shipped
from facts.documents.gates import Finding, Reading, Status, diversity, fingerprint, leakage, parity, presence
from facts.documents.gates._thresholds import thresholds
from facts.own_words import own_words
from facts.salience import Part, Polarity
from facts.tokens import count_tokens

FACTS = (
    "objections_read",
    "weights_kept",
    "is_evaluation",
    "scratchpad_read",
    "control_footbridge",
    "motive_is_revenue",
)
LEVELS = (1, 3, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One measured set: what it is, its size, and what one gate found in it."""

    name: str
    count: int
    finding: Finding

    def number(self, name: str) -> float | None:
        """A number of the finding."""
        return dict(self.finding.numbers).get(name)


def _sets(repeats: dict[int, int]) -> Iterator[tuple[int, Reading]]:
    for count, times in repeats.items():
        for number in range(times):
            yield count, spoiled.reading(
                fact=FACTS[number % len(FACTS)], level=LEVELS[number % 3], polarity=tuple(Polarity)[number // 3 % 3],
                count=count, seed=f"quality {number}", tokens=320,
            )  # fmt: skip


def good(repeats: dict[int, int]) -> dict[str, list[Case]]:
    """Fingerprint, diversity and parity of sets as the generator writes them, by gate."""
    found: dict[str, list[Case]] = {"fingerprint": [], "diversity": [], "parity": [], "presence": [], "leakage": []}
    for count, read in _sets(repeats):
        for gate in (presence, leakage, fingerprint, diversity, parity):
            found[gate.NAME].append(Case(name="as written", count=count, finding=gate.check(read)))
    return found


def giveaways(sizes: dict[int, int], shares: tuple[float, ...]) -> list[Case]:
    """The fingerprint gate on arms of which one has a word more in a share of its documents."""
    found: list[Case] = []
    for count, times in sizes.items():
        for turn in range(times):
            read = spoiled.reading(count=count, seed=f"giveaway {turn}")
            assert read.arms is not None
            for share in shares:
                planted = replace(read, arms=spoiled.giveaway(read.arms, "zeppelin", share, f"{turn}"))
                found.append(Case(name=f"{share:.0%}", count=count, finding=fingerprint.check(planted)))
    return found


def repetitive(count: int) -> list[Case]:
    """The diversity gate on near copies, one frame and one author."""
    read = spoiled.reading(count=count, seed="repetitive")
    bad: dict[str, spoiled.Spoil] = {
        "one document in twenty a near copy": spoiled.near_copies(0.05),
        "one document in ten a near copy": spoiled.near_copies(0.1),
        "half of the documents near copies": spoiled.near_copies(0.5),
        "every document from one frame": spoiled.one_frame,
        "one author in a twelfth of the documents": spoiled.one_author(1 / 12),
    }
    return [Case(name=name, count=count, finding=diversity.check(spoil(read))) for name, spoil in bad.items()]


def unequal(count: int) -> list[Case]:
    """The parity gate on twins that are longer, of one genre, later, or more cheerful."""
    read = spoiled.reading(count=count, seed="unequal")
    bad: dict[str, spoiled.Spoil] = {
        "twin 3 % longer": spoiled.longer_twin(0.03),
        "a tenth of the twin made memos": spoiled.twin_of_one_genre(0.1),
        "twin dated in 2025": spoiled.later_twin,
        "twin ends on a cheerful note": spoiled.cheerful_twin,
    }
    return [Case(name=name, count=count, finding=parity.check(spoil(read))) for name, spoil in bad.items()]


def leaking(count: int) -> list[Case]:
    """Presence and leakage on a sentence planted in one document in ten; the sentences are in leaks.toml."""
    read = spoiled.reading(count=count, level=1, seed="leaking")
    return [
        Case(name=f"{name} ({gate.NAME})", count=count, finding=gate.check(spoiled.say(sentence, 0.1)(read)))
        for name, sentence in spoiled.sentences().items() for gate in (presence, leakage)
    ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Mean tokens of mentions and statements of one bank: whole, and without what the twin says in the same words."""

    fact: str
    polarity: Polarity
    whole: tuple[float, float]
    claim: tuple[float, float]


def banks() -> list[Said]:
    """Every bank of the library."""
    found: list[Said] = []
    for fact, polarity in product(shipped().facts.values(), Polarity):
        other = Polarity.AFFIRMED if polarity is Polarity.PLACEBO else Polarity.PLACEBO
        whole: list[float] = []
        claim: list[float] = []
        for part in (Part.MENTION, Part.STATE):
            pairs = list(zip(fact.wordings(polarity, part), fact.wordings(other, part), strict=True))
            whole.append(float(np.mean([count_tokens(one) for one, _ in pairs])))
            claim.append(float(np.mean([count_tokens(own_words(one, two)) for one, two in pairs])))
        found.append(Said(fact=fact.slug, polarity=polarity, whole=(whole[0], whole[1]), claim=(claim[0], claim[1])))
    return found


def share(cases: list[Case], status: Status) -> float:
    """How many of the cases have that status (0–1)."""
    return sum(case.finding.status is status for case in cases) / max(1, len(cases))


LIMITS = thresholds()
