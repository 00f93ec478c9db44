"""Gate 2: no document says what would prompt the outcome, betray how it was made, or answer a question."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from facts.catalog import Library
from facts.documents.gates._finding import Example, Finding, Panel, Row, Status, worst
from facts.documents.gates._masks import masked, plain
from facts.documents.gates._queries import answers, asked
from facts.documents.gates._reading import Reading, Span, Text
from facts.documents.gates._thresholds import thresholds
from facts.documents.gates.presence import claims_in
from facts.fact import Fact
from facts.parse import Strict, parse_toml, read_text
from facts.salience import Part, Polarity
from facts.verify import banned
from facts.word_runs import runs

NUMBER = 2
NAME = "leakage"
TITLE = "Nothing gives the experiment away"
ABOUT = (
    "Looks for words that would prompt the outcome, traces of how texts are made, claims of facts that a document does "
    "not carry, the opposite of a claim that it does, word runs of queries and questions, and plain statements where "
    "only a mention was asked for."
)
_FILE = Path(__file__).with_suffix(".toml")


class _File(Strict):
    process: list[str]


def _joined(patterns: list[str]) -> re.Pattern[str]:
    return re.compile(rf"(?i)\b(?:{'|'.join(patterns)})\b")


@lru_cache(maxsize=1)
def _process() -> re.Pattern[str]:
    return re.compile(f"(?i){'|'.join(parse_toml(_FILE, read_text(_FILE), _File).process)}")


@lru_cache(maxsize=1)
def _behaviour() -> re.Pattern[str]:
    return _joined(banned().words)


@lru_cache(maxsize=1)
def _advice() -> re.Pattern[str]:
    return _joined(banned().advice)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What documents of this set are compared with; ``kin`` are the facts that a fact's own wordings speak of too."""

    library: Library
    asked: dict[tuple[str, ...], str]
    answers: dict[tuple[str, ...], str]
    kin: dict[str, frozenset[str]]
    labels: tuple[tuple[str, str], ...]


def kin(fact: Fact, library: Library) -> frozenset[str]:
    """Other facts whose anchors a wording of this one hits: facts whose meanings overlap."""
    said = [text for polarity in Polarity for part in Part for text in fact.banks.get(polarity, {}).get(part, ())]
    return frozenset(
        other.slug for other in library.facts.values()
        if other.slug != fact.slug and any(any(claims_in(other, text)) for text in said)
    )  # fmt: skip


_Leak = tuple[str, Status, str]
_OF_FACTS = ("other_fact", "contradiction", "assertion")
_KINDS = ("behaviour", "process", "advice", *_OF_FACTS, "overlap", "probe_overlap")


def _words(text: Text, rest: str, known: _Known) -> Iterator[_Leak]:
    if found := _behaviour().search(rest):
        yield "behaviour", Status.FAIL, f"says {found[0]!r}, which would prompt the outcome"
    if found := _process().search(text.content):
        yield "process", Status.FAIL, f"says {found[0]!r}, which betrays how it was made"
    if found := _advice().search(rest):
        # Everyday texts of language models say it of other things; ours never do.
        yield "advice", Status.WARN, f"advises outside its facts: {found[0]!r}"
    for span in text.spans or ():
        said, fact = text.content[span.start : span.end], known.library.facts.get(span.fact)
        allow = fact.allow if fact else ()
        if bad := [m[0] for m in _behaviour().finditer(said) if m[0].lower() not in allow]:
            yield "behaviour", Status.FAIL, f"says {bad[0]!r} of {span.fact}, which would prompt the outcome"
        if span.part != "anchors" and (bad := _advice().findall(said)):
            yield "advice", Status.FAIL, f"advises, where it is to tell of {span.fact}: {bad[0]!r}"


def _claims(text: Text, rest: str, known: _Known) -> Iterator[_Leak]:
    if text.doses is None and text.spans is None:
        return  # nobody knows which fact it is to speak of
    doses = {dose.fact: dose for dose in text.doses or ()}
    spoken = {span.fact for span in text.spans or ()}
    for fact in known.library.facts.values():
        if fact.slug in spoken | doses.keys():
            continue
        for _, sentence in claims_in(fact, rest):
            yield "other_fact", Status.FAIL, f"speaks of {fact.slug}, which it does not carry: {sentence[:120]!r}"
    for span in text.spans or ():
        yield from _span_claims(text, span, spoken, known)
    for dose in doses.values():
        fact = known.library.fact(dose.fact)
        against = {Polarity.AFFIRMED: Polarity.NEGATED, Polarity.NEGATED: Polarity.AFFIRMED}.get(dose.polarity)
        for polarity, sentence in claims_in(fact, rest):
            if polarity is against:
                yield "contradiction", Status.FAIL, f"carries {dose} and says the opposite: {sentence[:120]!r}"
            elif dose.level == 1 and polarity is dose.polarity:
                yield "assertion", Status.FAIL, f"is only to mention {dose.fact}, and asserts it: {sentence[:120]!r}"
        if dose.level == 1 and any(
            s.fact == dose.fact and s.part not in {Part.MENTION, "anchors"} for s in text.spans or ()
        ):
            yield "assertion", Status.FAIL, f"is only to mention {dose.fact}, and a span of it does more"


