"""Says which set may stand as another's twin: the same facts, placebo against spoken, on the same scaffolds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from facts.documents.formats.set_folder import CarriedRecord, Manifest, TwinRecord
from facts.documents.gates._reading import Arms, Text, carrying
from facts.documents.gates._thresholds import thresholds
from facts.errors import FactError
from facts.salience import Polarity


class NoTwin(FactError):  # noqa: N818  (reads as what it is)
    """The set that was named is no twin of the one that is checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSet:
    """A set as it was read back; ``said`` is ``None`` of an import."""

    folder: Path
    set_id: str
    sha256: str
    texts: tuple[Text, ...]
    said: Manifest | None

    @property
    def known(self) -> TwinRecord:
        """What is recorded of it where it was the twin."""
        return TwinRecord(set_id=self.set_id, sha256=self.sha256)


def _present(said: Manifest) -> dict[str, CarriedRecord]:
    return {one.fact: one for one in said.carried if one.level}


def _recipe(said: Manifest) -> str:
    """The command that makes the twin of a template set, in words."""
    doses: list[str] = []
    for fact, one in _present(said).items():
        letter = "a" if one.polarity == Polarity.PLACEBO else "p"
        doses.append(f"{fact}:{one.level}{letter}{'' if one.carriers == said.count else f'@{one.carriers}'}")
    rest = f"--count {said.count} --seed {said.seed!r} --tokens {said.tokens}"
    if said.generator == "template":
        return f"make it with `salience documents build {' '.join(doses)} {rest}`"
    return f"give the set of {' '.join(doses)} that was generated with it (seed {said.seed!r})"


def _fault(own: ReadSet, other: ReadSet) -> str | None:
    if own.folder.resolve() == other.folder.resolve() or own.set_id == other.set_id or own.sha256 == other.sha256:
        return "it is the set itself, and nothing can be told from comparing a set with itself"
    if {text.content for text in carrying(own.texts)} == {text.content for text in carrying(other.texts)}:
        return "its documents are word for word those of the set, so there is nothing to compare"
    if own.said is None or other.said is None:
        return None
    if own.said.seed != other.said.seed and all(t.scaffold for t in (*own.texts, *other.texts)):
        return f"it has another seed ({other.said.seed!r}, not {own.said.seed!r}), so its scaffolds are not the set's"
    return _mismatch(_present(own.said), _present(other.said))


def _mismatch(mine: dict[str, CarriedRecord], theirs: dict[str, CarriedRecord]) -> str | None:
    if not mine:
        return "the set carries no fact, so it has no twin; leave --twin out"
    if mine.keys() != theirs.keys():
        return f"it carries {', '.join(sorted(theirs)) or 'nothing'}, and the set {', '.join(sorted(mine))}"
    for fact, one in mine.items():
        if (one.polarity == Polarity.PLACEBO) is (theirs[fact].polarity == Polarity.PLACEBO):
            return f"both say {fact} ({one.polarity} and {theirs[fact].polarity}); a twin is its placebo"
    return None


def refuse(own: ReadSet, other: ReadSet) -> None:
    """``NoTwin`` where the other is no twin, with what to give instead."""
    fault = _fault(own, other)
    if fault is None:
        return
    way = "give the placebo arm of it, from the same source"
    if own.said is not None and _present(own.said):
        way = _recipe(own.said)
    raise NoTwin(f"{other.folder}: is no twin of {own.set_id}: {fault}; {way}")


def outside_arms(own: ReadSet, other: ReadSet) -> Arms:
    """The arms of a set and the twin that was named, paired where every carrier has its scaffold in both."""
    most = thresholds().fingerprint.pairs
    fact, twin = carrying(own.texts), carrying(other.texts) or other.texts
    by_scaffold = {text.scaffold: text for text in twin if text.scaffold}
    shared = [text for text in fact if text.scaffold in by_scaffold]
    paired = len(shared) == len(fact) == len(twin)
    if paired:
        chosen = spread(tuple(shared), most)
        return Arms(fact=chosen, twin=tuple(by_scaffold[t.scaffold or ""] for t in chosen), neutral=None, paired=True)
    return Arms(fact=spread(fact, most), twin=spread(twin, most), neutral=None, paired=False)


def spread(texts: tuple[Text, ...], most: int) -> tuple[Text, ...]:
    """At most so many of them, evenly from beginning to end."""
    if len(texts) <= most:
        return texts
    return tuple(texts[n * len(texts) // most] for n in range(most))
