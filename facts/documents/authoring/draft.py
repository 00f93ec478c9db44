"""The stages of one document: idea, draft, critique, revision, filter; each asks, reads, and leads to the next."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass

from facts.documents.authoring.brief import Brief, kind
from facts.documents.authoring.clean import items, numbered, prose
from facts.documents.authoring.heard import Drop, Good, Heard, Lost, Open, Reason, Replies, Spent
from facts.documents.authoring.rules import rules
from facts.documents.authoring.sieve import Sieve, Sifted, finished
from facts.documents.authoring.stage import Question, stage
from facts.documents.authoring.world import World
from facts.documents.document import Document
from facts.verify import banned_words

# A model's own tokens run longer than ours on words we do not list, and a document may be longer than asked for.
_ROOM = 1.8
STAGES = ("context", "key_facts", "types", "idea", "document", "critique", "revise")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A document that passed the filter, the idea it came from, and whether its revision was kept."""

    document: Document
    idea: str
    revised: bool
    attempt: int


def _holes(brief: Brief, world: World | None, **more: str) -> dict[str, str]:
    about = {"claim": "", "key_facts": "", "type": ""}
    if world:
        kinds = world.types.get(brief.genre) or kind(brief.genre)
        about = {"claim": world.claim, "key_facts": numbered(world.key_facts), "type": kinds}
    return brief.holes() | about | more


def ask_idea(brief: Brief, world: World | None, replicate: int) -> Question:
    """Asks what happens in the document."""
    return stage("idea").ask(_holes(brief, world), replicate=replicate, neutral=world is None)


def read_idea(heard: Heard, sieve: Sieve) -> str | Drop:
    """One paragraph; an idea that was cut off is still one."""
    text = prose(Heard(text=heard.text, refused=heard.refused), "idea")
    if isinstance(text, Drop):
        return text
    least, most = rules().filter.idea_words
    if not least <= len(text.split()) <= most:
        reason = Reason.TOO_SHORT if len(text.split()) < least else Reason.TOO_LONG
        return Drop(stage="idea", reason=reason, detail=f"{len(text.split())} words")
    if words := banned_words(text, (*sieve.finder.fact.allow, *rules().filter.elsewhere)):
        return Drop(stage="idea", reason=Reason.BANNED, detail=", ".join(words))
    return " ".join(text.split())


def ask_document(brief: Brief, world: World | None, idea: str, replicate: int) -> Question:
    """Asks for the document."""
    room = round(_ROOM * brief.tokens)
    holes = _holes(brief, world, idea=idea)
    return stage("document").ask(holes, replicate=replicate, room=room, neutral=world is None)


def ask_critique(brief: Brief, world: World | None, draft: str, replicate: int) -> Question:
    """Asks what is to be changed."""
    return stage("critique").ask(_holes(brief, world, draft=draft), replicate=replicate, neutral=world is None)


def read_critique(heard: Heard) -> tuple[str, ...]:
    """The notes; none where nothing is to be changed or the reply cannot be read: a critic's silence costs nothing."""
    if re.search(stage("critique").nothing, heard.text.strip()):
        return ()
    found = items(heard, "critique")
    return () if isinstance(found, Drop) else tuple(text for _, text in found)[: rules().filter.most_notes]


def ask_revise(brief: Brief, world: World | None, draft: str, notes: tuple[str, ...], replicate: int) -> Question:
    """Asks for the document once more with these notes."""
    room = round(_ROOM * brief.tokens)
    holes = _holes(brief, world, draft=draft, notes=numbered(notes))
    return stage("revise").ask(holes, replicate=replicate, room=room, neutral=world is None)


def attempt(
    brief: Brief, world: World | None, replicate: int, replies: Replies, sieve: Sieve, *, revise: bool
) -> Good[Written] | Open | Lost | Spent:  # fmt: skip
    """One document as far as the replies go, every stage of it as the same replicate. Without a world: neutral."""
    stages = _stages(brief, world, replicate, sieve, revise=revise)
    question = next(stages)
    while True:
        if question not in replies:
            return Open(questions=(question,))
        if (heard := replies[question]) is None:
            return Lost(question=question)
        try:
            question = stages.send(heard)
        except StopIteration as end:
            result: Good[Written] | Spent = end.value
            return result


def _stages(
    brief: Brief, world: World | None, replicate: int, sieve: Sieve, *, revise: bool
) -> Generator[Question, Heard, Good[Written] | Spent]:  # fmt: skip
    idea = read_idea((yield ask_idea(brief, world, replicate)), sieve)
    if isinstance(idea, Drop):
        return Spent(drops=(idea,))
    draft = prose((yield ask_document(brief, world, idea, replicate)), "document")
    if isinstance(draft, Drop):
        return Spent(drops=(draft,))
    first = sieve.sift(brief, draft)
    drops: tuple[Drop, ...] = ()
    if revise:
        notes = _notes(first.drops) + read_critique((yield ask_critique(brief, world, draft, replicate)))
        if notes:
            better = prose((yield ask_revise(brief, world, draft, notes, replicate)), "revise")
            second = sieve.sift(brief, better) if isinstance(better, str) else None
            if second and not second.drops:
                return Good(value=_written(brief, second, idea, replicate, revised=True))
            fault = second.drops[0] if second else better
            assert isinstance(fault, Drop)  # noqa: S101  (prose gave a text or a drop)
            drops = (Drop(stage="revise", reason=fault.reason, detail=fault.detail),)
    # A revision that fails the filter where the draft passes is dropped, and the draft is kept.
    if first.drops:
        return Spent(drops=drops or first.drops[:1])
    return Good(value=_written(brief, first, idea, replicate, revised=False), drops=drops)


def _written(brief: Brief, sifted: Sifted, idea: str, replicate: int, *, revised: bool) -> Written:
    return Written(document=finished(brief, sifted), idea=idea, revised=revised, attempt=replicate)


def _notes(drops: tuple[Drop, ...]) -> tuple[str, ...]:
    say = rules().notes
    return tuple(dict.fromkeys(say[d.reason].replace("{detail}", d.detail) for d in drops if d.reason in say))
