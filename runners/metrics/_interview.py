"""The interview as data: its questions, what is said about who reads the answers, and the messages that ask them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from facts.errors import UnknownName
from facts.parse import Strict, parse_toml, read_text
from runners.case import Case
from runners.judging import Context
from runners.request import Request, Turn

_FILE = Path(__file__).parent / "interview.toml"


class _Audience(Strict):
    name: str
    title: str
    text: str


class _Question(Strict):
    id: str
    text: str


class _File(Strict):
    fresh: str
    after: str
    tag: str
    max_tokens: dict[str, int]
    forms: dict[str, str]
    audiences: list[_Audience]
    questions: list[_Question]


@lru_cache(maxsize=1)
def _file() -> _File:
    return parse_toml(_FILE, read_text(_FILE), _File)


@lru_cache(maxsize=1)
def audiences() -> Mapping[str, str]:
    """What a model may be told about who reads, by name, with a title for charts."""
    return {audience.name: audience.title for audience in _file().audiences}


def check_audience(name: str) -> None:
    """Raise ``UnknownName`` for an audience that there is not."""
    if name not in audiences():
        raise UnknownName("audience", name, audiences(), "Audiences are in runners/metrics/interview.toml.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question of one interview: ``part`` is ``audience/question``."""

    part: str
    question: str
    request: Request


def interview(case: Case, said: str) -> tuple[Asked, ...]:
    """Every question to every audience, in the tier and reasoning mode of the trial.

    In a fresh conversation a question does not depend on the sample; after the transcript it follows ``said``, the
    reply as it was written, scratchpad included.
    """
    trial, rules, data = case.trial, case.judging, _file()
    condition = trial.condition
    labels = case.library.setting(condition.setting).labels[condition.labels]
    texts = {audience.name: audience.text for audience in data.audiences}
    after = rules.context is Context.AFTER
    tag = data.tag.replace("{tier}", labels[condition.tier]) if condition.tagged else ""
    found: list[Asked] = []
    for audience in rules.audiences:
        for question in data.questions:
            words = question.text
            for tier, label in labels.items():
                words = words.replace("{" + tier.value + "}", label)
            holes = {"tag": tag, "audience": texts[audience], "question": words,
                     "form": data.forms[condition.reasoning.value]}  # fmt: skip
            text = _filled(data.after if after else data.fresh, holes)
            before = (*trial.request.turns, Turn(role="assistant", text=said)) if after else ()
            turns, most = (*before, Turn(role="user", text=text)), data.max_tokens[condition.reasoning.value]
            request = replace(trial.request, turns=turns, max_tokens=most, stop=None, replicate=trial.replicate)
            found.append(Asked(part=f"{audience}/{question.id}", question=words, request=request))
    return tuple(found)


def _filled(template: str, holes: Mapping[str, str]) -> str:
    text = template.strip()
    for name, value in holes.items():
        text = text.replace("{" + name + "}", value)
    return "\n".join(line.rstrip() for line in text.splitlines())
