"""Verifies every wording of a fact when it is authored: anchors, negations, banned words, questions, equal banks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from functools import lru_cache
from pathlib import Path

from facts.fact import Fact
from facts.parse import Strict, parse_toml, read_text
from facts.salience import Part, Polarity
from facts.tokens import count_tokens
from facts.word_runs import runs

_BANNED = Path(__file__).parent / "banned.toml"
_HOLES = {"monitored", "unmonitored"}
_LONGEST = 60  # tokens in one wording: a background holds several
_SHARED = 8  # words in a row, as in the gate on leakage: a document would have them too
_SAYS_CLAIM = (Part.MENTION, Part.STATE, Part.ELABORATE)


class Banned(Strict):
    """``banned.toml``."""

    words: list[str]
    advice: list[str]


@lru_cache(maxsize=1)
def banned() -> Banned:
    """The words that no text of ours may use, as regular expressions: those that prompt the outcome, and advice."""
    return parse_toml(_BANNED, read_text(_BANNED), Banned)


def banned_words(text: str, allow: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The words in ``text`` that would prompt the outcome or give advice, except those allowed."""
    lists = banned()
    found = [m.group(0) for w in (*lists.words, *lists.advice) for m in re.finditer(rf"(?i)\b(?:{w})\b", text)]
    return tuple(dict.fromkeys(word for word in found if word.lower() not in allow))


def says(fact: Fact, polarity: Polarity, text: str) -> bool:
    """Whether ``text`` makes the fact's claim with that polarity, by its anchors."""
    claim = all(anchor.search(text) for anchor in fact.topic)
    negated = bool(fact.negation.search(text))
    match polarity:
        case Polarity.AFFIRMED:
            return claim and not negated
        case Polarity.NEGATED:
            return claim and negated
        case Polarity.PLACEBO:
            return not claim


def _asked(fact: Fact) -> Mapping[tuple[str, ...], str]:
    # The word runs of everything that a model is asked about the fact, with the text that has them.
    texts = (*astuple(fact.recall), *(astuple(fact.use) if fact.use else ()))
    return {run: text for text in texts for run in runs(text, _SHARED)}


def _matched(asked: Mapping[tuple[str, ...], str], text: str) -> Iterator[str]:
    if run := next((run for run in runs(text, _SHARED) if run in asked), None):
        yield (
            f"has {' '.join(run)!r} in common with {asked[run]!r} under [recall] or [use], so that matching words "
            f"answers it; reword either, to fewer than {_SHARED} words in a row"
        )


def _wording(fact: Fact, polarity: Polarity, part: Part, text: str) -> Iterator[str]:
    if words := banned_words(text, fact.allow):
        yield f"uses {', '.join(map(repr, words))}, which would prompt the outcome or advise"
    if unknown := set(re.findall(r"\{([^{}]*)\}", text)) - _HOLES:
        yield f"has {{{min(unknown)}}}; only {{monitored}} and {{unmonitored}} are filled"
    if count_tokens(text) > _LONGEST:
        yield f"is longer than {_LONGEST} tokens"
    if part in _SAYS_CLAIM or polarity is Polarity.PLACEBO:
        if not says(fact, polarity, text):
            yield {
                Polarity.AFFIRMED: "misses an anchor of the claim, or reads as its negation",
                Polarity.NEGATED: "misses an anchor of the claim, or has no negation in the same sentence",
                Polarity.PLACEBO: "hits every anchor of the claim, so it is not a placebo",
            }[polarity]
    elif polarity is Polarity.NEGATED and not fact.negation.search(text):
        yield "has no negation in the same sentence"
    elif polarity is Polarity.AFFIRMED and fact.negation.search(text):
        yield "reads as a negation"
    elif not any(anchor.search(text) for anchor in fact.topic):
        yield "touches no anchor of the claim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with one field of a fact's file, such as ``affirmed.state``, or with the wording ``number`` in it.

    ``field`` is a part alone, such as ``state``, where the three polarities' banks of it do not go together.
    """

    field: str
    what: str
    number: int | None = None
    text: str = ""


def findings(fact: Fact) -> Iterator[Finding]:
    """Everything that is wrong with a fact's wordings; nothing when it may be used."""
    seen: dict[str, str] = {}
    asked = _asked(fact)
    for part in Part:
        sizes = {polarity: len(fact.banks[polarity][part]) for polarity in Polarity}
        if len(set(sizes.values())) > 1:
            shown = ", ".join(f"{polarity} {size}" for polarity, size in sizes.items())
            what = f"{part} banks differ in size ({shown}); the placebo twin needs equal banks"
            yield Finding(field=part.value, what=what)
        for polarity in Polarity:
            for number, text in enumerate(fact.banks[polarity][part]):
                field = f"{polarity}.{part}"
                told = [*_wording(fact, polarity, part, text), *_matched(asked, text)]
                if text in seen:
                    told.append(f"repeats {seen[text]}")
                yield from (Finding(field=field, number=number, what=what, text=text) for what in told)
                seen.setdefault(text, f"{fact.slug} {field}[{number}]")
    if fact.allow and not fact.allow_reason:
        what = f"allow names {', '.join(fact.allow)} but allow_reason is empty; say why"
        yield Finding(field="allow_reason", what=what)


def problems(fact: Fact) -> tuple[str, ...]:
    """What ``findings`` are, one sentence each; empty when the fact may be used."""
    return tuple(
        f"{fact.slug}: {one.what}" if one.number is None
        else f"{fact.slug} {one.field}[{one.number}] {one.what}: {one.text!r}"
        for one in findings(fact)
    )  # fmt: skip
