"""Walks a whole set through its stages: a pure function from the replies so far to what is asked next, or the set.

Same replies, same questions, same set. Arms go through a place of the set one after the other and must all succeed on
one scaffold; a place whose tries are spent in any arm moves in all of them to a scaffold of reserve, so that arms stay
paired. What repeats another document counts as dropped once everything else is settled, and is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from facts.condition import Tier
from facts.documents.authoring.brief import Brief, briefs
from facts.documents.authoring.draft import Written, attempt
from facts.documents.authoring.heard import Drop, Good, Lost, Open, Reason, Replies, Spent
from facts.documents.authoring.likeness import repeats
from facts.documents.authoring.locate import Finder
from facts.documents.authoring.rules import rules
from facts.documents.authoring.sieve import Sieve
from facts.documents.authoring.stage import Question
from facts.documents.authoring.world import Given, World, world
from facts.documents.phrase import TIERS
from facts.documents.set_plan import SetPlan
from facts.fact import Fact
from facts.salience import Polarity

_Tried = tuple[int, int, int]  # arm, scaffold, replicate


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """What is to be written: one plan an arm, all of one seed, and how.

    ``given`` are contexts of the user's own by polarity; ``revise`` says whether drafts are criticised and revised.
    """

    plans: tuple[SetPlan, ...]
    fact: Fact
    revise: bool = True
    labels: Mapping[Tier, str] = field(default_factory=lambda: dict(TIERS))
    given: Mapping[Polarity, Given] = field(default_factory=dict[Polarity, Given])
    sieve: Sieve = field(init=False)
    briefs: tuple[tuple[tuple[Brief, Brief], ...], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.sieve = Sieve(Finder(self.fact, self.labels))
        self.briefs = tuple(briefs(plan, self.fact, self.labels) for plan in self.plans)

    @property
    def count(self) -> int:
        """Documents an arm."""
        return self.plans[0].count

    @property
    def polarities(self) -> tuple[Polarity, ...]:
        """The worlds that the briefs need, in the order of arms."""
        doses = (brief.dose for arm in self.briefs for pair in arm for brief in pair)
        return tuple(dict.fromkeys(dose.polarity for dose in doses if dose))

    def genres(self, polarity: Polarity) -> tuple[str, ...]:
        """The genres of that polarity's documents, those of reserve included."""
        every = (brief for arm in self.briefs for pair in arm for brief in pair)
        return tuple(sorted({b.genre for b in every if b.dose and b.dose.polarity is polarity}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """How far a set is: ``wanted`` is empty when everything is settled.

    ``rows`` has one entry a place of the set: a document an arm, or None where there is none (yet). ``missing`` are
    places whose tries are all spent, ``lost`` the questions that failed.
    """

    wanted: tuple[Question, ...]
    worlds: Mapping[Polarity, World]
    rows: tuple[tuple[Written, ...] | None, ...]
    drops: tuple[Drop, ...]
    missing: tuple[int, ...] = ()
    lost: tuple[Question, ...] = ()


def first_slot(job: Job) -> int:
    """The place of the document that is shown first: the first that carries what the first arm is about."""
    carried = {one.dose for one in job.plans[0].carried}
    return next((slot for slot, (brief, _) in enumerate(job.briefs[0]) if brief.dose in carried), 0)


def walk(job: Job, replies: Replies, *, only_first: bool = False) -> Walk:
    """What is asked next, and what there is. ``only_first`` goes no further than one document of the first arm."""
    worlds: dict[Polarity, World] = {}
    drops: tuple[Drop, ...] = ()
    wanted: tuple[Question, ...] = ()
    lost: tuple[Question, ...] = ()
    shown = job.briefs[0][first_slot(job)][0].dose
    for polarity in job.polarities:
        if only_first and (shown is None or polarity is not shown.polarity):
            continue
        got = world(job.sieve.finder, polarity, job.genres(polarity), replies, job.given.get(polarity))
        drops += got.drops
        match got:
            case Open():
                wanted += got.questions
            case Lost():
                lost += (got.question,)
            case Good():
                worlds[polarity] = got.value
            case Spent():
                return Walk(wanted=(), worlds=worlds, rows=(None,) * job.count, drops=drops,
                            missing=tuple(range(job.count)))  # fmt: skip
    if wanted or lost:
        return Walk(wanted=wanted, worlds=worlds, rows=(None,) * job.count, drops=drops, lost=lost)
    vetoed: set[_Tried] = set()
    while True:
        found = _documents(job, worlds, replies, vetoed, only_first=only_first)
        found = replace(found, drops=drops + found.drops)
        # Only when all is known: what a lost document would have repeated, or been repeated by, cannot be told.
        again = set[_Tried]() if found.wanted or found.lost else _repeated(job, found)
        if not again:
            return found
        vetoed |= again


def _documents(
    job: Job, worlds: Mapping[Polarity, World], replies: Replies, vetoed: set[_Tried], *, only_first: bool
) -> Walk:  # fmt: skip
    rows: list[tuple[Written, ...] | None] = [None] * job.count
    wanted: list[Question] = []
    drops: list[Drop] = []
    missing: list[int] = []
    lost: list[Question] = []
    first = first_slot(job)
    for slot in range(first, first + 1) if only_first else range(job.count):
        got = _place(job, worlds, slot, replies, vetoed, arms=1 if only_first else len(job.plans))
        drops += got.drops
        match got:
            case Good():
                rows[slot] = got.value
            case Open():
                wanted += got.questions
            case Lost():
                lost.append(got.question)
            case Spent():
                missing.append(slot)
    return Walk(wanted=tuple(dict.fromkeys(wanted)), worlds=worlds, rows=tuple(rows), drops=tuple(drops),
                missing=tuple(missing), lost=tuple(lost))  # fmt: skip


def _place(
    job: Job, worlds: Mapping[Polarity, World], slot: int, replies: Replies, vetoed: set[_Tried], arms: int
) -> Good[tuple[Written, ...]] | Open | Lost | Spent:  # fmt: skip
    drops: tuple[Drop, ...] = ()
    for reserve in (0, 1):
        made: list[Written] = []
        for arm in range(arms):
            brief = job.briefs[arm][slot][reserve]
            got = _tries(job, worlds, brief, replies, {tried[2] for tried in vetoed if tried[:2] == (arm, brief.index)})
            drops += got.drops
            match got:
                case Open():
                    return Open(questions=got.questions, drops=drops)
                case Lost():
                    return Lost(question=got.question, drops=drops)
                case Good():
                    made.append(got.value)
                case Spent():
                    drops += tuple(Drop(stage="document", reason=Reason.TWIN) for _ in made)
                    break
        else:
            return Good(value=tuple(made), drops=drops)
    return Spent(drops=drops)


def _tries(
    job: Job, worlds: Mapping[Polarity, World], brief: Brief, replies: Replies, vetoed: set[int]
) -> Good[Written] | Open | Lost | Spent:  # fmt: skip
    drops: tuple[Drop, ...] = ()
    its = worlds[brief.dose.polarity] if brief.dose else None
    for replicate in range(rules().attempts):
        got = attempt(brief, its, replicate, replies, job.sieve, revise=job.revise)
        drops += got.drops
        match got:
            case Open():
                return Open(questions=got.questions, drops=drops)
            case Lost():
                return Lost(question=got.question, drops=drops)
            case Good() if replicate not in vetoed:
                return Good(value=got.value, drops=drops)
            case Good():
                drops += (Drop(stage="document", reason=Reason.DUPLICATE),)
            case Spent():
                pass
    return Spent(drops=drops)


def _repeated(job: Job, found: Walk) -> set[_Tried]:
    again: set[_Tried] = set()
    for arm in range(len(job.plans)):
        mine = [row[arm] for row in found.rows if row and arm < len(row)]
        again |= {(arm, mine[n].document.index, mine[n].attempt)
                  for n in repeats(one.document.text for one in mine)}  # fmt: skip
    return again
