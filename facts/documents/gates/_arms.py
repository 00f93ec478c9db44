"""Writes anew, from a template set's plan, what gates compare it with: its twins, silent scaffolds, other levels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from facts.catalog import Library
from facts.condition import Tier
from facts.documents.document_set import GENERATOR, VERSION, DocumentSet, write_documents
from facts.documents.formats.jsonl import record
from facts.documents.formats.set_folder import Manifest
from facts.documents.gates._airtime import claim_airtime
from facts.documents.gates._reading import Arms, Reading, Rung, Text, carrying
from facts.documents.gates._text import text_of
from facts.documents.gates._thresholds import thresholds
from facts.documents.identity import plan_from
from facts.documents.set_plan import Carried, SetPlan, TopUp, carriers
from facts.errors import DoesNotFit
from facts.salience import Polarity, Salience


def plan_of(said: Manifest) -> SetPlan | None:
    """The plan of a template set of the present version; ``None`` of all other sets."""
    if said.generator != GENERATOR or said.version != VERSION:
        return None
    return plan_from(said)


_Labels = Mapping[Tier, str]


def _written(
    plan: SetPlan, library: Library, only: frozenset[int], set_id: str, labels: _Labels
) -> tuple[tuple[int, Text], ...]:  # fmt: skip
    claims = {one.dose.fact: library.fact(one.dose.fact).claim for one in plan.carried}
    whole = DocumentSet(set_id=set_id, plan=plan, claims=claims, documents=())
    return tuple((document.index, text_of(record(whole, document)))
                 for document in write_documents(plan, library, labels=labels, only=only))  # fmt: skip


def _flipped(plan: SetPlan) -> SetPlan:
    # A set in which only placebos speak is compared with the fact that they stand for.
    quiet = all(one.dose.polarity is Polarity.PLACEBO or not plan.breadth(one) for one in plan.carried)
    to = Polarity.AFFIRMED if quiet else Polarity.PLACEBO
    return replace(plan, carried=tuple(
        Carried(dose=replace(one.dose, polarity=to), carriers=plan.count if not plan.breadth(one) else one.carriers)
        for one in plan.carried
    ))  # fmt: skip


def _speaking(plan: SetPlan) -> tuple[int, ...]:
    """The indices of the documents that carry; where none does, of those that say a placebo."""
    present = [one for one in plan.carried if one.dose.level]
    loud = {n for one in present if one.dose.polarity is not Polarity.PLACEBO for n in carriers(plan, one)}
    quiet = {n for one in present for n in carriers(plan, one)}
    topped = range(plan.count) if present and plan.top_up is TopUp.PLACEBO else ()
    return tuple(sorted(loud or quiet or topped))


def _evenly(rows: tuple[int, ...], most: int) -> frozenset[int]:
    return frozenset(rows if len(rows) <= most else (rows[n * len(rows) // most] for n in range(most)))


def rebuilt_arms(reading: Reading, plan: SetPlan, library: Library, labels: _Labels) -> Reading:
    """The reading with arms, rebuilt documents and the ladder of levels; ``DoesNotFit`` for a plan that is none."""
    limits = thresholds()
    speaking = _speaking(plan)
    again = _evenly(tuple(range(plan.count)), limits.reproducible.sample)
    rebuilt = tuple(text for _, text in _written(plan, library, again, reading.set_id, labels))
    rungs = tuple(_ladder(plan, library, _evenly(speaking, limits.reproducible.ladder), labels))
    return replace(reading, rebuilt=rebuilt, ladder=rungs, arms=_arms(reading, plan, library, speaking, labels))


def _arms(
    reading: Reading, plan: SetPlan, library: Library, speaking: tuple[int, ...], labels: _Labels
) -> Arms | None:  # fmt: skip
    if not speaking or not carrying(reading.texts):
        return None
    only = _evenly(speaking, thresholds().fingerprint.pairs)
    twin = _by_scaffold(_written(_flipped(plan), library, only, reading.set_id, labels))
    neutral = _by_scaffold(_written(replace(plan, carried=()), library, only, reading.set_id, labels))
    # Paired by what the folder says: a document that was changed keeps no twin.
    chosen = tuple(text for text in reading.texts if text.scaffold in twin and text.scaffold in neutral)
    return Arms(
        fact=chosen, twin=tuple(twin[t.scaffold] for t in chosen), paired=True,
        neutral=tuple(neutral[t.scaffold] for t in chosen),
    )  # fmt: skip


def _by_scaffold(rows: Iterable[tuple[int, Text]]) -> Mapping[str | None, Text]:
    return {text.scaffold: text for _, text in rows}


def _ladder(plan: SetPlan, library: Library, only: frozenset[int], labels: _Labels) -> Iterable[Rung]:
    for one in plan.carried:
        for level in Salience:
            if not level or not only:
                continue
            alone = replace(plan, top_up=TopUp.NEUTRAL, carried=(Carried(dose=replace(one.dose, level=level)),))
            try:
                written = [
                    text for _, text in sorted(_written(alone, library, only, "", labels), key=lambda row: row[0])
                ]
            except DoesNotFit:
                yield Rung(fact=one.dose.fact, level=int(level), whole=None, claim=None)
                continue
            yield Rung(
                fact=one.dose.fact, level=int(level),
                whole=tuple(text.airtime for text in written if text.airtime is not None),
                claim=tuple(claim_airtime(text, library.fact(one.dose.fact)) for text in written),
            )  # fmt: skip