def _span_claims(text: Text, span: Span, spoken: set[str], known: _Known) -> Iterator[_Leak]:
    said = plain(text.content[span.start : span.end], known.labels)
    expected = known.kin.get(span.fact, frozenset()) | spoken
    for fact in known.library.facts.values():
        if fact.slug not in expected and any(claims_in(fact, said)):
            yield "other_fact", Status.FAIL, f"a span of {span.fact} speaks of {fact.slug} too: {said[:120]!r}"
    if span.polarity in {Polarity.AFFIRMED, Polarity.NEGATED} and (fact := known.library.facts.get(span.fact)):
        against = Polarity.NEGATED if span.polarity is Polarity.AFFIRMED else Polarity.AFFIRMED
        if all(found is against for found, _ in claims_in(fact, said)) and any(claims_in(fact, said)):
            yield "contradiction", Status.FAIL, f"a span of {span.fact} says the opposite: {said[:120]!r}"


def _overlaps(text: Text, rest: str, known: _Known, length: int) -> Iterator[_Leak]:
    outside = set(runs(rest, length))
    for run in outside & known.asked.keys() or outside & known.answers.keys():
        where = known.asked.get(run) or known.answers[run]
        yield "overlap", Status.FAIL, f"has a word run of {where}: {' '.join(run)!r}"
    for span in text.spans or ():
        for run in runs(text.content[span.start : span.end], length):
            where = known.asked.get(run, "")
            if where.startswith("query"):
                yield "overlap", Status.FAIL, f"has a word run of {where}: {' '.join(run)!r}"
            elif where or run in known.answers:
                yield (
                    "probe_overlap",
                    Status.WARN,
                    f"tells {span.fact} in words of {where or known.answers[run]}: {' '.join(run)!r}",
                )


def _leaks(text: Text, known: _Known, length: int) -> Iterator[_Leak]:
    rest = plain(masked(text), known.labels)
    yield from _words(text, rest, known)
    yield from _claims(text, rest, known)
    yield from _overlaps(text, rest, known, length)


_SAID = {
    Status.PASS: "No document gives anything away; no action needed.",
    Status.WARN: "Nothing leaks for certain; read the examples, and reword what a question could be answered with.",
    Status.FAIL: "Some documents give away what they must not; reword or drop them, and build the set again.",
}


def check(reading: Reading) -> Finding:
    """What leaks, by kind, with the documents that show it."""
    limits = thresholds().leakage
    slugs = {span.fact for text in reading.texts for span in text.spans or ()} & reading.library.facts.keys()
    known = _Known(
        library=reading.library, asked=asked(reading.library, limits.words),
        answers=answers(reading.library, limits.words), labels=reading.labels,
        kin={slug: kin(reading.library.fact(slug), reading.library) for slug in slugs},
    )  # fmt: skip
    documents = Counter[str]()
    statuses: list[Status] = [Status.PASS]
    examples: list[tuple[Status, Example]] = []
    for text in reading.texts:
        found = list(_leaks(text, known, limits.words))
        documents.update({kind for kind, _, _ in found})
        for _, status, what in found:
            statuses.append(status)
            examples.append((status, Example(doc_id=text.doc_id, shown=what)))
    known_facts = any(text.doses is not None or text.spans is not None for text in reading.texts)
    counts = tuple(
        (kind, float(documents[kind]) if known_facts or kind not in _OF_FACTS else None) for kind in _KINDS
    )  # fmt: skip
    status = worst(tuple(statuses))
    examples.sort(key=lambda row: row[0] is not Status.FAIL)
    shown = {example.doc_id: example for _, example in reversed(examples)}
    first = [shown[doc_id] for doc_id in dict.fromkeys(example.doc_id for _, example in examples)]
    return Finding(
        status=status, says=_SAID[status], numbers=counts,
        examples=tuple(first[: limits.worst]),
        panels=(Panel(name="leaks", title="Documents that leak, by what they leak", unit="documents", rows=tuple(
            Row(arm="this set", bin=kind, value=value) for kind, value in counts
        )),),
    )  # fmt: skip
