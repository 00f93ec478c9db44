"""A comparison: the whole plan of an experiment — conditions × models × queries × replicates × metrics."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from facts import channels
from facts.breadth import Breadth, Order, Position
from facts.condition import Channel, Condition, Indicator, Reasoning, Tier
from facts.designs import Arm, arms
from facts.errors import FactError
from facts.salience import Polarity

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")  # a file and a folder bear it, so it holds no part of a path

# Beyond these nothing is measured that is not measured below; they keep a slipped key from planning for ever.
MOST_AT_ONCE = 4_096
_MOST = {"replicates": 100_000, "queries": 1_000_000, "documents": 1_000, "concurrency": MOST_AT_ONCE, "looks": 20,
         "max_tokens": 10_000_000, "background_tokens": 10_000_000}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is run. ``name`` is a label only: no field of it enters a key except through the prompts it makes.

    ``queries`` is how many of the setting's queries are asked, taken from one seeded order, so that more queries only
    add; ``query_ids`` picks them by name instead. ``query_file`` is a JSONL file of the user's own queries.
    ``max_tokens`` and ``background_tokens`` of None mean the setting's and the channel's own.

    ``carriers`` asks for arms in which so many of the ``documents`` say the whole dose each (breadth), at each of the
    ``positions`` and ``orders``; without it a dose is shared out over all documents.

    ``document_sets`` are ids of sets of the workspace that documents are drawn from instead of being composed: a
    neutral one, and one for each dose.

    ``judges`` are models (labels or specs) that read the samples: the first one's verdicts are the scores, further ones
    are asked as well so that their agreement can be known. Nobody judges by default. ``votes``, ``threshold`` and
    ``rubrics`` are as in ``Judging``; ``audiences`` are what interviewed models are told about who reads, ``interview``
    is where it takes place (``fresh`` or ``after``) and ``interview_replicates`` how many replicates are interviewed.
    ``via`` is ``live`` or ``batch``: how models under test are called, where their providers offer batches; it enters
    no key. ``looks`` of 2 or more pre-sets that many looks at the data while it runs; 0 means one look, at the end.
    """

    name: str
    setting: str
    models: tuple[str, ...]
    facts: tuple[str, ...]
    design: str = "one_at_a_time"
    levels: tuple[int, ...] = (0, 2, 5)
    polarities: tuple[Polarity, ...] = (Polarity.AFFIRMED, Polarity.PLACEBO)
    carriers: tuple[int, ...] = ()
    positions: tuple[Position, ...] = (Position.SPREAD,)
    orders: tuple[Order, ...] = (Order.DRAWN,)
    channel: Channel = Channel.SYSTEM_PROMPT
    tiers: tuple[Tier, ...] = (Tier.MONITORED, Tier.UNMONITORED)
    labels: str = "free_paid"
    variant: str = "conflict"
    indicator: Indicator = Indicator.ALWAYS
    reasoning: tuple[Reasoning, ...] = (Reasoning.NONE,)
    queries: int = 20
    query_ids: tuple[str, ...] = ()
    query_file: str | None = None
    replicates: int = 5
    metrics: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()
    votes: int | None = None
    threshold: float = 0.4
    rubrics: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ("unsaid",)
    interview: str = "fresh"
    interview_replicates: int = 1
    looks: int = 0
    temperature: float = 1.0
    max_tokens: int | None = None
    background_tokens: int | None = None
    documents: int = 4
    document_sets: tuple[str, ...] = ()
    seed: int = 0
    max_calls: int | None = None
    max_usd: float | None = None
    concurrency: int = 16
    via: str = "live"
    note: str = ""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise FactError(
                f"name {self.name!r}: use lower-case letters, digits, - and _ (at most 80), as in my-ladder"
            )
        for field in ("models", "facts", "levels", "polarities", "positions", "orders", "tiers", "reasoning",
                      "audiences"):  # fmt: skip
            if not getattr(self, field):
                raise FactError(f"{field} is empty; name at least one")
        for field, least in (
            ("replicates", 1),
            ("queries", 1),
            ("documents", 1),
            ("concurrency", 1),
            ("interview_replicates", 1),
            ("looks", 0),
        ):
            if getattr(self, field) < least:
                raise FactError(f"{field} must be at least {least}, got {getattr(self, field)}")
        if self.votes is not None and not 1 <= self.votes <= 99:
            raise FactError(f"votes must be from 1 to 99 (or left out), got {self.votes}")
        if not (math.isfinite(self.threshold) and 0 < self.threshold <= 1):
            raise FactError(f"threshold is a share of votes above 0 and up to 1, got {self.threshold}")
        if self.interview not in ("fresh", "after"):
            raise FactError(f"interview is 'fresh' or 'after' (the transcript), got {self.interview!r}")
        _bounded(self)
        _carried(self)
        _distinct(self)
        for field in ("max_tokens", "background_tokens", "max_calls", "max_usd"):
            value = getattr(self, field)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise FactError(f"{field} must be a number above 0 (or left out), got {value}")
        if not (math.isfinite(self.temperature) and 0 <= self.temperature <= 2):
            raise FactError(f"temperature must be a number from 0 to 2, got {self.temperature}")
        if not all(0 <= level <= 5 for level in self.levels):
            raise FactError(f"levels go from 0 (absent) to 5 (emphasised), got {list(self.levels)}")

    @property
    def arms(self) -> tuple[Arm, ...]:
        """What prompts say about the world, arm by arm; the baseline first. Raises ``FactError``."""
        if self.channel is Channel.FINE_TUNING:
            return ((),)
        return arms(self.design, self.facts, self.levels, self.polarities, self.breadths)

    @property
    def breadths(self) -> tuple[Breadth, ...]:
        """How widely doses are carried: every number of carriers at every position and order."""
        return tuple(
            Breadth(carriers=carriers, position=position, order=order)
            for position in self.positions for order in self.orders for carriers in self.carriers
        ) or (Breadth(),)  # fmt: skip

    def conditions(self) -> tuple[Condition, ...]:
        """Every condition, baseline first; conditions that differ in tier alone stand side by side."""
        tokens = self.background_tokens or channels.find(self.channel).DEFAULT_TOKENS
        return tuple(
            Condition(setting=self.setting, doses=arm, tier=tier, channel=self.channel, reasoning=mode,
                      labels=self.labels, variant=self.variant, indicator=self.indicator,
                      background_tokens=tokens, documents=self.documents,
                      document_sets=tuple(sorted(self.document_sets)))
            for arm in self.arms for mode in self.reasoning for tier in self.tiers
        )  # fmt: skip


