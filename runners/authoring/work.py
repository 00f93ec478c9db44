"""What writing a set and rewriting one have in common: a plan, a first document, the rest, the sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cache.store import Store
from facts.documents.authoring.assemble import Account
from facts.documents.authoring.heard import Drop
from facts.documents.authoring.locate import Finder
from facts.documents.authoring.presence import Verdict, ask_presence, read_presence
from facts.documents.document import Document
from facts.documents.document_set import DocumentSet
from runners.authoring.plan import AuthoringPlan
from runners.authoring.session import Session
from runners.model import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """The first document, or None and what was dropped on the way to it."""

    document: Document | None
    drops: tuple[Drop, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a set is: places that are settled of all; ``unheard`` of the rest wait for a reply that did not come."""

    settled: int
    places: int
    unheard: int = 0

    @property
    def complete(self) -> bool:
        """Whether nothing is to be asked any more."""
        return self.settled == self.places


class Work(Protocol):
    """One way to make sets with a model."""

    @property
    def finder(self) -> Finder | None:
        """What finds the set's first fact in a text; None for a set without facts."""
        ...

    def plan(self, model: Model, store: Store | None) -> AuthoringPlan:
        """What it will take."""
        ...

    def checks(self, verifier: Model) -> AuthoringPlan:
        """What it will take to have another model check each document."""
        ...

    def first(self, session: Session) -> First:
        """Make one document, before the rest is spent on; its calls are the set's own."""
        ...

    def rest(self, session: Session) -> Standing:
        """Make the rest, as far as budget and provider let it."""
        ...

    def sets(self, session: Session) -> tuple[tuple[DocumentSet, Account], ...]:
        """The sets, one an arm, once everything is settled; raises ``FactError`` where no document came about."""
        ...


def name_of(model: Model) -> str:
    """A model as sets record it: by provider and name, whatever its label here."""
    return f"{model.provider}/{model.name}"


def verdicts(documents: Sequence[Document], finder: Finder, session: Session) -> dict[str, Verdict]:
    """What another model finds that each document says of the affirmed claim, by document."""
    asked = {document.doc_id: (ask_presence(document, finder), document) for document in documents}
    session.ask(lambda _: [question for question, _ in asked.values()])
    return {name: read_presence(session.replies.get(question), document)
            for name, (question, document) in asked.items()}  # fmt: skip
