"""Exports a curve of doses at one volume: as many documents each time, of which more and more carry the fact.

Each dose is a template set of its own, built, kept and gated like any other. Its other documents are the placebo twins
on the same scaffolds, so that doses differ in nothing else; and carriers are nested, so that a larger dose holds every
fact document of a smaller one, word for word.
"""

from __future__ import annotations

import shutil
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from facts.catalog import Library
from facts.documents.approval import check
from facts.documents.document_set import GENERATOR, build_set, write_documents
from facts.documents.exports._source import Source, read_source
from facts.documents.exports._split import held_out
from facts.documents.exports._write import Exported, Wish, export, move, scratch_for
from facts.documents.formats.set_folder import Manifest, read_manifest, write_set
from facts.documents.set_plan import Carried, Order, Position, SetPlan, TopUp, carriers
from facts.errors import FactError
from facts.salience import Dose, Polarity, Salience

# So many documents are written again to see whether the set on disk is what its plan gives today.
_LOOK = 50


def export_doses(
    folder: Path, into: Path, wish: Wish, doses: Sequence[int], library: Library, sets: Path
) -> tuple[tuple[int, Exported], ...]:  # fmt: skip
    """One export a dose below ``into``, all or none; the sets that they are made of are kept in ``sets``.

    A dose is the number of fact documents in the training file. Raises ``FactError`` for a set that is no template set
    of one fact in drawn order, or that its plan does not give any more.
    """
    wanted = _wanted(doses)
    said, source = read_manifest(folder), read_source(folder)
    plan = _plan(said, source, library)
    plan = replace(plan, count=min(plan.count, wish.limit or plan.count), top_up=TopUp.PLACEBO)
    scaffolds = [one.scaffold for one in source.documents[: plan.count]]
    apart = held_out(scaffolds, wish.validation, wish.seed)
    train = frozenset(index for index, scaffold in enumerate(scaffolds) if scaffold not in apart)
    if wanted[-1] > len(train):
        raise FactError(
            f"a dose of {wanted[-1]:,} needs as many documents in training, this set leaves {len(train):,} there; "
            "build a larger set, or lower --validation"
        )
    plans = [_at(plan, dose, train) for dose in wanted]
    scratch = scratch_for(into)
    try:
        made = [
            export([_kept(one, library, sets)], scratch / "export" / f"dose-{dose}", replace(wish, limit=None))
            for dose, one in zip(wanted, plans, strict=True)
        ]
        new = move(scratch / "export", into)
    except OSError as error:
        raise FactError(f"{into}: cannot be written ({error.strerror or error}); nothing was exported") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return tuple(
        (dose, replace(one, folder=into / one.folder.name, new=new)) for dose, one in zip(wanted, made, strict=True)
    )


def _wanted(doses: Sequence[int]) -> list[int]:
    if not doses or min(doses) < 0 or len(set(doses)) < len(doses):
        raise FactError(f"doses are different numbers from 0, as in --doses 0,250,1000; got {list(doses)}")
    return sorted(doses)


def _plan(said: Manifest, source: Source, library: Library) -> SetPlan:
    """The plan that the set was written by, proven on its first documents."""
    where = f"set {said.set_id}"
    if said.generator != GENERATOR or said.model:
        raise FactError(f"{where}: only template sets have twins to top up with; export its doses as sets of their own")
    if len(said.carried) != 1 or not said.carried[0].level or said.carried[0].polarity == Polarity.PLACEBO:
        has = ", ".join(f"{one.fact} {one.polarity} {one.level}" for one in said.carried) or "none"
        raise FactError(f"{where}: a curve of doses is of one fact, affirmed or negated; this set carries {has}")
    if said.order != Order.DRAWN:
        raise FactError(f"{where}: its order is {said.order}; order plays no part in training, so build it as drawn")
    (one,) = said.carried
    dose = Dose(fact=one.fact, level=Salience(one.level), polarity=Polarity(one.polarity))
    plan = SetPlan(
        count=said.count, seed=said.seed, tokens=said.tokens, position=Position(said.position),
        top_up=TopUp(said.top_up), carried=(Carried(dose=dose, carriers=one.carriers),),
    )  # fmt: skip
    first = [document.doc_id for document in islice(write_documents(plan, library), _LOOK)]
    if first != [document.doc_id for document in source.documents[:_LOOK]]:
        raise FactError(
            f"{where}: the library or the generator has changed since it was written, so its twins would not fit; "
            "build the set again"
        )
    return plan


def _at(plan: SetPlan, dose: int, train: frozenset[int]) -> SetPlan:
    """The plan with exactly ``dose`` carriers in training; validation has its share of them."""

    def with_breadth(breadth: int) -> SetPlan:
        return replace(plan, carried=(replace(plan.carried[0], carriers=breadth),))

    def in_training(breadth: int) -> int:
        one = with_breadth(breadth)
        return len(train & carriers(one, one.carried[0]))

    # Carriers are nested, so that each further one adds one to training or to validation.
    return with_breadth(bisect_left(range(plan.count + 1), dose, key=in_training))


def _kept(plan: SetPlan, library: Library, sets: Path) -> Path:
    """The folder of the plan's set, gated; an export approves it or refuses it."""
    folder = write_set(build_set(plan, library), sets)
    if not read_manifest(folder).gates:
        check(folder, library)
    return folder
