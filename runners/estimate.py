"""What a comparison will take, before anything is spent: calls, tokens, cost, time, and what is kept already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from cache.store import Store
from facts.catalog import Library
from facts.tokens import count_tokens
from runners import providers
from runners.comparison import Comparison
from runners.model import Model
from runners.planning import requests_of, trials
from runners.request import Request

_LOOK = 500
_count = lru_cache(maxsize=4096)(count_tokens)  # both tiers and every probe share one system text
_TYPICAL_REPLY = 0.5  # of max_tokens, until a kept sample says better
_SHORT_REPLY = 0.1
_SAFETY = 1.2  # our token estimate may be this far below a provider's own count
# Rough seconds per reply token and per prompt token of one call; only for "about how long".
_PACE = {"embedded": (0.015, 0.0025), "organism": (0.0, 0.0)}
_NETWORK_PACE = (0.02, 0.0001)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlan:
    """One model's share of a plan. Costs are USD for the new calls only; None where the price is unknown."""

    model: Model
    trials: int
    calls: int
    kept: int
    tokens_in: int
    tokens_out_most: int
    cost_low: float | None
    cost_expected: float | None
    cost_high: float | None
    seconds: float
    problem: str | None
    simulated: bool

    @property
    def new(self) -> int:
        """Calls that will be made."""
        return self.calls - self.kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What ``run`` would do now."""

    comparison: Comparison
    models: tuple[ModelPlan, ...]
    conditions: int
    queries: int
    longest_prompt: int

    @property
    def calls(self) -> int:
        """All requests, kept ones included."""
        return sum(m.calls for m in self.models)

    @property
    def kept(self) -> int:
        """Requests whose sample is in the store: they cost nothing."""
        return sum(m.kept for m in self.models)

    @property
    def new(self) -> int:
        """Calls that will be made."""
        return self.calls - self.kept

    @property
    def simulated(self) -> bool:
        """Whether any model of the plan is simulated."""
        return any(m.simulated for m in self.models)

    def cost(self, which: str = "expected") -> float | None:
        """USD for the new calls of all models: ``low``, ``expected`` or ``high``; None if any price is unknown."""
        costs = [getattr(m, f"cost_{which}") for m in self.models if m.new]
        return None if any(c is None for c in costs) else float(sum(costs))


def requests(comparison: Comparison, library: Library, model: Model) -> Iterator[tuple[str, Request]]:
    """Every distinct request of one model, probes right behind the trial they belong to."""
    seen: set[bytes] = set()
    for trial in trials(comparison, library, model):
        for request in requests_of(trial, comparison, library):
            key = request.key
            if (mark := key[-32:].encode()) not in seen:  # two conditions can make one prompt; it is asked once
                seen.add(mark)
                yield key, request


Size = tuple[str, int, int]
"""A request's key, the tokens of its prompt, and the most its reply can take (thinking is billed as output)."""


def sizes(comparison: Comparison, library: Library, model: Model) -> Iterator[Size]:
    """The size of every distinct request of one model; what a plan needs of a request, small enough to remember."""
    for key, request in requests(comparison, library, model):
        size = _count(request.system or "") + sum(_count(turn.text) for turn in request.turns)
        yield key, size, request.max_tokens + (request.thinking_tokens or 0)


def _cost(model: Model, tokens_in: float, tokens_out: float) -> float | None:
    if model.usd_per_mtok_in is None or model.usd_per_mtok_out is None:
        return None
    return (tokens_in * model.usd_per_mtok_in + tokens_out * model.usd_per_mtok_out) / 1_000_000


def _model_plan(
    comparison: Comparison, model: Model, store: Store | None, sized: Iterable[Size]
) -> tuple[ModelPlan, int]:
    calls = kept = tokens_in = tokens_out = longest = 0
    source = iter(sized)
    while chunk := list(islice(source, _LOOK)):
        have = store.has_many(key for key, _, _ in chunk) if store else set[str]()
        for key, size, most in chunk:
            longest = max(longest, size)
            calls += 1
            if key in have:
                kept += 1
            else:
                tokens_in += size
                tokens_out += most
    provider = providers.find(model.provider)
    per_trial = len(comparison.conditions()) * comparison.queries * comparison.replicates
    per_out, per_in = _PACE.get(model.provider, _NETWORK_PACE)
    lanes = 1 if model.provider in _PACE else max(1, min(comparison.concurrency, calls - kept))
    plan = ModelPlan(
        model=model, trials=per_trial, calls=calls, kept=kept,
        tokens_in=tokens_in, tokens_out_most=tokens_out,
        cost_low=_cost(model, tokens_in / _SAFETY, tokens_out * _SHORT_REPLY),
        cost_expected=_cost(model, tokens_in, tokens_out * _TYPICAL_REPLY),
        cost_high=_cost(model, tokens_in * _SAFETY, tokens_out),
        seconds=(tokens_out * _TYPICAL_REPLY * per_out + tokens_in * per_in) / lanes,
        problem=provider.problem(model), simulated=provider.SIMULATED,
    )  # fmt: skip
    return plan, longest


def estimate(
    comparison: Comparison,
    library: Library,
    models: Iterable[Model],
    store: Store | None,
    sized: Mapping[str, Iterable[Size]] | None = None,
) -> Plan:
    """The plan of a comparison against a store (None: as if nothing were kept). Composes every prompt; calls nothing.

    ``sized`` are ``sizes`` remembered by model label, so that a plan can be brought up to date without composing.
    Raises ``FactError`` for anything that cannot be composed.
    """
    known = sized or {}
    pairs = [
        _model_plan(comparison, model, store, known.get(model.label) or sizes(comparison, library, model))
        for model in models
    ]
    return Plan(
        comparison=comparison, models=tuple(plan for plan, _ in pairs), conditions=len(comparison.conditions()),
        queries=len(comparison.query_ids) or comparison.queries,
        longest_prompt=max((longest for _, longest in pairs), default=0),
    )  # fmt: skip
