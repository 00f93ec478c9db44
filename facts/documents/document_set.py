"""A document set: K documents of which some carry doses, on scaffolds that every other arm of the set shares.

The API that gates, exports and other generators are written against::

    plan = SetPlan(                                     # facts.documents.set_plan: all that decides a set
        count=400,                                      # K
        seed="s",
        carried=(Carried(dose=Dose(fact="objections_read", level=4), carriers=100),),   # depth 4, breadth 100
        tokens=300,                                     # mean length; ±SPREAD by scaffold, the same in every arm
        position=Position.SPREAD,                       # heading | lead | early | middle | late | closing | spread
        order=Order.DRAWN,                              # drawn | carriers_first | carriers_last | date
        top_up=TopUp.NEUTRAL,                           # what non-carriers say: nothing, or the placebo twin
    )
    whole = build_set(plan, library)                    # DocumentSet: set_id, plan, claims, generator, documents
    whole.documents[i].text / .placed / .doses          # Placed(piece, start, end): text[start:end] == piece.text
    for document in write_documents(plan, library): …   # the same documents one by one, in flat memory

    from facts.documents.formats.set_folder import write_set, read_set
    folder = write_set(whole, Path("documents"))        # documents/<set_id>/documents.jsonl + set.json; immutable
    manifest, records = read_set(folder)                # Manifest and Record are pydantic models; sha256 verified

Promises, each a test: same plan, same bytes. Another seed, no document in common. Document i of two arms with one seed
has the same scaffold and length, and differs only in fact pieces and the filler that they displace. With
``Order.DRAWN`` the first n documents of a larger set are the set of n documents with as many carriers as fall among
them. Carriers of a smaller m are among those of a larger m. Other generators (a language model) make a ``DocumentSet``
of their own ``Document`` rows with ``collect``, and use the same formats and gates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from facts.background import Piece
from facts.catalog import Library
from facts.condition import Tier
from facts.documents.document import Document, write
from facts.documents.phrase import TIERS, Phrases
from facts.documents.scaffold import scaffold
from facts.documents.set_plan import Order, SetPlan, TopUp, carriers
from facts.errors import TooShort
from facts.salience import Dose, Polarity
from facts.seeds import stream

GENERATOR = "template"
# Raised whenever the same plan gives other bytes.
VERSION = 1
# How far a document's length may lie from the plan's mean, as a fraction of it.
SPREAD = 0.1
# A plan whose documents are too short is told what is enough, to so many tokens, by so many of its documents.
_STEP = 10
_TRIED = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSet:
    """The documents of one arm in the plan's order; ``set_id`` is derived from the plan and all of them.

    ``claims`` has the claim of each carried fact by slug. ``model`` is empty where no model wrote any of it.
    ``labels`` are the words that wordings call the tiers by, where they speak of them.
    """

    set_id: str
    plan: SetPlan
    claims: Mapping[str, str]
    documents: tuple[Document, ...]
    generator: str = GENERATOR
    version: int = VERSION
    model: str = ""
    labels: Mapping[Tier, str] = field(default_factory=lambda: TIERS)


def length(plan: SetPlan, doc_seed: str) -> int:
    """The tokens of the document with that seed: the same in every arm."""
    return int(plan.tokens * stream(doc_seed, "length").uniform(1 - SPREAD, 1 + SPREAD))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    """What document ``index`` is to say."""

    index: int
    doses: tuple[Dose, ...]
    pieces: tuple[Piece, ...]
    carries: bool


def _loads(plan: SetPlan, library: Library, labels: Mapping[Tier, str]) -> Iterator[_Load]:
    # Always by index, so that the order in which documents are shown never decides their words.
    carrying = {one: carriers(plan, one) for one in plan.carried}
    phrases = {one: Phrases(library.fact(one.dose.fact), plan.seed, labels) for one in plan.carried}
    for index in range(plan.count):
        doses: list[Dose] = []
        said: list[tuple[Piece, ...]] = []
        for one, numbers in carrying.items():
            if index in numbers:
                dose = one.dose
            elif plan.top_up is TopUp.PLACEBO:
                dose = replace(one.dose, polarity=Polarity.PLACEBO)
            else:
                continue
            if dose.level:
                doses.append(dose)
                said.append(phrases[one].draw(dose, index))
        carries = any(index in numbers for numbers in carrying.values())
        yield _Load(index=index, doses=tuple(doses), pieces=_interleave(said), carries=carries)


def _in_order(plan: SetPlan, loads: Iterator[_Load]) -> Iterable[_Load]:
    match plan.order:
        case Order.DRAWN:
            return loads
        case Order.CARRIERS_FIRST:
            return sorted(loads, key=lambda load: not load.carries)
        case Order.CARRIERS_LAST:
            return sorted(loads, key=lambda load: load.carries)
        case Order.DATE:
            return sorted(loads, key=lambda load: scaffold(plan.seed, load.index).date)


def write_documents(
    plan: SetPlan, library: Library, *, labels: Mapping[Tier, str] = TIERS, only: frozenset[int] | None = None
) -> Iterator[Document]:  # fmt: skip
    """The documents of the plan one by one, in its order; of ``only`` those indices, and the same as among all.

    Raises ``UnknownName``, ``MissingWording``, or ``TooShort`` when ``plan.tokens`` is too small for the doses, with
    the mean length that is enough.
    """
    try:
        yield from _written(plan, library, labels, only)
    except TooShort as error:
        mean = _enough(replace(plan, count=min(plan.count, _TRIED)), library, labels)
        raise TooShort(f"{error}: set tokens, their mean length, to {mean} or more", mean) from error


def _written(
    plan: SetPlan, library: Library, labels: Mapping[Tier, str], only: frozenset[int] | None = None
) -> Iterator[Document]:  # fmt: skip
    for load in _in_order(plan, _loads(plan, library, labels)):
        if only is not None and load.index not in only:
            continue
        base = scaffold(plan.seed, load.index)
        document = write(base, load.pieces, length(plan, base.seed), plan.position)
        yield replace(document, doses=load.doses)


def _enough(plan: SetPlan, library: Library, labels: Mapping[Tier, str]) -> int:
    carried = tuple(replace(one, carriers=None) for one in plan.carried)
    while True:
        try:
            for _ in _written(replace(plan, carried=carried), library, labels):
                pass
        except TooShort as error:
            plan = replace(plan, tokens=max(plan.tokens + _STEP, int(error.least / (1 + SPREAD))))
        else:
            return -(-plan.tokens // _STEP) * _STEP


def _interleave(lists: Iterable[tuple[Piece, ...]]) -> tuple[Piece, ...]:
    # Facts take turns, each in its own order; late pieces of all of them close the document.
    rows = list(lists)
    longest = max(map(len, rows), default=0)
    mixed = [row[n] for n in range(longest) for row in rows if n < len(row)]
    return tuple(sorted(mixed, key=lambda piece: piece.late))


def collect(
    plan: SetPlan, claims: Mapping[str, str], documents: Iterable[Document], *,
    generator: str = GENERATOR, version: int = VERSION, model: str = "", labels: Mapping[Tier, str] = TIERS,
) -> DocumentSet:  # fmt: skip
    """A set of finished documents, named by its content."""
    rows = tuple(documents)
    names = "|".join((repr(plan), generator, str(version), model, *(document.doc_id for document in rows)))
    return DocumentSet(
        set_id=hashlib.sha256(names.encode()).hexdigest()[:16], plan=plan, claims=dict(claims), documents=rows,
        generator=generator, version=version, model=model, labels=dict(labels),
    )  # fmt: skip


def build_set(
    plan: SetPlan, library: Library, *, labels: Mapping[Tier, str] = TIERS
) -> DocumentSet:  # fmt: skip
    """All documents of the plan, with the errors of :func:`write_documents`."""
    claims = {one.dose.fact: library.fact(one.dose.fact).claim for one in plan.carried}
    return collect(plan, claims, write_documents(plan, library, labels=labels), labels=labels)