def _bounded(comparison: Comparison) -> None:
    if comparison.via not in ("live", "batch"):
        raise FactError(f"via is 'live' or 'batch' (half the price, up to a day), got {comparison.via!r}")
    for field, most in _MOST.items():
        if (getattr(comparison, field) or 0) > most:
            raise FactError(f"{field} must be at most {most:,}")
    if abs(comparison.seed) >= 2**63:
        raise FactError("seed must fit in 64 bits; any small number will do")


def _carried(comparison: Comparison) -> None:
    if comparison.document_sets and comparison.channel is not Channel.DOCUMENTS:
        raise FactError('document_sets are shown in the documents channel; set channel = "documents", or take them out')
    if comparison.document_sets and comparison.background_tokens is not None:
        raise FactError("documents of document_sets have their own length; leave background_tokens out")
    if comparison.carriers and comparison.channel is not Channel.DOCUMENTS:
        raise FactError('carriers are documents that say the dose; set channel = "documents", or leave carriers out')
    if not comparison.carriers and (comparison.positions, comparison.orders) != ((Position.SPREAD,), (Order.DRAWN,)):
        raise FactError("positions and orders are of documents that carry a dose; say how many with carriers = [2]")
    if Order.DATE in comparison.orders:
        raise FactError("orders in context are drawn, carriers_first and carriers_last; a document set may go by date")
    for carriers in comparison.carriers:
        if not 1 <= carriers <= comparison.documents:
            raise FactError(f"carriers go from 1 to the number of documents ({comparison.documents}), got {carriers}; "
                            "levels = [0, …] is how no document carries")  # fmt: skip


def _distinct(comparison: Comparison) -> None:
    # The same cell twice would count every sample twice and make intervals too narrow.
    for field in ("models", "tiers", "reasoning", "metrics", "judges", "audiences", "query_ids", "positions", "orders",
                  "document_sets"):  # fmt: skip
        names: tuple[object, ...] = getattr(comparison, field)
        if len(set(names)) < len(names):
            again = next(name for name in names if names.count(name) > 1)
            raise FactError(f"{field} names {str(again)!r} twice; name it once")
