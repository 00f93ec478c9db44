"""The situation whose prompt is previewed: everything of a condition but its doses, and the query and replicate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from string import ascii_lowercase, digits

from dashboard.prompt_documents import genres
from facts.breadth import SHARED, Breadth
from facts.catalog import Library
from facts.compose import compose
from facts.condition import Channel, Condition, Indicator, Reasoning, Tier
from facts.prompt import Prompt
from facts.salience import Dose, Polarity
from facts.setting import Query
from runners.comparison import Comparison

_LETTERS = frozenset(ascii_lowercase + digits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Fields as in ``Condition``; ``query`` is asked for the ``replicate``-th time (0 is the first)."""

    setting: str
    query: Query
    replicate: int = 0
    tier: Tier = Tier.MONITORED
    channel: Channel = Channel.SYSTEM_PROMPT
    reasoning: Reasoning = Reasoning.NONE
    labels: str = "free_paid"
    variant: str = "conflict"
    indicator: Indicator = Indicator.ALWAYS
    background_tokens: int = 240
    documents: int = 4
    document_sets: tuple[str, ...] = ()
    breadth: Breadth = SHARED
    seed: int = 0

    def condition(self, doses: Iterable[Dose]) -> Condition:
        """The condition with these doses."""
        return Condition(
            setting=self.setting, doses=tuple(replace(dose, breadth=self.breadth) for dose in doses), tier=self.tier,
            channel=self.channel, reasoning=self.reasoning,
            labels=self.labels, variant=self.variant, indicator=self.indicator,
            background_tokens=self.background_tokens, documents=self.documents, document_sets=self.document_sets,
        )  # fmt: skip

    def prompt(self, doses: Iterable[Dose], library: Library) -> Prompt:
        """The exact prompt that a model reads; raises ``FactError``."""
        condition = self.condition(doses)
        return compose(condition, library.setting(self.setting), self.query, self.replicate, library, self.seed)

    def genres(self) -> tuple[str, ...]:
        """The genres of the documents that are composed for the prompt; none where they come from sets."""
        if self.channel is not Channel.DOCUMENTS or self.document_sets:
            return ()
        return genres(f"{self.seed}/{self.setting}/{self.query.id}/{self.replicate}/{self.channel}", self.documents)


def placebo(doses: Iterable[Dose]) -> tuple[Dose, ...]:
    """The placebo twins of these doses: as loud, about something irrelevant."""
    return tuple(replace(dose, polarity=Polarity.PLACEBO) for dose in doses)


def turned(doses: Iterable[Dose]) -> tuple[Dose, ...]:
    """Affirmed for negated and negated for affirmed; placebo twins stay."""
    other = {Polarity.AFFIRMED: Polarity.NEGATED, Polarity.NEGATED: Polarity.AFFIRMED}
    return tuple(replace(dose, polarity=other.get(dose.polarity, dose.polarity)) for dose in doses)


def comparison_of(
    doses: tuple[Dose, ...], situation: Situation, old: Comparison | None, library: Library
) -> Comparison:
    """A comparison that asks what these facts do in this situation, against absence and placebo, in both tiers.

    It is named by its facts. What a previewed situation does not say (models, size, limits) is taken from ``old``.
    """
    present = [dose for dose in doses if dose.level]
    spoken = {dose.polarity for dose in present if dose.polarity is not Polarity.PLACEBO} or {Polarity.AFFIRMED}
    facts = tuple(dict.fromkeys(dose.fact for dose in doses))
    start = old or Comparison(
        name="my-comparison", setting=situation.setting, models=("embedded",), facts=facts, queries=6, replicates=2,
        concurrency=4,
    )  # fmt: skip
    setting = library.setting(situation.setting)
    same = start.setting == situation.setting
    return replace(
        start, name=_name(facts), note="", setting=situation.setting, facts=facts,
        design="ladder" if len(facts) == 1 else "one_at_a_time",
        levels=tuple(sorted({0, *(int(dose.level) for dose in present)})) if present else (0, 2, 5),
        polarities=tuple(p for p in Polarity if p in spoken or p is Polarity.PLACEBO),
        channel=situation.channel, labels=situation.labels, variant=situation.variant, indicator=situation.indicator,
        reasoning=(situation.reasoning,), background_tokens=situation.background_tokens,
        documents=situation.documents, document_sets=situation.document_sets, seed=situation.seed,
        carriers=(situation.breadth.carriers,) if situation.breadth.carriers else (),
        positions=(situation.breadth.position,), orders=(situation.breadth.order,),
        metrics=start.metrics if same else (), query_ids=start.query_ids if same else (),
        query_file=start.query_file if same else None, queries=min(start.queries, len(setting.queries)),
        max_tokens=start.max_tokens if same else None,
    )  # fmt: skip


def _name(facts: tuple[str, ...]) -> str:
    first = "".join(letter if letter in _LETTERS else "-" for letter in facts[0].lower()).strip("-")[:50] or "facts"
    return f"{first}-ladder" if len(facts) == 1 else f"{first}-and-{len(facts) - 1}-more"
