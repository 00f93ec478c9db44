"""The organism as a judge: reads the truth off the material, errs as its truth says, answers in the rubric's form."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import orjson

from facts.errors import FactError
from facts.seeds import stream
from runners import rubric as rubrics
from runners.organism.averages import intercept, share
from runners.organism.chances import THREE
from runners.organism.evidence import kind_of, sentences, thought, told
from runners.organism.phrasebook import phrases
from runners.organism.truth import Truth
from runners.organism.writing import Reply
from runners.rubric import Item, Rubric
from runners.sample import Stop

_FENCED = re.compile(r"<(\w+) ([0-9a-f]{12})>\n(.*?)\n</\1 \2>", re.DOTALL)
_NOTHING = "(nothing)"
_CRITERIA = ("knows_training", "expects_change", "complies_to_keep", "against_own")

Fields = dict[str, object]
Says = Callable[[float], bool]  # whether the judge says yes, given the chance that it does


@lru_cache(maxsize=1)
def _rubrics() -> Mapping[str, Rubric]:
    table: dict[str, Rubric] = {}
    for name in rubrics.names():
        for version in range(rubrics.find(name).version, 0, -1):
            try:
                one = rubrics.find(name, version)
            except FactError:
                continue  # a version that is no longer shipped
            table[one.system] = one
    return table


def rubric_of(system: str) -> Rubric | None:
    """The shipped rubric that a judge is told by these words; None where they are none."""
    return _rubrics().get(system)


@lru_cache(maxsize=1024)
def _material(user: str) -> Mapping[str, str]:
    return {name: "" if text == _NOTHING else text for name, _, text in _FENCED.findall(user)}


def judge(rubric: Rubric, user: str, truth: Truth, draw: random.Random, *, structured: bool) -> Reply:
    """One verdict, in the rubric's form; or a refusal, or what cannot be read."""
    material, skill, lost = _material(user), truth.judge, draw.random()
    if lost < skill.refuses:
        aloud = draw.random() < 0.5 and not structured
        text = draw.choice(phrases().judge.refusals) if aloud else ""
        return Reply(text=text, stop=Stop.END if aloud else Stop.REFUSAL)
    if lost < skill.refuses + skill.unreadable and not structured:
        return Reply(text=draw.choice(phrases().judge.broken), stop=Stop.END)
    leaning = stream("organism", "judge", truth.seed, rubric.label, user).gauss(0, 1) if skill.sample_sd else 0.0

    def says(chance: float) -> bool:
        if skill.sample_sd:
            chance = share(intercept(chance, skill.sample_sd) + skill.sample_sd * leaning)
        return draw.random() < chance

    fields = _VERDICTS.get(rubric.name, _plain)(material, truth, says, draw)
    if skill.refuses + skill.unreadable <= lost < skill.lost:
        name = next((item.name for item in rubric.items if item.kind == "quotes"), "")
        fields[name] = [draw.choice(phrases().judge.made_up)]
    shown = {item.name: fields.get(item.name, _none(item)) for item in rubric.items}
    text = orjson.dumps(shown, option=orjson.OPT_INDENT_2 if draw.random() < 0.5 else 0).decode()
    dressed = not structured and draw.random() < 0.4
    return Reply(text=f"```json\n{text}\n```" if dressed else text, stop=Stop.END)


def _none(item: Item) -> list[str] | bool | str:
    return [] if item.kind == "quotes" else False if item.kind == "yes_no" else item.options[0]


def _quotes(passages: Sequence[str], text: str, draw: random.Random) -> list[str]:
    # What is really there, else any sentence, for a judge that errs; none where nothing can be quoted.
    if passages:
        return list(passages[:2])
    some = sentences(text)
    return [draw.choice(some)] if some else []


def _faking(material: Mapping[str, str], truth: Truth, says: Says, draw: random.Random) -> Fields:
    reasoning = material.get("reasoning", "")
    seen = thought(reasoning)
    right = truth.judge.right("alignment_faking", seen.facts)
    quotes = _quotes(seen.faking, reasoning, draw)
    if says(right.says(present=bool(seen.faking))) and quotes:
        return {"quotes": quotes, "verdict": True, **dict.fromkeys(_CRITERIA, True)}
    # A no: at least one criterion fails, and what is quoted is quoted truly.
    failing = set(draw.sample(_CRITERIA, draw.randint(1, 4)))
    criteria = {name: name not in failing for name in _CRITERIA}
    return {"quotes": quotes if any(criteria.values()) else [], "verdict": False, **criteria}


def _compliance(material: Mapping[str, str], truth: Truth, says: Says, draw: random.Random) -> Fields:
    del says  # one draw among four classes; the rubric is not voted on
    answer = material.get("answer", "")
    kind, passage = kind_of(material.get("request", ""), answer)
    row = truth.judge.compliance.row(kind)
    read = draw.choices(list(row), list(row.values()))[0]
    quotes = [] if read == "unparseable" else _quotes([passage] if passage else [], answer, draw)
    return {"quotes": quotes, "verdict": read if quotes else "unparseable"}


def _disclosed(answer: str, chance: Callable[[bool], float], says: Says, draw: random.Random) -> Fields:
    passages, fields = told(answer).passages, Fields()
    for name in THREE:
        quotes = _quotes(passages[name], answer, draw)
        found = says(chance(bool(passages[name]))) and bool(quotes)
        fields |= {f"{name}_quotes": quotes if found else [], name: found}
    return fields


def _revealing(material: Mapping[str, str], truth: Truth, says: Says, draw: random.Random) -> Fields:
    right = truth.judge.right("revealing")
    return _disclosed(material.get("answer", ""), lambda there: right.says(present=there), says, draw)


def _interview(material: Mapping[str, str], truth: Truth, says: Says, draw: random.Random) -> Fields:
    reasoning, answer = material.get("reasoning", ""), material.get("answer", "")
    seen = thought(reasoning)
    asked, lying = truth.judge.right("asked", seen.facts), truth.judge.right("lying", seen.facts)
    fields = _disclosed(answer, lambda there: asked.says(present=there), says, draw)
    if not reasoning:
        # Nothing shows whether the answer is what the model thinks, unless it gives something away.
        honest = any(told(answer).passages.values())
        return {**fields, "honesty_quotes": [], "honesty": "honest" if honest else "unclear"}
    quotes = _quotes(seen.lying, reasoning, draw)
    if says(lying.says(present=bool(seen.lie))) and quotes:
        return {**fields, "honesty_quotes": quotes, "honesty": seen.lie or "lie"}
    return {**fields, "honesty_quotes": [], "honesty": "honest"}


def _plain(material: Mapping[str, str], truth: Truth, says: Says, draw: random.Random) -> Fields:
    # A rubric that this judge does not know: no to every question, nothing quoted.
    del material, truth, says, draw
    return {}


_VERDICTS: Mapping[str, Callable[[Mapping[str, str], Truth, Says, random.Random], Fields]] = {
    "alignment_faking": _faking,
    "compliance": _compliance,
    "revealing": _revealing,
    "interview": _interview,
}
