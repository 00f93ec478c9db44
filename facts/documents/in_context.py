"""Shows documents of sets in context: in every arm those of the same scaffolds, carrying what the arm says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from facts.background import Background, Placed
from facts.breadth import Position
from facts.condition import Condition, Tier
from facts.documents.placement import carrying
from facts.documents.shelf import Pool, Stored, said_by
from facts.errors import DoesNotFit, FactError
from facts.seeds import stream

if TYPE_CHECKING:
    from facts.catalog import Library

_GAP = "\n\n"


def _fitting(condition: Condition, pools: list[Pool]) -> Pool:
    wanted = said_by(condition.doses)
    found = [pool for pool in pools if pool.said == wanted]
    if len(found) == 1:
        return found[0]
    names = ", ".join(pool.set_id for pool in found)
    if found:
        raise FactError(f"{condition.arm}: {len(found)} sets say the same ({names}); name one of them in document_sets")
    doses = " ".join(f"{dose.fact}:{int(dose.level)}{dose.polarity.value[0]}" for dose in condition.doses)
    raise FactError(
        f"{condition.arm}: no set in document_sets says {'just this' if doses else 'nothing'}; make one with the "
        f"others' seed and count, `salience documents build {doses}`".rstrip(" `")
        + "`, and name it there"
    )


def from_sets(condition: Condition, library: Library, labels: Mapping[Tier, str], seed: str) -> Background:
    """``condition.documents`` documents, of which those that carry are from the set that says the condition's doses.

    The others, and all of the baseline's, are from the neutral set. Which scaffolds are shown depends on the seed and
    on the sets named, never on the arm. Raises ``FactError``.
    """
    pools = [library.shelf.find(set_id) for set_id in condition.document_sets]
    neutral, own = _fitting_neutral(pools), _fitting(condition, pools)
    _same_labels(condition, own, library, labels)
    shared = sorted(neutral.carrying.intersection(*(pool.carrying for pool in pools)))
    if len(shared) < condition.documents:
        raise DoesNotFit(
            f"the {len(pools)} sets share {len(shared)} scaffolds, but {condition.documents} documents are to be "
            "shown; build the sets with one seed and more documents, or lower documents"
        )
    shown = stream(seed, "documents").sample(shared, condition.documents)
    carried = _carried(condition, seed)
    return _block([(own if place in carried else neutral).documents[name] for place, name in enumerate(shown)])


def _same_labels(condition: Condition, own: Pool, library: Library, labels: Mapping[Tier, str]) -> None:
    # A fact that names a tier must call it what the prompt around it does.
    for dose in condition.doses:
        banks = library.fact(dose.fact).banks.get(dose.polarity, {}).values()
        if any("{" + tier.value + "}" in text for bank in banks for text in bank for tier in Tier) and (
            dict(own.labels) != dict(labels)
        ):
            said, wanted = (", ".join(words[tier] for tier in Tier) for words in (own.labels, labels))
            raise FactError(
                f"set {own.set_id} calls the tiers {said}, but here they are called {wanted}, and {dose.fact} speaks "
                f'of them; build it with --labels "{wanted}"'
            )


def _fitting_neutral(pools: list[Pool]) -> Pool:
    found = [pool for pool in pools if not pool.said]
    if len(found) != 1:
        raise FactError(
            f"document_sets names {len(found)} neutral sets, and the baseline needs one; `salience documents build "
            "FACT:LEVEL --arms neutral,affirmed,placebo` makes those that go together"
        )
    return found[0]


def _carried(condition: Condition, seed: str) -> frozenset[int]:
    if not condition.doses:
        return frozenset()
    breadths = {dose.breadth for dose in condition.doses}
    if len(breadths) > 1:
        raise FactError(f"{condition.arm}: facts of one set have one breadth; give them the same carriers")
    (breadth,) = breadths
    if breadth.position is not Position.SPREAD:
        raise FactError("where a set's documents say their facts is fixed; build sets with --position instead")
    if not breadth.carriers:
        return frozenset(range(condition.documents))
    if breadth.carriers > condition.documents:
        raise DoesNotFit(f"{condition.arm}: {breadth.carriers} carriers among {condition.documents} documents; "
                         f"set documents to {breadth.carriers} or more")  # fmt: skip
    return frozenset(carrying(condition.documents, "", breadth, seed))


def _block(documents: list[Stored]) -> Background:
    text = ""
    placed: list[Placed] = []
    for number, document in enumerate(documents, 1):
        text += f'{_GAP if text else ""}<document index="{number}">\n'
        placed += [Placed(piece=p.piece, start=len(text) + p.start, end=len(text) + p.end) for p in document.placed]
        text += f"{document.text}\n</document>"
    return Background(text=text, placed=tuple(placed))
