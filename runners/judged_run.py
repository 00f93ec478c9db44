"""Runs what judges read: every sample goes on to the judges the moment it is kept, whatever model it came from."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from itertools import islice

from facts.catalog import Library
from runners.attempts import failure
from runners.estimate import ModelPlan
from runners.followups import Followups
from runners.inbox import ROOM, Inbox
from runners.judging import judgings
from runners.keep import kept
from runners.marks import Marks
from runners.planning import trials
from runners.questions import address, readers
from runners.request import Request
from runners.running import Run
from runners.sample import Failure, Sample, Trouble
from runners.sampler import Answer, sample
from runners.trouble import CallError

_PAUSE_S = 0.02
_LOOK = 200
_GONE = Failure(trouble=Trouble.STOPPED, message="the run ended before this question")


def judged_run(run: Run, library: Library) -> list[Coroutine[None, None, None]]:
    """The work of a run with judges, to be gathered: one stream of trials a model under test, one inbox a model."""
    return _Judged(run, library).work()


class _Judged:
    """Streams of trials feed inboxes of judges (and of models that are interviewed after their reply)."""

    def __init__(self, run: Run, library: Library) -> None:
        self.run = run
        self.library = library
        comparison = run.plan.comparison
        self.followups = Followups(library, readers(comparison, library, judgings(comparison, run.plan.judges)),
                                   self.look if run.plan.only_kept else None)  # fmt: skip
        self.judges = {judge.label for judge in run.plan.judges}
        self.labels = {address(item.model): item.model.label for item in run.plan.models}
        self.inboxes = {item.model.label: Inbox() for item in run.plan.models}
        self.counted = Marks()
        self.streaming = 0

    def look(self, keys: Sequence[str]) -> Mapping[str, Sample]:
        """What is kept under these keys."""
        return kept(self.run.store, keys)

    def work(self) -> list[Coroutine[None, None, None]]:
        streams = [self.stream(item) for item in self.run.plan.subjects]
        self.streaming = len(streams)
        return [*streams, *(self.answer(item) for item in self.run.plan.models), self.settle()]

    async def stream(self, item: ModelPlan) -> None:
        """Sample one model's trials; what can be asked about them is handed on as they come."""
        tally = self.run.tallies[item.model.label]
        try:
            if item.problem and item.new and not self.run.plan.only_kept:
                tally.fail(Failure(trouble=Trouble.NOT_READY, message=item.problem), item.new)
                tally.kept_before = item.kept
                return
            async for answer in self.run.answers(self.requests(item), item):
                self.take(answer, item.model.label)
                # Only streams of trials wait for slow judges: an inbox that waited for another could wait for itself.
                while not self.run.over and self.full(item.model.label):  # noqa: ASYNC110  (two events)
                    await asyncio.sleep(_PAUSE_S)
        except CallError as error:  # the provider could not even be opened
            tally.fail(failure(error, 0), item.new)
        finally:
            self.followups.abandon(item.model.label)
            self.streaming -= 1

    def requests(self, item: ModelPlan) -> Iterator[tuple[str, Request]]:
        """The requests of a model's trials that can be named at once, each trial held until it is settled."""
        source = trials(self.run.plan.comparison, self.library, item.model)
        while chunk := list(islice(source, _LOOK)):
            have = self.look([t.key for t in chunk]) if self.run.plan.only_kept else None
            for trial in chunk:
                if have is None or trial.key in have:
                    yield from self.followups.open(trial).items()

    async def answer(self, item: ModelPlan) -> None:
        """Put what comes up to one model until nothing more can come."""
        label, line, inbox = item.model.label, self.run.line(item.model), self.inboxes[item.model.label]
        try:
            if not (item.problem and item.new):
                async for answer in sample(inbox, line):
                    inbox.answered(answer.key)
                    self.take(answer, label)
        except CallError as error:
            line.stopped = line.stopped or failure(error, 0)
        finally:
            why = line.stopped or (Failure(trouble=Trouble.NOT_READY, message=item.problem) if item.problem else None)
            await self.drain(label, why)
            # Last, when nothing can be counted any more: what a stopped model under test was never asked.
            if item.trials and line.stopped and (rest := self.run.tallies[label].progress(line).left):
                self.run.tallies[label].fail(line.stopped, rest)

    async def drain(self, label: str, why: Failure | None) -> None:
        """Say that a model will not answer any more, so that nobody waits for it."""
        inbox = self.inboxes[label]
        inbox.put_back()
        while items := await inbox.take(_LOOK, lambda: False):
            for key, _ in items:
                inbox.answered(key)
                if why and not self.run.over and self.first(key):
                    self.run.tallies[label].fail(why)
                self.route(self.followups.answered(key, why or _GONE))

    async def settle(self) -> None:
        """Close the inboxes once every trial is settled, or nothing may be called any more."""
        while self.streaming or (self.followups.pending and not self.run.over):  # noqa: ASYNC110  (three events)
            await asyncio.sleep(_PAUSE_S)
        for item in self.run.plan.models:
            label = item.model.label
            self.inboxes[label].close()
            if not self.run.over and not (item.trials and self.run.line(item.model).stopped):
                self.run.tallies[label].expected_all = True

    def take(self, answer: Answer, label: str) -> None:
        """Count an answer, once, and hand on what can be asked now."""
        if self.first(answer.key):
            self.run.tallies[label].add(answer)
        self.route(self.followups.answered(answer.key, answer.outcome))

    def full(self, label: str) -> bool:
        """Whether the judges, or the model itself, have more to do than they should."""
        return any(len(self.inboxes[name]) > ROOM for name in {label, *self.judges})

    def first(self, key: str) -> bool:
        """Whether this key is seen for the first time: two trials, or two judgings, can share a request."""
        return self.counted.new(key)

    def route(self, requests: Mapping[str, Request]) -> None:
        """Put requests into the inboxes of the models that they are for."""
        for key, request in requests.items():
            label = self.labels[request.provider, request.endpoint, request.model]
            self.inboxes[label].put({key: request})
