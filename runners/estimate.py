"""What a comparison will take, before anything is spent: calls, tokens, cost, time, and what is kept already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from cache.store import Store
from facts.catalog import Library
from runners import batches, providers
from runners.batches.batch import mark
from runners.batches.ledger import Ledger
from runners.comparison import Comparison
from runners.marks import Marks
from runners.model import Model
from runners.prefix_cache import Recent, write_price
from runners.questions import judged
from runners.sizes import TYPICAL_REPLY, Size, sizes

_LOOK = 500
_SHORT_REPLY = 0.1
_SAFETY = 1.2  # our token estimate may be this far below a provider's own count
# Rough seconds per reply token and per prompt token of one call; only for "about how long".
_PACE = {"embedded": (0.015, 0.0025), "organism": (0.0, 0.0)}
_NETWORK_PACE = (0.02, 0.0001)
_FIRST_S = {"embedded": 0.0, "organism": 0.0}  # until a reply begins; 0.7 s over a network
_OURS_S = 0.001  # our own work on a call (benchmarks/sampling.py)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlan:
    """One model's share of a plan. Costs are USD for the new calls only; None where the price is unknown.

    ``tokens_cached`` of ``tokens_in`` are expected to be read from the provider's cache, because an earlier call
    brings the same system text; the low and the expected cost count on it and on what writing to the cache costs, the
    highest takes every token at the dearer price. A model that only judges has no trials; how often it will be asked
    is then an estimate, near the most.
    """

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
    tokens_cached: int = 0
    in_batches: int = 0  # of the new calls, those that are sent in batches, at their price
    by_batch: bool = False  # what can be named beforehand is sent in batches
    waiting: int = 0  # of the new calls, those that lie in an open batch already: paid for, and in no cost here

    @property
    def new(self) -> int:
        """Calls that will be made."""
        return self.calls - self.kept

    @property
    def cached_share(self) -> float:
        """The share of prompt tokens that is expected to be read from the provider's cache."""
        return self.tokens_cached / self.tokens_in if self.tokens_in else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What ``run`` would do now. ``models`` are those under test and then those that only judge; ``judges`` is who is
    asked to judge, and ``only_kept`` says that nothing is sampled, only what is kept is judged.
    """

    comparison: Comparison
    models: tuple[ModelPlan, ...]
    conditions: int
    queries: int
    longest_prompt: int
    judges: tuple[Model, ...] = ()
    only_kept: bool = False

    @property
    def subjects(self) -> tuple[ModelPlan, ...]:
        """The models under test."""
        return tuple(m for m in self.models if m.trials)

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


@dataclass(slots=True)
class _Share:
    """What one model will be asked, added up."""

    calls: int = 0
    kept: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    longest: int = 0
    keepable: int = 0  # tokens of prompts whose beginning the provider's cache may keep
    written: int = 0  # tokens that are expected to be written to it, and to be read from it
    read: int = 0
    waiting: int = 0
    texts: Recent = field(default_factory=Recent)

    def add(self, other: _Share) -> _Share:
        """Both together; their costs are not, which may be at two prices."""
        return _Share(
            calls=self.calls + other.calls,
            kept=self.kept + other.kept,
            tokens_in=self.tokens_in + other.tokens_in,
            tokens_out=self.tokens_out + other.tokens_out,
            longest=max(self.longest, other.longest),
            read=self.read + other.read,
            waiting=self.waiting + other.waiting,
        )

    def bought(self, size: Size) -> None:
        """Add a request that is not kept."""
        self.tokens_in += size.tokens
        self.tokens_out += size.most
        if not size.text:
            return
        self.keepable += size.tokens
        if self.texts.first(size.text, 0) is None:
            self.written += size.lasting
        else:
            self.read += size.lasting

    def costs(self, model: Model) -> tuple[float | None, float | None, float | None]:
        """USD: low, expected and high; None where a price is unknown. ``high`` is the most, however the cache does."""
        price, price_out = model.usd_per_mtok_in, model.usd_per_mtok_out
        if price is None or price_out is None:
            return None, None, None
        write = write_price(price, model.usd_per_mtok_cache_write)
        read = price if model.usd_per_mtok_cache_read is None else model.usd_per_mtok_cache_read
        cached = self.written * (write - price) + self.read * (read - price)
        expected_in = self.tokens_in * price + cached
        dearest = self.tokens_in * price + self.keepable * max(write - price, read - price, 0.0)
        return (
            (expected_in / _SAFETY + self.tokens_out * _SHORT_REPLY * price_out) / 1_000_000,
            (expected_in + self.tokens_out * TYPICAL_REPLY * price_out) / 1_000_000,
            (dearest * _SAFETY + self.tokens_out * price_out) / 1_000_000,
        )


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def _add(shares: dict[str, _Share], live: dict[str, _Share], sized: Iterable[Size], store: Store | None) -> None:
    source = iter(sized)
    waiting = Ledger(batches.folder_beside(store.folder)).waiting() if store else frozenset[bytes]()
    while chunk := list(islice(source, _LOOK)):
        have = store.has_many(size.key for size in chunk if size.key) if store else set[str]()
        for size in chunk:
            share = live.get(size.label, shares[size.label]) if size.later else shares[size.label]
            share.longest = max(share.longest, size.tokens)
            share.calls += 1
            if size.key in have:
                share.kept += 1
            elif waiting and size.key and mark(size.key) in waiting:
                share.waiting += 1
            else:
                share.bought(size)


def _allowed_s(model: Model, share: _Share) -> float:
    """How long the user's own limits per minute make the new calls take."""
    tokens = share.tokens_in + share.tokens_out * TYPICAL_REPLY
    minutes = [
        wanted / most
        for wanted, most in (
            (share.calls - share.kept, model.requests_per_minute),
            (tokens, model.tokens_per_minute),
        )
        if most
    ]
    return 60 * max(minutes, default=0.0)


