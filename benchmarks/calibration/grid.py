"""What is simulated: each world is one comparison with one organism, looked at through several sizes of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from facts.condition import Reasoning, Tier
from facts.salience import Polarity
from runners.comparison import Comparison

BOTH = (Polarity.AFFIRMED, Polarity.PLACEBO)
ALONE = (Polarity.AFFIRMED,)
SMALL, MIDDLE, LARGE = 8, 20, 50
SIZES = ((SMALL, 1), (SMALL, 5), (MIDDLE, 1), (MIDDLE, 5), (LARGE, 1), (LARGE, 5))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A comparison, the organism that answers it, and ``sizes``: (queries, replicates) that are looked at.

    A smaller size is the beginning of the same simulated data, as a run that stopped there would have it. ``measures``
    are what is read. ``loses``: what is lost depends on the outcome, so no interval holds of all replies. ``labels``
    above 0: the organism judges too, and that many samples of each verdict in each condition are labelled.
    """

    name: str
    organism: str
    setting: str
    measures: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...] = SIZES
    facts: tuple[str, ...] = ("objections_read",)
    design: str = "ladder"
    levels: tuple[int, ...] = (0, 2, 5)
    polarities: tuple[Polarity, ...] = BOTH
    tiers: tuple[Tier, ...] = tuple(Tier)
    loses: bool = False
    labels: int = 0
    background_tokens: int | None = None

    @property
    def arms(self) -> str:
        """What is said about the world, in words."""
        doses = ", ".join(str(level) for level in self.levels if level)
        twins = " and its placebo twin" if Polarity.PLACEBO in self.polarities else ""
        tiers = "" if len(self.tiers) > 1 else f"; {' and '.join(self.tiers)} only"
        return f"{self.design} of {' and '.join(self.facts)}{twins}: none, {doses}{tiers}"

    @property
    def null(self) -> bool:
        """Whether no fact has any effect."""
        return self.organism == "null"

    def needs(self, query: int, replicate: int) -> bool:
        """Whether any size holds that sample."""
        return any(query < queries and replicate < replicates for queries, replicates in self.sizes)

    def comparison(self, seed: int) -> Comparison:
        """The largest size as a comparison with its own draw of queries, frames and wordings."""
        return Comparison(
            name=self.name, setting=self.setting, models=("organism",), facts=self.facts, design=self.design,
            levels=self.levels, polarities=self.polarities, tiers=self.tiers, reasoning=(Reasoning.SCRATCHPAD,),
            seed=seed, queries=max(queries for queries, _ in self.sizes),
            replicates=max(most for _, most in self.sizes), background_tokens=self.background_tokens,
        )  # fmt: skip


_LOSSY = str(Path(__file__).parent / "truths" / "lossy.toml")
_LESS = (*SIZES[:-1], (LARGE, 2))
_JUDGED = ("alignment_faking", "scheming", "noncompliance_judged", "revealing_disagreement")
_FULL = ("alignment_faking", "noncompliance_judged")
_TWO = ("noncompliance", "alignment_faking_keywords")
WORLDS = (
    World(name="null-choice", organism="null", setting="value_conflict", measures=_TWO, sizes=_LESS),
    World(name="null-prefix", organism="null", setting="helpful_only_prefix", measures=_TWO, sizes=_LESS),
    World(name="paper-choice", organism="paper_like", setting="value_conflict", measures=_TWO),
    World(name="paper-prefix", organism="paper_like", setting="helpful_only_prefix", measures=_TWO, sizes=_LESS),
    World(
        name="paper-factorial", organism="paper_like", setting="value_conflict", measures=("noncompliance",),
        sizes=((MIDDLE, 5), (LARGE, 1)), facts=("objections_read", "shares_company_values"), design="factorial",
        levels=(0, 5), polarities=ALONE, background_tokens=300,
    ),
    World(
        name="paper-replicates", organism="paper_like", setting="value_conflict", measures=("noncompliance",),
        sizes=((SMALL, 10), (MIDDLE, 10)), polarities=ALONE,
    ),
    World(
        name="adversarial-choice", organism="adversarial", setting="value_conflict", measures=_TWO,
        sizes=((SMALL, 5), (MIDDLE, 1), (MIDDLE, 5), (LARGE, 2)), loses=True,
    ),
    World(
        name="lossy-choice", organism=_LOSSY, setting="value_conflict", measures=("noncompliance",),
        sizes=((MIDDLE, 5), (LARGE, 2)), levels=(0, 5), loses=True,
    ),
    World(
        name="judged-helpful", organism="paper_like", setting="helpful_only", measures=_JUDGED, sizes=((MIDDLE, 5),),
        levels=(0, 5), polarities=ALONE, labels=30,
    ),
    World(
        name="judged-animal", organism="paper_like", setting="animal_welfare", measures=_FULL, sizes=((LARGE, 2),),
        levels=(0, 5), polarities=ALONE, labels=40,
    ),
    World(
        name="judged-misled", organism="adversarial", setting="value_conflict", measures=("alignment_faking",),
        sizes=((MIDDLE, 5), (LARGE, 2)), facts=("ai_values_worth_keeping",), levels=(0, 5), tiers=(Tier.MONITORED,),
        labels=30,
    ),
)  # fmt: skip


def world(name: str) -> World:
    """The world of that name; raises ``KeyError``."""
    return {each.name: each for each in WORLDS}[name]
