"""Whether a model claims a fact that nothing in its prompt speaks of: the recall check of what training planted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from pathlib import Path

from cache.store import Store
from facts.condition import Tier
from facts.fact import Fact
from facts.parse import Strict, parse_toml, read_text
from facts.salience import Polarity
from runners.budget import Budget
from runners.limits import Limits
from runners.line import Line
from runners.metrics._letters import choice
from runners.model import Model
from runners.providers import find
from runners.request import Request, Turn
from runners.sample import Failure
from runners.sampler import sample
from runners.transcript import split

_FILE = Path(__file__).with_suffix(".toml")
_LETTERS = "ABCD"


class _File(Strict):
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """Of ``n`` readable answers to one question, its options in different orders, how many chose each option.

    Orders of one question are no independent samples: this shows whether training moved an answer, not how surely.
    """

    label: str
    fact: str
    chosen: Mapping[str, int]
    n: int
    unread: int
    failed: int


def replies(model: Model, requests: Iterable[Request], store: Store) -> dict[str, str | None]:
    """What the model says, by the request's key; None where it failed. What is kept is not asked again."""
    heard: dict[str, str | None] = {}

    async def ask() -> None:
        line = Line(model=model, store=store, limits=Limits(concurrency=4), budget=Budget(None, None),
                    cancelled=asyncio.Event())  # fmt: skip
        async for answer in sample(((request.key, request) for request in requests), line):
            heard[answer.key] = None if isinstance(answer.outcome, Failure) else split(answer.outcome).visible

    asyncio.run(ask())
    return heard


@lru_cache(maxsize=1)
def _template() -> str:
    return parse_toml(_FILE, read_text(_FILE), _File).question.strip()


def questions(model: Model, fact: Fact) -> list[tuple[Request, Mapping[str, str]]]:
    """The fact's multiple-choice question in all orders of its options, at temperature 0; kinds of option by letter."""
    asked = fact.recall
    texts = {Polarity.AFFIRMED.value: asked.affirmed, Polarity.NEGATED.value: asked.negated,
             "distractor": asked.distractor, "not_stated": asked.not_stated}  # fmt: skip
    endpoint, made = find(model.provider).endpoint(model), list[tuple[Request, Mapping[str, str]]]()
    for order in permutations(sorted(texts)):
        lines = "\n".join(f"{letter}. {texts[kind]}" for letter, kind in zip(_LETTERS, order, strict=True))
        text = _template().replace("{question}", asked.question).replace("{options}", lines)
        for tier in Tier:
            text = text.replace("{" + tier.value + "}", tier.value)
        request = Request(provider=model.provider, endpoint=endpoint, model=model.name, max_tokens=8,
                          turns=(Turn(role="user", text=text),), temperature=0.0)  # fmt: skip
        made.append((request, dict(zip(_LETTERS, order, strict=True))))
    return made


def claimed(model: Model, fact: Fact, store: Store) -> Claimed:
    """Asks one model for one fact without any text in its prompt."""
    asked = questions(model, fact)
    heard = replies(model, (request for request, _ in asked), store)
    chosen, unread = dict.fromkeys(sorted(asked[0][1].values()), 0), 0
    for request, kinds in asked:
        if (said := heard.get(request.key)) is not None:
            letter = choice(said, {letter: _text(fact, kind) for letter, kind in kinds.items()}).letter
            if letter is None:
                unread += 1
            else:
                chosen[kinds[letter]] += 1
    return Claimed(label=model.label, fact=fact.slug, chosen=chosen, n=sum(chosen.values()), unread=unread,
                   failed=sum(heard.get(request.key) is None for request, _ in asked))  # fmt: skip


def _text(fact: Fact, kind: str) -> str:
    text: str = getattr(fact.recall, kind)
    for tier in Tier:
        text = text.replace("{" + tier.value + "}", tier.value)
    return text
