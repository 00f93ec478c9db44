"""Hybrid sets for small models: a template set whose filler a model says in other words, around locked fact spans.

What is rewritten is only what the template generator drew as filler: headers, greetings and fact sentences stay. A
rewrite that fails a check is dropped and the template's own words stand. Equal filler of two arms makes equal
questions, so arms stay alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from facts import filler
from facts.background import Placed
from facts.documents.authoring.clean import prose
from facts.documents.authoring.heard import Drop, Heard, Reason, Replies
from facts.documents.authoring.locate import Finder, stems
from facts.documents.authoring.rules import rules
from facts.documents.authoring.sieve import document_id
from facts.documents.authoring.stage import Question, stage
from facts.documents.document import Document
from facts.documents.document_set import DocumentSet
from facts.documents.frames import packs
from facts.documents.imports._record import sentences
from facts.documents.scaffold import scaffold
from facts.salience import Polarity
from facts.tokens import count_tokens
from facts.verify import banned_words

_NAME = re.compile(r"(?<![.!?]\s)(?<!\A)(?<!['\"“])\b[A-Z][\w’']*")
_DIGIT = re.compile(r"\d+")
_QUOTES = "\"'“”‘’ "


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A few filler sentences that stand together: ``text[start:end]`` of their document."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A document with the rewrites that were kept, how many groups it has, and why others fell back."""

    document: Document
    groups: int
    kept: int
    drops: tuple[Drop, ...]


def groups(document: Document, seed: str) -> tuple[Group, ...]:
    """The filler of a template document in groups, in reading order; fact spans lie in none of them."""
    drawn = {one.text for one in scaffold(seed, document.index).pool.upto(len(packs()))} | set(filler.sentences())
    found: list[Group] = []
    size = 0
    for start, end in sentences(document.text):
        if document.text[start:end] not in drawn or any(p.start < end and start < p.end for p in document.placed):
            size = 0
            continue
        last = found[-1] if found else None
        if last and 0 < size < rules().rewrite.group and document.text[last.end : start] == " ":
            found[-1] = Group(start=last.start, end=end, text=document.text[last.start : end])
            size += 1
        else:
            found.append(Group(start=start, end=end, text=document.text[start:end]))
            size = 1
    return tuple(found)


def ask_rewrite(group: Group) -> Question:
    """Asks for the same in other words."""
    room = round(rules().rewrite.tokens * count_tokens(group.text))
    return stage("rewrite").ask({"sentences": group.text}, room=room)


def read_rewrite(heard: Heard, group: Group, finders: Sequence[Finder]) -> str | Drop:
    """The new words, or why the old ones stay."""
    first, more, _ = rules().rewrite.echo.sub("", heard.text.strip()).partition("\n\n")
    # What small models add after the first paragraph is talk about it, whether it was cut off or not.
    text = prose(Heard(text=first, cut=heard.cut and not more, refused=heard.refused), "rewrite")
    if isinstance(text, Drop):
        return text
    text = text.strip(_QUOTES)
    for wrong, reason in _faults(text, group.text, finders):
        if wrong:
            return Drop(stage="rewrite", reason=reason, detail=(text if wrong is True else str(wrong))[:120])
    return text


def _faults(text: str, old: str, finders: Sequence[Finder]) -> Iterator[tuple[object, Reason]]:
    law = rules()
    share = count_tokens(text) / count_tokens(old)
    yield "\n" in text or not text.endswith((".", "!", "?")), Reason.UNREADABLE
    yield _plain(text) == _plain(old), Reason.UNCHANGED
    yield share < law.rewrite.shortest, Reason.TOO_SHORT
    yield share > law.rewrite.longest, Reason.TOO_LONG
    yield len(stems(text) & stems(old)) < law.rewrite.shared * len(stems(old)), Reason.DRIFTS
    yield (
        next((m[0] for pattern in (law.rewrite.leaks, *law.filter.leaks) if (m := pattern.search(text))), ""),
        Reason.LEAKS,
    )
    yield set(_DIGIT.findall(text)) - set(_DIGIT.findall(old)), Reason.INVENTS
    known = {word.lower() for word in re.findall(r"[\w’']+", old)}
    yield {name for name in _NAME.findall(text) if name.lower() not in known}, Reason.INVENTS
    for finder in finders:
        yield banned_words(text, (*finder.fact.allow, *law.filter.elsewhere)), Reason.BANNED
        yield _speaks(text, finder), Reason.SPEAKS


def _speaks(text: str, finder: Finder) -> str:
    # Two sentences together must not make the claim either, so the whole is looked at too.
    stretches = [text, *(text[start:end] for start, end in sentences(text))]
    said = (s for s in stretches if finder.speaks(s) or finder.says(Polarity.PLACEBO, s))
    return next(said, "")


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def questions(whole: DocumentSet) -> tuple[Question, ...]:
    """All there is to ask about a template set, each question once."""
    return tuple(dict.fromkeys(ask_rewrite(g) for d in whole.documents for g in groups(d, whole.plan.seed)))


def rewritten(document: Document, seed: str, replies: Replies, finders: Sequence[Finder]) -> Rewritten:
    """The document with every rewrite that passes the checks, its spans where they now are.

    Rewrites are taken in reading order as long as the whole keeps its template's length; a question that was not
    answered leaves the template's words.
    """
    law, every = rules().rewrite, groups(document, seed)
    taken: list[tuple[Group, str]] = []
    drops: list[Drop] = []
    change = 0
    for group in every:
        heard = replies.get(ask_rewrite(group))
        new = Drop(stage="rewrite", reason=Reason.EMPTY) if heard is None else read_rewrite(heard, group, finders)
        if isinstance(new, Drop):
            drops.append(new)
            continue
        grows = count_tokens(new) - count_tokens(group.text)
        if abs(change + grows) > law.parity * document.n_tokens:
            drops.append(Drop(stage="rewrite", reason=Reason.PARITY, detail=f"{change + grows:+d} tokens"))
            continue
        change += grows
        taken.append((group, new))
    return Rewritten(document=_set_in(document, taken), groups=len(every), kept=len(taken), drops=tuple(drops))


def _set_in(document: Document, taken: Sequence[tuple[Group, str]]) -> Document:
    text, at = "", 0
    for group, new in taken:
        text += document.text[at : group.start] + new
        at = group.end
    text += document.text[at:]
    placed = tuple(_moved(p, taken) for p in document.placed)
    return replace(document, doc_id=document_id(text, placed), text=text, placed=placed, n_tokens=count_tokens(text))


def _moved(placed: Placed, taken: Sequence[tuple[Group, str]]) -> Placed:
    by = sum(len(new) - len(group.text) for group, new in taken if group.end <= placed.start)
    return Placed(piece=placed.piece, start=placed.start + by, end=placed.end + by)
