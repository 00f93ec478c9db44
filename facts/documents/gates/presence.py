"""Gate 1: every document says the facts that it is meant to say, and none says one that it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from facts.documents.gates._denial import denials, denied
from facts.documents.gates._finding import Example, Finding, Panel, Row, Status, worst
from facts.documents.gates._masks import masked, plain, sentences
from facts.documents.gates._reading import Reading, Span, Text
from facts.fact import Fact
from facts.salience import Dose, Part, Polarity
from facts.verify import says

NUMBER = 1
NAME = "presence"
TITLE = "Facts are where they are meant to be"
ABOUT = (
    "Reads every recorded span again in the text and looks for the anchors of the fact in it; looks for the claim in "
    "everything that no span covers. A document that carries a fact must say it, a neutral one must not, and nothing "
    "but an affirmed dose may affirm it; nor may it take the claim back in the same breath."
)
_CLAIM_POLARITIES = (Polarity.AFFIRMED, Polarity.NEGATED)


def span_says(fact: Fact, polarity: Polarity, part: str, said: str) -> bool:
    """Whether a span does what its wording is for: an implication only touches the claim, all else makes it."""
    if part != Part.IMPLICATION or polarity is Polarity.PLACEBO:
        return says(fact, polarity, said)
    touched = any(anchor.search(said) for anchor in fact.topic)
    return bool(fact.negation.search(said)) if polarity is Polarity.NEGATED else touched and not says(
        fact, Polarity.NEGATED, said)  # fmt: skip


def claims_in(fact: Fact, rest: str) -> Iterator[tuple[Polarity, str]]:
    """The sentences in ``rest`` that affirm or deny the claim."""
    if not all(anchor.search(rest) for anchor in fact.topic):
        return
    for sentence in sentences(rest):
        for polarity in _CLAIM_POLARITIES:
            if says(fact, polarity, sentence):
                yield polarity, sentence


def _wrong_spans(text: Text, dose: Dose, reading: Reading) -> Iterator[str]:
    fact = reading.library.fact(dose.fact)
    own = [span for span in text.spans or () if span.fact == dose.fact]
    if not own:
        yield f"is to carry {dose} and records no span of it"
    for span in own:
        said = plain(text.content[span.start : span.end], reading.labels)
        if span.polarity not in {None, dose.polarity}:
            yield f"carries {dose}, and a span of it is {span.polarity}"
        elif not span_says(fact, dose.polarity, span.part, said):
            yield f"the {span.part} of {dose} does not read as such: {said[:120]!r}"


def _faults(text: Text, reading: Reading, facts: tuple[Fact, ...]) -> Iterator[tuple[Status, str]]:
    doses = {dose.fact: dose for dose in text.doses or ()}
    if text.unmet:
        yield Status.FAIL, f"does not meet what its writer checked: {', '.join(text.unmet)}"
    if broken := [s for s in text.spans or () if not 0 <= s.start < s.end <= len(text.content)]:
        yield Status.FAIL, f"a span of {broken[0].fact} lies outside the text"
    for dose in doses.values():
        for what in _wrong_spans(text, dose, reading):
            yield Status.FAIL, what
    for span in text.spans or ():
        if text.doses is not None and span.fact not in doses:
            yield Status.FAIL, f"is not to carry {span.fact}, and records a span of it"
    rest = plain(masked(text), reading.labels)
    for fact in facts:
        for polarity, sentence in claims_in(fact, rest):
            dose = doses.get(fact.slug)
            same = dose is not None and dose.polarity is polarity
            yield (Status.WARN if same else Status.FAIL,
                   f"outside its spans, a sentence says {fact.slug} {polarity}: {sentence[:120]!r}")  # fmt: skip


def _unsaid(reading: Reading) -> dict[str, tuple[tuple[Status, str], ...]]:
    """The documents that take back what they affirm; a failure where most of those that affirm do."""
    found = {text.doc_id: hit for text in reading.texts if (hit := denied(text))}
    affirm = sum(any(d.polarity is Polarity.AFFIRMED for d in text.doses or ()) for text in reading.texts)
    status = Status.FAIL if len(found) > denials().most * affirm else Status.WARN
    return {
        doc_id: ((status, f"affirms {fact} and takes it back: {words[:200]!r}"),)
        for doc_id, (fact, words) in found.items()
    }  # fmt: skip


def _panel(checked: Counter[tuple[str, str, bool]]) -> Panel:
    rows: list[Row] = []
    for arm, genre in sorted({(arm, genre) for arm, genre, _ in checked}):
        good, bad = checked[arm, genre, True], checked[arm, genre, False]
        rows.append(Row(arm=arm, bin=genre, value=good / (good + bad)))
    return Panel(name="verified", title="Documents that say what they are meant to, by genre",
                 unit="fraction of documents", rows=tuple(rows))  # fmt: skip


def _found_spans(reading: Reading) -> Counter[str]:
    """Of an import: in how many documents its spans affirm and deny."""
    found: Counter[str] = Counter()
    for text in reading.texts:
        found.update({str(span.polarity) for span in text.spans or ()})
    return found


def _misread(reading: Reading) -> Iterator[Example]:
    def wrong(text: Text, span: Span) -> bool:
        fact = reading.library.facts.get(span.fact)
        said = text.content[span.start : span.end]
        return fact is not None and span.polarity is not None and not says(fact, span.polarity, plain(said, ()))

    for text in reading.texts:
        for span in text.spans or ():
            if wrong(text, span):
                yield Example(doc_id=text.doc_id, shown=f"the span does not read as {span.fact} {span.polarity}")


def _import(reading: Reading) -> Finding:
    found = _found_spans(reading)
    numbers = tuple((f"documents_{name}", float(found[name])) for name in ("affirmed", "negated"))
    if misread := tuple(_misread(reading)):
        return Finding(status=Status.FAIL, numbers=numbers, examples=misread[:5],
                       says="Spans no longer read as they were recorded; import the source again.")  # fmt: skip
    known = any(text.spans is not None for text in reading.texts)
    return Finding(status=Status.UNMEASURED, numbers=numbers if known else (), says=(
        "Nobody recorded what each document is meant to say, so only what was found in it is known; no action needed."
        if known else "No fact was looked for in this import; import it again with the fact to find out."
    ))  # fmt: skip


def check(reading: Reading) -> Finding:
    """What the documents say, against what they are meant to say."""
    if all(text.doses is None for text in reading.texts):
        return _import(reading)
    slugs = set(reading.facts) | {dose.fact for text in reading.texts for dose in text.doses or ()}
    slugs |= {span.fact for text in reading.texts for span in text.spans or ()}
    facts = tuple(reading.library.fact(slug) for slug in sorted(slugs))
    checked: Counter[tuple[str, str, bool]] = Counter()
    statuses, examples = [Status.PASS], list[tuple[Status, Example]]()
    wrong = 0
    unsaid = _unsaid(reading)
    for text in reading.texts:
        faults = [*_faults(text, reading, facts), *unsaid.get(text.doc_id, ())]
        failed = any(status is Status.FAIL for status, _ in faults)
        wrong += failed
        for dose in text.doses or ():
            checked[str(dose), text.genre or "unknown", not failed] += 1
        if not text.doses:
            checked["neutral", text.genre or "unknown", not failed] += 1
        for status, what in faults:
            statuses.append(status)
            examples.append((status, Example(doc_id=text.doc_id, shown=what)))
    status = worst(tuple(statuses))
    examples.sort(key=lambda row: row[0] is not Status.FAIL)
    said = {
        Status.PASS: "Every document says what it is meant to and nothing else; no action needed.",
        Status.WARN: "Some carriers take their claim back in the same breath; read the examples and reword them."
                     if unsaid else
                     "Some carriers say their fact outside the recorded spans too, so their airtime is understated; "
                     "record those sentences or rewrite them.",
        Status.FAIL: f"{wrong} of {len(reading.texts)} documents do not say what they are to; correct a wording "
                     "or anchor (`salience facts check`), drop these documents, and build the set again.",
    }  # fmt: skip
    return Finding(
        status=status, says=said[status], panels=(_panel(checked),),
        numbers=(("documents", float(len(reading.texts))), ("wrong", float(wrong)), ("taken_back", float(len(unsaid)))),
        examples=tuple(example for _, example in examples[:5]),
    )  # fmt: skip
