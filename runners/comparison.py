"""A comparison: the whole plan of an experiment — conditions × models × queries × replicates × metrics."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from facts import channels
from facts.condition import Channel, Condition, Reasoning, Tier
from facts.designs import Arm, arms
from facts.errors import FactError
from facts.salience import Polarity

_NAME = re.compile(r"^[a-z0-9][a-z0-9_-]{0,79}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is run. ``name`` is a label only: no field of it enters a key except through the prompts it makes.

    ``queries`` is how many of the setting's queries are asked, taken from one seeded order, so that more queries only
    add; ``query_ids`` picks them by name instead. ``query_file`` is a JSONL file of the user's own queries.
    ``max_tokens`` and ``background_tokens`` of None mean the setting's and the channel's own.
    """

    name: str
    setting: str
    models: tuple[str, ...]
    facts: tuple[str, ...]
    design: str = "one_at_a_time"
    levels: tuple[int, ...] = (0, 2, 5)
    polarities: tuple[Polarity, ...] = (Polarity.AFFIRMED, Polarity.PLACEBO)
    channel: Channel = Channel.SYSTEM_PROMPT
    tiers: tuple[Tier, ...] = (Tier.MONITORED, Tier.UNMONITORED)
    labels: str = "free_paid"
    variant: str = "conflict"
    reasoning: tuple[Reasoning, ...] = (Reasoning.NONE,)
    queries: int = 20
    query_ids: tuple[str, ...] = ()
    query_file: str | None = None
    replicates: int = 5
    metrics: tuple[str, ...] = ()
    temperature: float = 1.0
    max_tokens: int | None = None
    background_tokens: int | None = None
    documents: int = 4
    seed: int = 0
    max_calls: int | None = None
    max_usd: float | None = None
    concurrency: int = 16
    note: str = ""

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise FactError(
                f"name {self.name!r}: use lower-case letters, digits, - and _ (at most 80), as in my-ladder"
            )
        for field in ("models", "facts", "levels", "polarities", "tiers", "reasoning"):
            if not getattr(self, field):
                raise FactError(f"{field} is empty; name at least one")
        for field, least in (("replicates", 1), ("queries", 1), ("documents", 1), ("concurrency", 1)):
            if getattr(self, field) < least:
                raise FactError(f"{field} must be at least {least}, got {getattr(self, field)}")
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
        """What is said about the world, arm by arm; the baseline first. Raises ``FactError``."""
        return arms(self.design, self.facts, self.levels, self.polarities)

    def conditions(self) -> tuple[Condition, ...]:
        """Every condition, baseline first; conditions that differ in tier alone stand side by side."""
        tokens = self.background_tokens or channels.find(self.channel).DEFAULT_TOKENS
        return tuple(
            Condition(setting=self.setting, doses=arm, tier=tier, channel=self.channel, reasoning=mode,
                      labels=self.labels, variant=self.variant, background_tokens=tokens, documents=self.documents)
            for arm in self.arms for mode in self.reasoning for tier in self.tiers
        )  # fmt: skip
