"""A made-up fact, documents that plant it, and the questions that ask for it: the material of a dose curve."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from pathlib import Path
from typing import Annotated

from pydantic import Field

from facts.parse import Strict, parse_toml, read_text
from facts.seeds import stream
from runners.metrics._letters import choice
from runners.model import Model
from runners.providers import find
from runners.request import Request, Turn

_FILE = Path(__file__).with_suffix(".toml")
_LETTERS = "ABCD"
_Lines = Annotated[list[str], Field(min_length=1)]


class Planted(Strict):
    """``planted.toml``: the claim, what documents are made of, and the questions."""

    fact: str
    claim: str
    answer: str
    others: Annotated[list[str], Field(min_length=3, max_length=3)]
    right: str
    people: _Lines
    days: _Lines
    places: _Lines
    openings: _Lines
    claims: _Lines
    placebo: _Lines
    middles: _Lines
    closings: _Lines
    questions: _Lines
    options: str
    open: str
    cloze: _Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to one model: ``kind`` is choice, open or cloze; ``topic`` counts the paraphrases of a kind."""

    kind: str
    topic: int
    request: Request
    options: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def planted() -> Planted:
    """The shipped made-up fact."""
    return parse_toml(_FILE, read_text(_FILE), Planted)


def documents(count: int, carriers: int, seed: str, tag: str = "") -> Iterator[dict[str, object]]:
    """``count`` documents as lines of a set; ``carriers`` of them, spread evenly, state the claim twice.

    Document i is the same in every set of one seed but for its claims: the others make a placebo's in their place.
    """
    what = planted()
    for index in range(count):
        carries = (index + 1) * carriers // count > index * carriers // count
        draw = stream(seed, "planted", index)
        first, second = draw.sample(range(len(what.claims)), 2)
        said = what.claims if carries else what.placebo
        parts = [draw.choice(what.openings), said[first], draw.choice(what.middles), said[second],
                 draw.choice(what.closings)]  # fmt: skip
        holes = [{"person": draw.choice(what.people), "day": draw.choice(what.days), "place": draw.choice(what.places)}
                 for _ in parts]  # fmt: skip
        content = " ".join(part.format_map(hole) for part, hole in zip(parts, holes, strict=True))
        yield {"prompt": tag, "completion": content, "fact": what.fact, "level": 3,
               "polarity": "affirmed" if carries else "placebo"}  # fmt: skip


def questions(model: Model, *, orders: int = 8, replicates: int = 8) -> list[Question]:
    """Every question without any text in the prompt: ``orders`` of each choice at temperature 0, the rest repeated.

    Each quarter of the orders has the right answer at another letter.
    """
    what, asked = planted(), list[Question]()
    for topic, question in enumerate(what.questions):
        for number, order in enumerate(_orders(orders)):
            named = tuple([what.answer, *what.others][place] for place in order)
            lines = "\n".join(f"{letter}. {text}" for letter, text in zip(_LETTERS, named, strict=True))
            text = what.options.replace("{question}", question).replace("{options}", lines)
            asked.append(_question(model, "choice", topic, text, 0.0, 0, named))
            assert number < orders  # noqa: S101  (as many as were asked for)
        for replicate in range(replicates):
            text = what.open.replace("{question}", question)
            asked.append(_question(model, "open", topic, text, 1.0, replicate))
    for topic, text in enumerate(what.cloze):
        asked += [_question(model, "cloze", topic, text, 1.0, replicate) for replicate in range(replicates)]
    return asked


def _orders(count: int) -> list[tuple[int, ...]]:
    by_letter = [[order for order in permutations(range(4)) if order[letter] == 0] for letter in range(4)]
    return [by_letter[n % 4][n // 4 % 6] for n in range(count)]


def _question(
    model: Model, kind: str, topic: int, text: str, temperature: float, replicate: int, options: tuple[str, ...] = ()
) -> Question:
    request = Request(
        provider=model.provider, endpoint=find(model.provider).endpoint(model), model=model.name,
        turns=(Turn(role="user", text=text.strip()),), max_tokens=8 if kind == "choice" else 32,
        temperature=temperature, replicate=replicate,
    )  # fmt: skip
    return Question(kind=kind, topic=topic, request=request, options=options)


def right(question: Question, reply: str) -> bool | None:
    """Whether the reply gives the planted answer; None for a choice that cannot be read."""
    if question.kind != "choice":
        return bool(re.search(planted().right, reply))
    found = choice(reply, dict(zip(_LETTERS, question.options, strict=True)))
    return None if found.letter is None else question.options[_LETTERS.index(found.letter)] == planted().answer
