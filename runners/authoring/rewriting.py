"""Has a model say the filler of template sets in other words, a few sentences a call; what passes checks is kept."""

from __future__ import annotations

from cache.store import Store
from facts.documents.authoring.assemble import Account, counted, replies_of, rewritten_set
from facts.documents.authoring.heard import Drop, Replies
from facts.documents.authoring.hybrid import Rewritten, ask_rewrite, groups, questions, rewritten
from facts.documents.authoring.locate import Finder
from facts.documents.authoring.stage import Question, stage
from facts.documents.document import Document
from facts.documents.document_set import DocumentSet
from runners import providers
from runners.authoring.plan import AuthoringPlan, estimate_presence, estimate_questions
from runners.authoring.session import Session
from runners.authoring.work import First, Standing, name_of
from runners.model import Model


class Rewriting:
    """Template sets of one seed, one an arm, and what finds their facts."""

    def __init__(self, sets: tuple[DocumentSet, ...], finders: tuple[Finder, ...]) -> None:
        self.wholes, self.finders = sets, finders
        self._questions = tuple(dict.fromkeys(question for whole in sets for question in questions(whole)))

    @property
    def finder(self) -> Finder | None:
        """What finds the first fact in a text."""
        return self.finders[0] if self.finders else None

    def plan(self, model: Model, store: Store | None) -> AuthoringPlan:
        """Every call is known beforehand."""
        return estimate_questions(self._questions, model, store, "rewrite")

    def checks(self, verifier: Model) -> AuthoringPlan:
        """One call a document, of about the template's length; none for a set without a fact."""
        lengths = [document.n_tokens for whole in self.wholes for document in whole.documents] if self.finder else []
        return estimate_presence(lengths, len(lengths), self.finder, verifier)

    def _made(self, whole: DocumentSet, document: Document, replies: Replies) -> Rewritten:
        return rewritten(document, whole.plan.seed, replies, self.finders)

    def first(self, session: Session) -> First:
        """The first document that carries a fact, rewritten."""
        whole = self.wholes[0]
        shown = next((d for d in whole.documents if d.doses), whole.documents[0])
        wanted = [ask_rewrite(group) for group in groups(shown, whole.plan.seed)]
        session.ask(lambda _: wanted)
        if any(session.replies.get(question) is None for question in wanted):
            return First(document=None)
        made = self._made(whole, shown, session.replies)
        return First(document=made.document, drops=made.drops)

    def rest(self, session: Session) -> Standing:
        """Everything else. A call that failed is no fallback: it is to be made again."""
        session.ask(lambda _: self._questions)
        unheard = {question for question in self._questions if session.replies.get(question) is None}
        places = sum(len(whole.documents) for whole in self.wholes)
        waiting = sum(bool(unheard & _asked(whole, d)) for whole in self.wholes for d in whole.documents)
        return Standing(settled=places - waiting, places=places, unheard=len(unheard))

    def sets(self, session: Session) -> tuple[tuple[DocumentSet, Account], ...]:
        """The hybrid sets."""
        return tuple(self._set(whole, session) for whole in self.wholes)

    def _set(self, whole: DocumentSet, session: Session) -> tuple[DocumentSet, Account]:
        rows = [self._made(whole, document, session.replies) for document in whole.documents]
        drops: list[Drop] = [drop for row in rows for drop in row.drops]
        model = name_of(session.model)
        return rewritten_set(whole, rows, model), Account(
            model=model, simulated=providers.find(session.model.provider).SIMULATED,
            stages={"rewrite": stage("rewrite").version}, asked=whole.plan.count, made=len(rows),
            replies=replies_of(session.replies), drops=counted(drops), groups=sum(row.groups for row in rows),
            kept=sum(row.kept for row in rows),
        )  # fmt: skip


def _asked(whole: DocumentSet, document: Document) -> set[Question]:
    return {ask_rewrite(group) for group in groups(document, whole.plan.seed)}
