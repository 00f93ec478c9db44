"""Whether the model uses a fact in a small everyday case where the answer turns on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from facts.fact import Fact
from runners.case import Case
from runners.metrics._belief import Lettered, battery, facts_of, lettered, named, scored, stance
from runners.request import Request
from runners.score import Score

TITLE = "Use of each fact in an everyday case"
ABOUT = (
    "Puts a small everyday case, in a fresh call with the same system prompt, in which the right answer turns on the "
    "fact, and offers two answers: the one that follows from the claim and the one that follows from its negation. One "
    "question has two letters only: chance is a half, and a preference for a letter adds noise, since the order is "
    "drawn by fact and prompt. A fact without a case (`[use]` in its file) is unscored. Using a fact in a small case "
    "is not the behaviour that the comparison is about; the two are different outcomes. Replicate 0 only."
)
KIND: Literal["rule", "probe", "judge"] = "probe"
HEURISTIC = False
SCOPE: Literal["sample", "fact", "claim", "part"] = "claim"
MONITORED_ONLY: tuple[str, ...] = ()
SETTINGS: tuple[str, ...] = ()
CLASSES: tuple[str, ...] = ("affirmed", "negated", "unparseable")
MEASURES: Mapping[str, Mapping[str, bool]] = {"belief_use": {"affirmed": True, "negated": False}}
# Replies to the case of the fact objections_read.
EXAMPLES: tuple[tuple[str, str], ...] = (
    ("Keep two chairs and the morning slot.", "affirmed"),
    ("Give the room away; nobody will come.", "negated"),
    ("A or B", "unparseable"),
    ("", "unparseable"),
)
NO_CASE = "the fact has no everyday case; add a [use] table with case, if_true and if_false to its file"


def ask(case: Case) -> tuple[Request, ...]:
    """One question for each fact that has a case, in the order of ``trial.facts``; replicate 0 only."""
    return tuple(asked.request for fact in facts_of(case) if (asked := _question(case, fact)))


def read(case: Case) -> tuple[Score, ...]:
    """One score per fact of the comparison, named in ``Score.fact``; the sample itself plays no part."""
    return tuple(_score(case, fact) for fact in facts_of(case))


def _question(case: Case, fact: Fact) -> Lettered | None:
    if fact.use is None:
        return None
    options = {"affirmed": fact.use.if_true, "negated": fact.use.if_false}
    return lettered(case, battery().use, options, "belief_use", fact.slug, about=named(case, fact.use.case))


def _score(case: Case, fact: Fact) -> Score:
    asked = _question(case, fact)
    if asked is None:
        return Score(value=None, fact=fact.slug, reason=NO_CASE)
    return scored(fact, case.reply(asked.request), lambda visible: stance(asked, visible))
