"""Counts one model's answers while a run goes on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from runners.batches.desk import Standing
from runners.line import Line
from runners.progress import ModelProgress
from runners.sample import Failure, Stop
from runners.sampler import Answer


@dataclass(slots=True, kw_only=True)
class Tally:
    """Mutable counts behind ``ModelProgress``; one per model and run.

    ``expected_all`` says that everything that could come up has come up; until then a judge's plan is an estimate.
    ``known_kept`` replies were kept before the run, although they are come by one after another only.
    """

    label: str
    planned: int
    simulated: bool
    expected_all: bool = False
    known_kept: int = 0
    kept_before: int = 0
    done: int = 0
    refused: int = 0
    cut_short: int = 0
    cached_tokens: int = 0
    prompt_tokens: int = 0
    failures: Counter[str] = field(default_factory=Counter[str])
    messages: dict[str, str] = field(default_factory=dict[str, str])
    resolved: set[str] = field(default_factory=set[str])
    batched: Standing = field(default_factory=Standing)

    def add(self, answer: Answer) -> None:
        """Count one answer."""
        match answer.outcome:
            case Failure() as failure:
                self.fail(failure)
            case sample:
                self.kept_before += answer.was_kept
                self.done += not answer.was_kept
                self.refused += sample.stop in {Stop.REFUSAL, Stop.CONTENT_FILTER}
                self.cut_short += sample.stop is Stop.LENGTH
                if not answer.was_kept:
                    usage = sample.usage
                    self.cached_tokens += usage.cache_read_tokens or 0
                    parts = (usage.input_tokens, usage.cache_read_tokens, usage.cache_write_tokens)
                    self.prompt_tokens += sum(part or 0 for part in parts)
                self.resolved.add(sample.model)

    def fail(self, failure: Failure, count: int = 1) -> None:
        """Count requests that have no sample, with the words for the user."""
        name = failure.trouble.value
        self.failures[name] += count
        self.messages[name] = failure.words

    def progress(self, line: Line | None) -> ModelProgress:
        """A frozen snapshot."""
        kept_before = self.kept_before if self.expected_all else max(self.kept_before, self.known_kept)
        settled = kept_before + self.done + sum(self.failures.values())
        planned = settled if self.expected_all else max(self.planned, settled)
        wait = line.pace.waiting if line else None
        return ModelProgress(
            label=self.label, planned=planned, kept_before=kept_before, done=self.done, refused=self.refused,
            cut_short=self.cut_short, failures=dict(self.failures), messages=dict(self.messages),
            resolved=tuple(sorted(self.resolved)), concurrency=line.pace.target if line else 0,
            most_at_once=line.pace.most if line else 0, held_by=line.pace.held_by if line else "",
            remark=line.remark if line else "",
            in_flight=line.pace.in_flight if line else 0, cached_tokens=self.cached_tokens,
            prompt_tokens=self.prompt_tokens, simulated=self.simulated,
            in_batches=self.batched.requests, batches=self.batched.batches, batched_since=self.batched.since,
            batch_note=self.batched.note,
            spent_usd=line.spent_usd if line else 0.0, waiting=wait.calls if wait else 0,
            waits_for=wait.trouble if wait else "", wait_asked=bool(wait and wait.asked),
            waits_until=_after(line.pace.seconds_to(wait.until_s)) if line and wait else "",
        )  # fmt: skip


def _after(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="seconds")
