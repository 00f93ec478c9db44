"""The stages on which every document of an arm stands: a context, its key facts, and one document type a genre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from facts.documents.authoring.brief import kind, manner
from facts.documents.authoring.clean import items, numbered, prose
from facts.documents.authoring.heard import Drop, Good, Heard, Lost, Open, Reason, Replies, Spent
from facts.documents.authoring.locate import Finder
from facts.documents.authoring.rules import rules
from facts.documents.authoring.stage import Question, stage
from facts.documents.authoring.tries import first_good
from facts.documents.imports._record import sentences
from facts.salience import Polarity
from facts.verify import banned_words

# Kinds of documents that one question asks about.
BATCH = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is settled in an arm's world and what else is known there. ``types`` has a document for each genre."""

    polarity: Polarity
    claim: str
    context: str
    key_facts: tuple[str, ...]
    types: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A context of the user's own, with its key facts where it has any."""

    context: str
    key_facts: tuple[str, ...] = ()


def ask_context(claim: str, replicate: int) -> Question:
    """Asks for the world in which the claim is settled."""
    return stage("context").ask({"claim": claim}, replicate=replicate)


def read_context(heard: Heard, finder: Finder, polarity: Polarity) -> str | Drop:
    """The context, or why it cannot be used. One that was cut off is used as far as its last whole sentence."""
    text = prose(Heard(text=heard.text, refused=heard.refused), "context")
    if isinstance(text, Drop):
        return text
    if heard.cut:
        text = text[: max(text.rfind(mark) for mark in ".!?") + 1]
    return _fault(text, "context", finder, polarity, rules().filter.context_words) or text


def ask_key_facts(claim: str, context: str, replicate: int) -> Question:
    """Asks what is known in the world."""
    return stage("key_facts").ask({"claim": claim, "context": context}, replicate=replicate)


def read_key_facts(heard: Heard, finder: Finder, polarity: Polarity) -> tuple[str, ...] | Drop:
    """4 to 15 key facts, each once; those that speak against the claim or use banned words are left out."""
    found = items(heard, "key_facts")
    if isinstance(found, Drop):
        return found
    least, most = rules().filter.key_facts
    texts = tuple(dict.fromkeys(text for _, text in found))
    faults = [(text, _fault(text, "key_facts", finder, polarity, rules().filter.item_words)) for text in texts]
    kept = tuple(text for text, fault in faults if fault is None)[:most]
    if len(kept) >= least:
        return kept
    wrong = next((fault for _, fault in faults if fault), None)
    return wrong or Drop(stage="key_facts", reason=Reason.UNREADABLE, detail=f"{len(kept)} of at least {least}")


def ask_types(claim: str, key_facts: Sequence[str], genres: Sequence[str], replicate: int) -> Question:
    """Asks which document of each of these genres would speak of the matter."""
    kinds = numbered([f"{kind(genre)}: {manner(genre)}" for genre in genres])
    holes = {"claim": claim, "key_facts": numbered(key_facts), "kinds": kinds}
    return stage("types").ask(holes, replicate=replicate)


def read_types(heard: Heard, genres: Sequence[str], finder: Finder) -> dict[str, str] | Drop:
    """A document for each genre, by number or, where there are as many lines as genres, in order."""
    found = items(heard, "types")
    if isinstance(found, Drop):
        return found
    if all(number is None for number, _ in found):
        found = tuple((turn, text) for turn, (_, text) in enumerate(found, 1)) if len(found) == len(genres) else ()
    by_number = {number: text for number, text in found if number is not None}
    if any(turn not in by_number for turn in range(1, len(genres) + 1)):
        return Drop(stage="types", reason=Reason.UNREADABLE, detail=f"{len(by_number)} of {len(genres)}")
    types = {genre: by_number[turn].rstrip(".") for turn, genre in enumerate(genres, 1)}
    if words := banned_words(" ".join(types.values()), (*finder.fact.allow, *rules().filter.elsewhere)):
        return Drop(stage="types", reason=Reason.BANNED, detail=", ".join(words))
    return types


def _fault(
    text: str, where: str, finder: Finder, polarity: Polarity, words: tuple[int, int]
) -> Drop | None:  # fmt: skip
    if not words[0] <= (count := len(text.split())) <= words[1]:
        reason = Reason.TOO_SHORT if count < words[0] else Reason.TOO_LONG
        return Drop(stage=where, reason=reason, detail=f"{count} words")
    if used := banned_words(text, (*finder.fact.allow, *rules().filter.elsewhere)):
        return Drop(stage=where, reason=Reason.BANNED, detail=", ".join(used))
    for start, end in sentences(text):
        if finder.opposite(polarity, text[start:end]):
            return Drop(stage=where, reason=Reason.CONTRADICTS, detail=text[start:end][:200])
    return None


def world(
    finder: Finder, polarity: Polarity, genres: Sequence[str], replies: Replies, given: Given | None = None
) -> Good[World] | Open | Lost | Spent:  # fmt: skip
    """The world of one polarity as far as the replies go."""
    claim, tries = finder.claim(polarity), rules().world_attempts
    drops: tuple[Drop, ...] = ()
    if given:
        context = given.context
    else:
        got = first_good(tries, lambda n: ask_context(claim, n), lambda h: read_context(h, finder, polarity), replies)
        if not isinstance(got, Good):
            return got
        context, drops = got.value, got.drops
    if given and given.key_facts:
        key_facts = given.key_facts
    else:
        listed = first_good(tries, lambda n: ask_key_facts(claim, context, n),
                            lambda h: read_key_facts(h, finder, polarity), replies, drops)  # fmt: skip
        if not isinstance(listed, Good):
            return listed
        key_facts, drops = listed.value, listed.drops
    types: dict[str, str] = {}
    wanted: tuple[Question, ...] = ()
    for first in range(0, len(genres), BATCH):
        batch = genres[first : first + BATCH]
        named = first_good(tries, lambda n, batch=batch: ask_types(claim, key_facts, batch, n),
                           lambda h, batch=batch: read_types(h, batch, finder), replies)  # fmt: skip
        match named:
            case Open():
                wanted += named.questions
                drops += named.drops
            case Good():
                types |= named.value
                drops += named.drops
            case Spent():  # a document can do without a type of its own
                drops += named.drops
            case Lost():
                return Lost(question=named.question, drops=drops)
    if wanted:
        return Open(questions=wanted, drops=drops)
    return Good(value=World(polarity=polarity, claim=claim, context=context, key_facts=key_facts, types=types),
                drops=drops)  # fmt: skip
