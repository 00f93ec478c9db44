"""How far a run has come, per model, in numbers that can be written to a file and read by another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runners.sample import Trouble

# Fewer new replies than this, in less time than this, say nothing of the rate to come.
_ENOUGH, _ENOUGH_S = 10, 20.0


class State(StrEnum):
    """Where a run stands."""

    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"  # no new calls until it is resumed; what is in flight is kept
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    FINISHED = "finished"
    STOPPED = "stopped"  # budget used up, or every model stopped
    BROKEN = "broken"  # an error of ours or of the disk; the message says which


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProgress:
    """Counts of one model. ``planned`` includes questions about samples; ``refused`` counts kept replies that stopped
    as a refusal or were filtered.

    ``concurrency`` calls may be in flight now, ``most_at_once`` at most; ``held_by`` is the limit per minute that the
    next call waits for; ``remark`` names servers that are left out. ``waiting`` calls will be made again: the first
    because of ``waits_for`` (a trouble), at ``waits_until`` (ISO 8601, UTC); ``wait_asked`` says that the provider
    named that time. ``in_batches`` requests lie in ``batches`` batches at the provider, the first sent at
    ``batched_since``; ``batch_note`` is the last thing that was odd about them.
    """

    label: str
    planned: int
    kept_before: int = 0
    done: int = 0
    refused: int = 0
    cut_short: int = 0  # stopped by the length limit
    failures: Mapping[str, int] = field(default_factory=dict[str, int])
    messages: Mapping[str, str] = field(default_factory=dict[str, str])  # trouble → the last message and its advice
    resolved: tuple[str, ...] = ()  # model identifiers that providers said answered
    concurrency: int = 0
    in_flight: int = 0
    cached_tokens: int = 0  # of ``prompt_tokens``: read from the provider's cache, in new replies
    prompt_tokens: int = 0  # of new replies whose provider counted them
    simulated: bool = False
    spent_usd: float = 0.0
    most_at_once: int = 0
    held_by: str = ""
    remark: str = ""
    waiting: int = 0
    waits_for: str = ""
    waits_until: str = ""
    wait_asked: bool = False
    in_batches: int = 0
    batches: int = 0
    batched_since: str = ""
    batch_note: str = ""

    @property
    def cached_share(self) -> float | None:
        """The share of prompt tokens that came from the provider's cache; None where nothing was counted."""
        return min(1.0, self.cached_tokens / self.prompt_tokens) if self.prompt_tokens else None

    @property
    def failed(self) -> int:
        """Requests that were tried and have no reply; one that was cancelled before its call has not failed."""
        return sum(self.failures.values()) - self.cancelled

    @property
    def cancelled(self) -> int:
        """Requests that were let go of before their call, when the run was cancelled."""
        return self.failures.get(Trouble.CANCELLED.value, 0)

    @property
    def left(self) -> int:
        """Requests that are neither kept nor failed yet."""
        return max(0, self.planned - self.kept_before - self.done - sum(self.failures.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A snapshot of a whole run. ``rate`` is new samples per second over the run so far, pauses left out.

    ``earlier_usd`` is what earlier runs of the same comparison spent, as far as they left word of it. ``samples`` of
    the planned replies are samples, the rest replies to questions about them; ``most`` were planned at the start, where
    a question that might have come up was counted. Both are 0 where a record does not say.
    """

    comparison: str
    state: State
    models: tuple[ModelProgress, ...] = ()
    calls: int = 0
    spent_usd: float = 0.0
    maybe_usd: float = 0.0
    cost_known: bool = True
    elapsed_s: float = 0.0
    paused_s: float = 0.0
    earlier_usd: float = 0.0
    message: str = ""
    updated_at: str = ""
    samples: int = 0
    most: int = 0

    @property
    def planned(self) -> int:
        """All requests of all models."""
        return sum(m.planned for m in self.models)

    @property
    def finished(self) -> int:
        """Requests that have a sample."""
        return sum(m.kept_before + m.done for m in self.models)

    @property
    def unneeded(self) -> int:
        """Calls planned at most that turned out not to be needed, known at the end of a run."""
        return max(0, self.most - self.planned)

    @property
    def in_flight(self) -> int:
        """Calls under way, whose replies will be kept."""
        return sum(m.in_flight for m in self.models)

    @property
    def new(self) -> int:
        """Samples bought by this run."""
        return sum(m.done for m in self.models)

    @property
    def failed(self) -> int:
        """Requests without a sample."""
        return sum(m.failed for m in self.models)

    @property
    def rate(self) -> float:
        """New samples per second."""
        return self.rate_of(self.new)

    @property
    def eta_s(self) -> float | None:
        """Seconds to the end at the rate so far, or None while there is none; the slowest model decides."""
        ends = [self.eta_of(m) for m in self.models if m.left]
        known = [end for end in ends if end is not None]
        return None if len(known) < len(ends) else max(known, default=0.0)

    @property
    def live(self) -> bool:
        """Whether it says that it is under way; after the end of its process it says so for ever."""
        return self.state in {State.STARTING, State.RUNNING, State.PAUSED, State.CANCELLING}

    def rate_of(self, new: int) -> float:
        """So many new samples per second of the run so far."""
        active = self.elapsed_s - self.paused_s
        return new / active if active > 0 else 0.0

    def eta_of(self, model: ModelProgress) -> float | None:
        """Seconds to the end of one model at its rate so far, or None while too little has come to say.

        What lies in batches comes when the provider will have it.
        """
        if model.in_batches:
            return None
        if model.done < _ENOUGH and self.elapsed_s - self.paused_s < _ENOUGH_S:
            return None
        rate = self.rate_of(model.done)
        return model.left / rate if rate > 0 else None
