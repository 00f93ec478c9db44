"""Has a model write a set: world, ideas, documents, critique and revision, each through the cached sampler."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cache.store import Store
from facts.documents.authoring.assemble import Account, account, assembled, counted
from facts.documents.authoring.heard import Drop, Reason, Replies
from facts.documents.authoring.locate import Finder
from facts.documents.authoring.rules import rules
from facts.documents.authoring.stage import Question
from facts.documents.authoring.walk import Job, Walk, first_slot, walk
from facts.documents.document_set import DocumentSet
from facts.errors import FactError
from runners import providers
from runners.authoring.plan import AuthoringPlan, estimate_authoring, estimate_presence
from runners.authoring.session import Session
from runners.authoring.work import First, Standing, name_of
from runners.model import Model


class Writing:
    """One job under way; everything it knows it has from the session's replies."""

    def __init__(self, job: Job) -> None:
        self.job = job

    @property
    def finder(self) -> Finder:
        """What finds the fact in a text."""
        return self.job.sieve.finder

    def plan(self, model: Model, store: Store | None) -> AuthoringPlan:
        """Calls by stage, most of them still unknown."""
        return estimate_authoring(self.job, model, store)

    def checks(self, verifier: Model) -> AuthoringPlan:
        """One call a document; texts as long as the ones asked for stand in for theirs."""
        documents = self.job.count * len(self.job.plans)
        return estimate_presence([brief.tokens for brief, _ in self.job.briefs[0]], documents, self.finder, verifier)

    def _wanted(self, *, only_first: bool = False) -> Callable[[Replies], Sequence[Question]]:
        return lambda replies: walk(self.job, replies, only_first=only_first).wanted

    def first(self, session: Session) -> First:
        """The world and one document that carries the fact."""
        session.ask(self._wanted(only_first=True))
        found = walk(self.job, session.replies, only_first=True)
        _no_world(found, self.job, first=True)
        row = found.rows[first_slot(self.job)]
        return First(document=row[0].document if row else None, drops=found.drops)

    def rest(self, session: Session) -> Standing:
        """Everything else."""
        session.ask(self._wanted())
        found = walk(self.job, session.replies)
        _no_world(found, self.job, first=False)
        settled = sum(row is not None for row in found.rows) + len(found.missing)
        if found.wanted:  # a duplicate is to be written again, or the run was stopped
            settled = min(settled, self.job.count - 1)
        return Standing(settled=settled, places=self.job.count, unheard=len(found.lost) + len(found.wanted))

    def sets(self, session: Session) -> tuple[tuple[DocumentSet, Account], ...]:
        """The sets, with fewer documents than planned where tries were spent: their accounts say which and why."""
        found = walk(self.job, session.replies)
        if not any(found.rows):
            raise FactError(f"asked {self.job.count}, made 0, nothing was written: {_counts(found.drops)} "
                            f"({_last(found.drops)}). Choose a larger model, a lower level, or --hybrid")  # fmt: skip
        model = name_of(session.model)
        simulated = providers.find(session.model.provider).SIMULATED
        return tuple(
            (whole, account(self.job, found, session.replies, arm, model, simulated=simulated))
            for arm, whole in enumerate(assembled(self.job, found, model))
        )


def _no_world(found: Walk, job: Job, *, first: bool) -> None:
    need = 1 if first else len(job.polarities)
    if len(found.worlds) < need and not found.wanted and not found.lost and job.polarities:
        stage = found.drops[-1].stage if found.drops else "context"
        raise FactError(
            f"the stage {stage!r} brought nothing that can be used in {rules().world_attempts} tries "
            f"({_last(found.drops)}), and every document stands on it; choose a larger model, give a context of your "
            "own with --context, or use --hybrid. What was paid for is kept"
        )


def _counts(drops: tuple[Drop, ...]) -> str:
    return "; ".join(
        f"at {where} {count} × {rules().say[Reason(why)]}" for (where, why), count in counted(drops).items()
    )


def _last(drops: tuple[Drop, ...]) -> str:
    if not drops:
        return "no reply"
    detail = " ".join(drops[-1].detail.split())[:120]
    return f"the last time {rules().say[drops[-1].reason]}{f': {detail}' if detail else ''}"