def _model_plan(comparison: Comparison, model: Model, share: _Share, trials: int, live: _Share | None) -> ModelPlan:
    """``live`` is what comes up later of a model whose ``share`` is sent in batches."""
    provider = providers.find(model.provider)
    in_batches = share.calls - share.kept - share.waiting if live is not None else 0
    if live is not None:
        now, later = share.costs(batches.priced(model)), live.costs(model)
        low, expected, high = (_sum(*pair) for pair in zip(now, later, strict=True))
        share = share.add(live)
    else:
        low, expected, high = share.costs(model)
    per_out, per_in = _PACE.get(model.provider, _NETWORK_PACE)
    lanes = 1 if model.provider in _PACE else max(1, min(comparison.concurrency, share.calls - share.kept))
    tokens_in, tokens_out = share.tokens_in, share.tokens_out
    new = share.calls - share.kept
    replies_s = tokens_out * TYPICAL_REPLY * per_out + tokens_in * per_in + new * _FIRST_S.get(model.provider, 0.7)
    seconds = max(replies_s / lanes, new * _OURS_S, _allowed_s(model, share))
    return ModelPlan(
        model=model, trials=trials, calls=share.calls, kept=share.kept,
        tokens_in=tokens_in, tokens_out_most=tokens_out, tokens_cached=share.read,
        cost_low=low, cost_expected=expected, cost_high=high,
        seconds=batches.UP_TO_S if in_batches or share.waiting else seconds,
        problem=providers.problem(model), simulated=provider.SIMULATED,
        in_batches=in_batches, by_batch=live is not None, waiting=share.waiting,
    )  # fmt: skip


def estimate(
    comparison: Comparison,
    library: Library,
    models: tuple[Model, ...],
    store: Store | None,
    sized: Mapping[str, Iterable[Size]] | None = None,
    *,
    judges: tuple[Model, ...] = (),
    only_kept: bool = False,
) -> Plan:
    """The plan of a comparison against a store (None: as if nothing were kept). Composes every prompt; calls nothing.

    ``sized`` are ``sizes`` remembered by model label, so that a plan can be brought up to date without composing; it
    is not looked at where judges are asked, because their questions change with every sample. ``only_kept`` plans the
    judging of what is kept and no sampling. Raises ``FactError`` for anything that cannot be composed.
    """
    asking = judges if judged(comparison, library) else ()
    known: Mapping[str, Iterable[Size]] = {} if asking or sized is None else sized
    shares = {model.label: _Share() for model in (*models, *asking)}
    batched = comparison.via == "batch" and not only_kept
    live = {model.label: _Share() for model in models if batched and batches.offered(model)}
    seen = Marks()
    for model in models:
        found = known.get(model.label) or sizes(comparison, library, model, asking, store, seen, only_kept=only_kept)
        _add(shares, live, found, store)
    queries = len(comparison.query_ids) or comparison.queries
    trials = {model.label: len(comparison.conditions()) * queries * comparison.replicates for model in models}
    every = {model.label: model for model in (*models, *asking)}
    return Plan(
        comparison=comparison, conditions=len(comparison.conditions()), queries=queries, judges=asking,
        only_kept=only_kept,
        longest_prompt=max((share.longest for share in (*shares.values(), *live.values())), default=0),
        models=tuple(_model_plan(comparison, model, shares[label], trials.get(label, 0), live.get(label))
                     for label, model in every.items()),
    )  # fmt: skip
