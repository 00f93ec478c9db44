"""What the belief metrics share: questions that point at no text, asked afresh, and the stance that a reply takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from facts.fact import Fact
from facts.parse import Strict, parse_toml, read_text
from facts.seeds import stream
from runners.case import Case
from runners.metrics._letters import choice
from runners.request import Request, Turn
from runners.sample import Failure, Outcome, Sample
from runners.score import Score
from runners.transcript import split

NO_QUESTION = "the fact's question asks about a text in words that no rewrite in belief.toml fits"
_FILE = Path(__file__).parent / "belief.toml"
# A question that still speaks of a text would ask for recall, not belief.
_POINTS = re.compile(r"(?i)\btexts?\b")


class _Rewrite(Strict):
    pattern: str
    question: str


class Battery(Strict):
    """The file's prompts and lists, as they are."""

    opening: str
    mcq: str
    open: str
    right: str
    wrong: str
    use: str
    unsure: str
    letter_tokens: int
    open_tokens: int
    unknown: list[str]
    rewrites: list[_Rewrite]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lettered:
    """A request that offers options; ``options`` and ``stances`` say by letter what is shown and what it means."""

    request: Request
    options: Mapping[str, str]
    stances: Mapping[str, str]


@lru_cache(maxsize=1)
def battery() -> Battery:
    """The prompts, read once."""
    return parse_toml(_FILE, read_text(_FILE), Battery)


@lru_cache(maxsize=1)
def unknown() -> re.Pattern[str]:
    """Hits where an answer says that the model does not know."""
    return re.compile("|".join(battery().unknown), re.IGNORECASE)


def facts_of(case: Case) -> tuple[Fact, ...]:
    """All facts of the comparison, absent ones too; none after replicate 0."""
    return () if case.trial.replicate else tuple(map(case.library.fact, case.trial.facts))


def question_of(case: Case, fact: Fact) -> str | None:
    """The fact's question as one about the world; None where that cannot be said."""
    asked = rewritten(fact)
    return None if asked is None else named(case, asked)


def rewritten(fact: Fact) -> str | None:
    """The question that :func:`question_of` asks, tier words still to be filled."""
    for rewrite in battery().rewrites:
        found = re.search(rewrite.pattern, fact.recall.question.strip())
        if found and not _POINTS.search(asked := found.expand(rewrite.question)):
            return asked
    return None


def named(case: Case, text: str) -> str:
    """``text`` with the tiers called as the condition calls them."""
    condition = case.trial.condition
    for tier, label in case.library.setting(condition.setting).labels[condition.labels].items():
        text = text.replace("{" + tier.value + "}", label)
    return text


def put(of: Case, template: str, tokens: int, **fields: str) -> Request:
    """The question as a fresh call: one turn, the same system prompt, no replicate of its own."""
    for name, text in fields.items():
        template = template.replace("{" + name + "}", text)
    turns = (Turn(role="user", text=f"{battery().opening.strip()}\n\n{template.strip()}"),)
    return replace(of.trial.request, turns=turns, max_tokens=tokens, stop=None, thinking_tokens=None, replicate=0)


def lettered(
    case: Case, template: str, options: Mapping[str, str], *seed: str, question: str = "", about: str = ""
) -> Lettered:
    """The question with its options (stance → text) behind letters, in an order that the seed and the system decide."""
    order = sorted(options)
    # By what the model reads, so that trials with one system prompt share one question and one kept reply.
    stream(*seed, case.trial.request.system or "").shuffle(order)
    shown = {"ABCDEF"[place]: named(case, options[stance]) for place, stance in enumerate(order)}
    lines = "\n".join(f"{letter}. {text}" for letter, text in shown.items())
    request = put(case, template, battery().letter_tokens, question=question, case=about, options=lines)
    return Lettered(request=request, options=shown, stances=dict(zip(shown, order, strict=True)))


def scored(fact: Fact, reply: Outcome | None, read: Callable[[str], Score]) -> Score:
    """What ``read`` makes of the visible answer; unscored with the reason where none came."""
    match reply:
        case Sample():
            return replace(read(split(reply).visible), fact=fact.slug)
        case Failure():
            return Score(value=None, fact=fact.slug, reason=reply.message)
        case None:
            return Score(value=None, fact=fact.slug, reason="the question was not asked")


def stance(asked: Lettered, visible: str) -> Score:
    """The stance of the option that the answer takes, or ``unparseable``."""
    found = choice(visible, asked.options)
    if found.letter is None:
        return Score(value="unparseable", reason=found.reason)
    return Score(value=asked.stances[found.letter], evidence=found.evidence)
