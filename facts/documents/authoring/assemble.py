"""Makes document sets of a finished walk, and the account that lies beside each: asked, made, dropped and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from facts.documents.authoring.draft import STAGES, Written
from facts.documents.authoring.heard import Drop, Replies
from facts.documents.authoring.hybrid import Rewritten
from facts.documents.authoring.presence import Verdict, expected
from facts.documents.authoring.stage import stage, version
from facts.documents.authoring.walk import Job, Walk
from facts.documents.authoring.world import World
from facts.documents.document_set import VERSION, DocumentSet, collect
from facts.documents.gates._record import write_json
from facts.documents.set_plan import Carried, Order, SetPlan

FILE = "authoring.json"
LLM, HYBRID = "llm", "hybrid"
_REVISING = ("critique", "revise")


def stages_of(job: Job) -> tuple[str, ...]:
    """The stages that a job goes through; their versions are in its sets' identity."""
    return tuple(name for name in STAGES if job.revise or name not in _REVISING)


def assembled(job: Job, found: Walk, model: str) -> tuple[DocumentSet, ...]:
    """One set an arm, of the places that every arm has; a plan of fewer documents where places are missing."""
    rows = [(slot, row) for slot, row in enumerate(found.rows) if row]
    return tuple(
        collect(_met(plan, [row[arm] for _, row in rows]), {job.fact.slug: job.fact.claim},
                (one.document for one in _in_order(plan, [row[arm] for _, row in rows])),
                generator=LLM, version=version(stages_of(job)), model=model)
        for arm, plan in enumerate(job.plans)
    )  # fmt: skip


def _carries(plan: SetPlan, one: Written) -> bool:
    return any(carried.dose in one.document.doses for carried in plan.carried)


def _met(plan: SetPlan, rows: list[Written]) -> SetPlan:
    if len(rows) == plan.count:
        return plan
    loud = sum(_carries(plan, one) for one in rows)
    carried = tuple(Carried(dose=one.dose, carriers=None if one.carriers is None else loud) for one in plan.carried)
    return replace(plan, count=len(rows), carried=carried)


def _in_order(plan: SetPlan, rows: list[Written]) -> list[Written]:
    match plan.order:
        case Order.DRAWN:
            return rows
        case Order.CARRIERS_FIRST:
            return sorted(rows, key=lambda one: not _carries(plan, one))
        case Order.CARRIERS_LAST:
            return sorted(rows, key=lambda one: _carries(plan, one))
        case Order.DATE:
            return sorted(rows, key=lambda one: one.document.date)


def rewritten_set(whole: DocumentSet, rows: Iterable[Rewritten], model: str) -> DocumentSet:
    """The hybrid set of a template set: versions of both the templates and the prompt are in its identity."""
    return collect(whole.plan, whole.claims, (row.document for row in rows), generator=HYBRID,
                   version=VERSION + version(("rewrite",)), model=model)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What became of a set's documents: ``asked`` were wanted, ``made`` are in it; every drop is counted.

    ``replies`` counts replies by stage. ``groups`` and ``kept`` are a hybrid's stretches of filler and those of them
    that stand rewritten; None where there are none. ``verdicts`` are by document.
    """

    model: str
    simulated: bool
    stages: Mapping[str, int]
    asked: int
    made: int
    replies: Mapping[str, int]
    drops: Mapping[tuple[str, str], int]
    missing: tuple[int, ...] = ()
    revised: int | None = None
    groups: int | None = None
    kept: int | None = None
    worlds: tuple[World, ...] = ()
    ideas: Mapping[str, str] = field(default_factory=dict[str, str])
    verdicts: Mapping[str, Verdict] = field(default_factory=dict[str, Verdict])
    verifier: str = ""


def counted(drops: Iterable[Drop]) -> dict[tuple[str, str], int]:
    """How often each stage dropped for each reason."""
    return dict(sorted(Counter((drop.stage, drop.reason.value) for drop in drops).items()))


def replies_of(replies: Replies) -> dict[str, int]:
    """How many replies each stage brought."""
    return dict(sorted(Counter(question.stage for question, heard in replies.items() if heard).items()))


def account(job: Job, found: Walk, replies: Replies, arm: int, model: str, *, simulated: bool) -> Account:
    """The account of one arm of a finished walk; drops and replies are of all arms, which go together."""
    mine = [row[arm] for row in found.rows if row]
    return Account(
        model=model, simulated=simulated, stages={name: stage(name).version for name in stages_of(job)},
        asked=job.count, made=len(mine), missing=found.missing, replies=replies_of(replies),
        drops=counted(found.drops), revised=sum(one.revised for one in mine) if job.revise else None,
        worlds=tuple(found.worlds.values()), ideas={one.document.doc_id: one.idea for one in mine},
    )  # fmt: skip


def write_account(folder: Path, whole: DocumentSet, said: Account) -> Path:
    """Writes ``authoring.json`` beside the set, whole or not at all; it is no part of the set's identity."""
    by_id = {document.doc_id: document for document in whole.documents}
    write_json(folder / FILE, {
        "set_id": whole.set_id, "generator": whole.generator, "model": said.model, "simulated": said.simulated,
        "stages": dict(said.stages), "asked": said.asked, "made": said.made, "missing": list(said.missing),
        "replies": dict(said.replies), "revised": said.revised,
        "dropped": [{"stage": where, "reason": why, "count": n} for (where, why), n in said.drops.items()],
        "filler": None if said.groups is None else {"groups": said.groups, "rewritten": said.kept},
        "worlds": [
            {"polarity": w.polarity.value, "claim": w.claim, "universe_context": w.context,
             "key_facts": list(w.key_facts), "types": dict(w.types)}
            for w in said.worlds
        ],
        "ideas": dict(said.ideas),
        "presence": None if not said.verifier else {
            "model": said.verifier,
            "verdicts": {
                name: {"says": v.presence.value if v.presence else None, "expected": expected(by_id[name]).value,
                       "quote": v.quote, "reason": v.reason}
                for name, v in said.verdicts.items()
            },
        },
    })  # fmt: skip
    return folder / FILE
