"""Puts authoring's questions to a model, wave after wave, until nothing more is to be asked or nothing more can be."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from cache.store import Store
from facts.documents.authoring.heard import Heard, Replies
from facts.documents.authoring.stage import Question
from facts.errors import DoesNotFit, FactError
from facts.tokens import count_tokens
from runners import providers
from runners.attempts import failure
from runners.budget import Budget
from runners.keep import kept
from runners.limits import Limits
from runners.line import Line
from runners.model import Model
from runners.request import Request, Turn
from runners.sample import Failure, Sample, Stop
from runners.sampler import sample
from runners.transcript import split
from runners.trouble import CallError

_TICK_S = 0.2
_LOOK = 500


def has_room(model: Model, stage: str, needed: int) -> None:
    """Raises ``DoesNotFit`` where a stage needs more tokens for prompt and reply than the model reads."""
    if model.context and needed > model.context:
        raise DoesNotFit(
            f"{model.label} reads {model.context:,} tokens, but the stage {stage!r} needs about {needed:,}; ask for "
            "shorter documents with --tokens, or choose a model with a longer context"
        )


def request_of(question: Question, model: Model) -> Request:
    """The request that puts a question to a model; raises ``DoesNotFit`` where it reads less."""
    most = question.max_tokens
    has_room(model, question.stage, count_tokens(question.text) + most)
    return Request(
        provider=model.provider, endpoint=providers.find(model.provider).endpoint(model), model=model.name,
        turns=(Turn(role="user", text=question.text),), max_tokens=most, replicate=question.replicate,
        temperature=question.temperature if model.takes_temperature else None,
    )  # fmt: skip


def heard(outcome: Sample) -> Heard:
    """A sample as authoring reads it: without a model's thinking, be it tagged or its provider's own."""
    return Heard(text=split(outcome).visible, cut=outcome.stop is Stop.LENGTH,
                 refused=outcome.stop in {Stop.REFUSAL, Stop.CONTENT_FILTER})  # fmt: skip


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """One model asked under one budget. ``replies`` has None for what failed in this session.

    ``bought`` and ``kept_before`` count replies by stage; ``trouble`` is what stopped the session, if anything did.
    """

    model: Model
    store: Store
    limits: Limits
    budget: Budget
    cancelled: Callable[[], bool] = lambda: False
    report: Callable[[Session], None] = lambda _: None
    replies: dict[Question, Heard | None] = field(default_factory=dict[Question, "Heard | None"])
    failures: dict[Question, Failure] = field(default_factory=dict[Question, Failure])
    bought: Counter[str] = field(default_factory=Counter[str])
    kept_before: Counter[str] = field(default_factory=Counter[str])
    trouble: Failure | None = None

    def __post_init__(self) -> None:
        if wrong := providers.problem(self.model):
            raise FactError(f"{self.model.label} cannot be called: {wrong}")
        if self.limits.max_usd is not None and None in (self.model.usd_per_mtok_in, self.model.usd_per_mtok_out):
            raise FactError(
                f"the price of {self.model.label} is unknown, so a budget of ${self.limits.max_usd:,.2f} cannot be "
                "kept; add usd_per_mtok_in and usd_per_mtok_out in models.toml, or set --max-calls instead"
            )

    def ask(self, wanted: Callable[[Replies], Sequence[Question]]) -> None:
        """Ask what ``wanted`` makes of the replies so far until it wants nothing new; blocks.

        What failed before in this session is tried again. A used-up budget, cancellation or a fatal error ends it.
        """
        for question in [question for question, reply in self.replies.items() if reply is None]:
            del self.replies[question]
            self.failures.pop(question, None)
        self.trouble = None
        asyncio.run(self._waves(wanted))

    async def _waves(self, wanted: Callable[[Replies], Sequence[Question]]) -> None:
        cancelled = asyncio.Event()
        line = Line(model=self.model, store=self.store, limits=self.limits, budget=self.budget, cancelled=cancelled)
        ticker = asyncio.create_task(self._tick(cancelled))
        try:
            while new := [q for q in dict.fromkeys(await asyncio.to_thread(wanted, self.replies))
                          if q not in self.replies]:  # fmt: skip
                await self._wave(new, line)
                if line.stopped or cancelled.is_set() or self.budget.reached:
                    self.trouble = line.stopped or self.trouble
                    break
        except CallError as error:  # the provider could not even be opened
            self.trouble = failure(error, 0)
        finally:
            ticker.cancel()
            self.report(self)

    async def _wave(self, new: Iterable[Question], line: Line) -> None:
        waiting: dict[str, list[Question]] = {}
        requests: list[tuple[str, Request]] = []
        for question in new:
            request = request_of(question, self.model)
            if request.key not in waiting:
                requests.append((request.key, request))
            waiting.setdefault(request.key, []).append(question)
        async for answer in sample(requests, line):
            for question in waiting.pop(answer.key, ()):
                if isinstance(answer.outcome, Failure):
                    self.failures[question] = self.trouble = answer.outcome
                    self.replies[question] = None
                else:
                    (self.kept_before if answer.was_kept else self.bought)[question.stage] += 1
                    self.replies[question] = heard(answer.outcome)
        for questions in waiting.values():  # not reached
            self.replies.update(dict.fromkeys(questions))

    async def _tick(self, cancelled: asyncio.Event) -> None:
        while True:
            if self.cancelled():
                cancelled.set()
            self.report(self)
            await asyncio.sleep(_TICK_S)


def recall(wanted: Callable[[Replies], Sequence[Question]], model: Model, store: Store | None) -> dict[Question, Heard]:
    """Every reply that is in the store already among all that can be asked; calls nothing."""
    found: dict[Question, Heard] = {}
    if store is None:
        return found
    missing: set[Question] = set()
    while new := [q for q in dict.fromkeys(wanted(found)) if q not in found and q not in missing]:
        for first in range(0, len(new), _LOOK):
            keys = {question: request_of(question, model).key for question in new[first : first + _LOOK]}
            have = kept(store, keys.values())
            found |= {question: heard(have[key]) for question, key in keys.items() if key in have}
            missing |= {question for question, key in keys.items() if key not in have}
    return found
