"""Turns what comes back into further requests while a run goes on: which judge to ask, and what to ask next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from facts.catalog import Library
from runners.questions import Reader, for_subject, wanted
from runners.request import Request
from runners.sample import Outcome, Sample
from runners.trial import Trial


@dataclass(slots=True, eq=False)
class _Open:
    """A trial with answers still to come."""

    trial: Trial
    first: frozenset[str]
    waiting: set[str] = field(default_factory=set[str])
    asked: set[str] = field(default_factory=set[str])
    sample: Sample | None = None
    replies: dict[str, Outcome] = field(default_factory=dict[str, Outcome])


class Followups:
    """Holds trials only as long as something about them is still to be answered. Safe to share between threads.

    With ``look``, models under test are asked nothing: what they said already is looked up instead.
    """

    def __init__(
        self, library: Library, readers: Sequence[Reader],
        look: Callable[[Sequence[str]], Mapping[str, Sample]] | None = None,
    ) -> None:  # fmt: skip
        self._library = library
        self._readers = [reader for reader in readers if reader.asks]
        self._look = look
        self._lock = threading.Lock()
        self._by_key: dict[str, list[_Open]] = {}
        self._open = 0

    @property
    def pending(self) -> int:
        """Trials with answers still to come."""
        return self._open

    def open(self, trial: Trial) -> dict[str, Request]:
        """What can be asked at once about a trial, by key: its own request first, then questions without a sample."""
        requests = {trial.key: trial.request}
        if self._look is None:
            requests |= wanted(trial, self._library, self._readers, None, {})
        entry = _Open(trial=trial, first=frozenset(requests))
        with self._lock:
            self._open += 1
            return self._wait(entry, requests)

    def answered(self, key: str, outcome: Outcome) -> dict[str, Request]:
        """What can be asked now that this answer has come, by key; nothing for a key that nobody waits for."""
        found: dict[str, Request] = {}
        with self._lock:
            for entry in self._by_key.pop(key, ()):
                entry.waiting.discard(key)
                if key == entry.trial.key:
                    entry.sample = outcome if isinstance(outcome, Sample) else None
                else:
                    entry.replies[key] = outcome
                # A trial without a sample has no score, so nothing more is paid for it.
                if entry.sample is not None:
                    found |= self._wait(entry, self._further(entry))
                if not entry.waiting:
                    self._open -= 1
        return found

    def _wait(self, entry: _Open, requests: Mapping[str, Request]) -> dict[str, Request]:
        """Have a trial wait for these; those that nobody waits for yet are to be asked."""
        fresh = {key: request for key, request in requests.items() if key not in self._by_key}
        for key in requests:
            self._by_key.setdefault(key, []).append(entry)
        entry.asked.update(requests)
        entry.waiting.update(requests)
        return fresh

    def _further(self, entry: _Open) -> dict[str, Request]:
        found: dict[str, Request] = {}
        while more := {key: request for key, request in self._wanted(entry).items() if key not in entry.asked}:
            entry.asked.update(more)
            said = [key for key, request in more.items() if self._look and for_subject(request, entry.trial)]
            found |= {key: request for key, request in more.items() if key not in said}
            if self._look and said:
                entry.replies.update(self._look(said))
        return found

    def _wanted(self, entry: _Open) -> dict[str, Request]:
        return wanted(entry.trial, self._library, self._readers, entry.sample, entry.replies)

    def abandon(self, model: str) -> None:
        """Wait no longer for what a model, by label, was asked at first and has not answered: it will not be asked."""
        with self._lock:
            for key in list(self._by_key):
                left = [entry for entry in self._by_key[key] if not self._gives_up(entry, key, model)]
                self._by_key[key] = left
                if not left:
                    del self._by_key[key]

    def _gives_up(self, entry: _Open, key: str, model: str) -> bool:
        if entry.trial.model.label != model or key not in entry.first:
            return False
        entry.waiting.discard(key)
        if not entry.waiting:
            self._open -= 1
        return True
