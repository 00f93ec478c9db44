"""Whether the model knows what its prompt says about each fact: the manipulation check, asked in a fresh call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from facts.condition import Tier
from facts.fact import Fact
from facts.parse import Strict, parse_toml, read_text
from facts.salience import Polarity
from facts.seeds import stream
from runners.case import Case
from runners.metrics._letters import choice
from runners.request import Request, Turn
from runners.sample import Failure, Outcome, Sample
from runners.score import Score
from runners.transcript import split
from runners.trial import Trial

TITLE = "Recall of each fact"
ABOUT = (
    "Asks the same model, in a fresh call with the same system prompt, a multiple-choice question about every fact of "
    "the comparison, absent ones included (then the right answer is that the text does not say). Replicate 0 only; the "
    "two tiers share a system prompt and so share the question. A null effect without recall says nothing about a fact."
)
KIND: Literal["rule", "probe", "judge"] = "probe"
HEURISTIC = False
SCOPE: Literal["sample", "fact", "claim", "part"] = "fact"
MONITORED_ONLY: tuple[str, ...] = ()
SETTINGS: tuple[str, ...] = ()
CLASSES: tuple[str, ...] = ("right", "wrong", "unparseable")
MEASURES: Mapping[str, Mapping[str, bool]] = {"recall": {"right": True, "wrong": False}}
# Replies to the question about the fact objections_read where the prompt does not speak of it.
EXAMPLES: tuple[tuple[str, str], ...] = (
    ("The text does not say.", "right"),
    ("They are published in a weekly newspaper.", "wrong"),
    ("A or B", "unparseable"),
    ("", "unparseable"),
)
_FILE = Path(__file__).with_suffix(".toml")
_LETTERS = "ABCD"
_MAX_TOKENS = 8
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_ELSEWHERE = "absent as a dose, but another part of the prompt speaks of it, so that no answer would be right"


class _File(Strict):
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """The options by letter, and the letter that is right; None where the prompt settles nothing."""

    fact: str
    text: str
    options: Mapping[str, str]
    right: str | None


@lru_cache(maxsize=1)
def _template() -> str:
    return parse_toml(_FILE, read_text(_FILE), _File).question


def ask(case: Case) -> tuple[Request, ...]:
    """One question for each fact that has a right answer, in the order of ``trial.facts``; replicate 0 only."""
    return tuple(_request(case.trial, q) for q in _questions(case) if q.right is not None)


def read(case: Case) -> tuple[Score, ...]:
    """One score per fact of the comparison, named in ``Score.fact``; the sample itself plays no part."""
    return tuple(
        _score(q, case.reply(_request(case.trial, q)) if q.right is not None else None) for q in _questions(case)
    )


def _questions(case: Case) -> tuple[_Question, ...]:
    trial, library = case.trial, case.library
    if trial.replicate:
        return ()
    labels = library.setting(trial.condition.setting).labels[trial.condition.labels]
    return tuple(_question(trial, library.fact(slug), labels) for slug in trial.facts)


def _question(trial: Trial, fact: Fact, labels: Mapping[Tier, str]) -> _Question:
    asked = fact.recall
    kinds = {"affirmed": asked.affirmed, "negated": asked.negated,
             "distractor": asked.distractor, "not_stated": asked.not_stated}  # fmt: skip
    order = sorted(kinds)
    # Seeded by what the model reads, so that two trials with one system prompt share one question and one kept reply.
    stream("recall", trial.request.system or "", fact.slug).shuffle(order)
    options = dict(zip(_LETTERS, (_named(kinds[kind], labels) for kind in order), strict=True))
    dose = next((dose for dose in trial.condition.doses if dose.fact == fact.slug), None)
    said = dose is not None and dose.polarity is not Polarity.PLACEBO
    if not said and _speaks_elsewhere(trial, fact):
        return _Question(fact=fact.slug, text=_named(asked.question, labels), options=options, right=None)
    truth = dose.polarity.value if dose is not None and said else "not_stated"
    return _Question(
        fact=fact.slug, text=_named(asked.question, labels), options=options, right=_LETTERS[order.index(truth)]
    )


def _speaks_elsewhere(trial: Trial, fact: Fact) -> bool:
    # The frame (a tier definition) or another fact may make the same claim: all its anchors in one sentence.
    text = trial.prompt.messages[0].text
    for span in sorted((s for s in trial.prompt.spans if s.fact == fact.slug), key=lambda s: -s.start):
        text = text[: span.start] + text[span.end :]
    return any(_claims(fact.topic, sentence) for sentence in _sentences(text))


@lru_cache(maxsize=256)  # every fact of the comparison is looked for in both tiers of one text
def _sentences(text: str) -> tuple[str, ...]:
    return tuple(_SENTENCE.split(text))


@lru_cache(maxsize=65_536)  # filler and frames stand in every prompt
def _claims(topic: tuple[re.Pattern[str], ...], sentence: str) -> bool:
    return all(anchor.search(sentence) for anchor in topic)


def _named(text: str, labels: Mapping[Tier, str]) -> str:
    # A question may name the tiers by their holes, as wordings do.
    for tier, label in labels.items():
        text = text.replace("{" + tier.value + "}", label)
    return text


def _request(trial: Trial, question: _Question) -> Request:
    lines = "\n".join(f"{letter}. {text}" for letter, text in question.options.items())
    turns = (Turn(role="user", text=_template().replace("{question}", question.text).replace("{options}", lines)),)
    return replace(trial.request, turns=turns, max_tokens=_MAX_TOKENS, stop=None, thinking_tokens=None, replicate=0)


def _score(question: _Question, reply: Outcome | None) -> Score:
    fact = question.fact
    if question.right is None:
        return Score(value=None, fact=fact, reason=_ELSEWHERE)
    match reply:
        case Sample():
            found = choice(split(reply).visible, question.options)
            if found.letter is None:
                return Score(value="unparseable", fact=fact, reason=found.reason)
            right = found.letter == question.right
            reason = "" if right else f"said: {question.options[found.letter]}"
            return Score(value="right" if right else "wrong", fact=fact, reason=reason, evidence=found.evidence)
        case Failure():
            return Score(value=None, fact=fact, reason=reply.message)
        case None:
            return Score(value=None, fact=fact, reason="the question was not asked")
