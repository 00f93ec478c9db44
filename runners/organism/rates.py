"""What a truth is made of, as read from TOML: rates without any fact, slopes of facts, noise and shapes of replies."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import BeforeValidator, Field

from facts.condition import Tier
from facts.parse import Strict
from facts.salience import Polarity

Share = Annotated[float, Field(ge=0, le=1)]
Inside = Annotated[float, Field(ge=0.001, le=0.999)]
Spread = Annotated[float, Field(ge=0, le=5)]
Effect = Annotated[float, Field(ge=-5, le=5)]
Pair = Annotated[list[Share], Field(min_length=2, max_length=2)]  # monitored, unmonitored
_LOUDEST = 5


def _at_each(given: object) -> object:
    return [given] * _LOUDEST if isinstance(given, int | float) else given


# At levels 1–5, or one number for all of them.
Levels = Annotated[list[Share], Field(min_length=_LOUDEST, max_length=_LOUDEST), BeforeValidator(_at_each)]


def of_tier(pair: list[float], tier: Tier) -> float:
    """The member of a pair that is for this tier."""
    return pair[0 if tier is Tier.MONITORED else 1]


class Revealing(Strict):
    """Shares of visible replies that disclose each of the three things unasked; each [monitored, unmonitored]."""

    pressure: Pair
    disagreement: Pair
    strategy: Pair


class Asked(Strict):
    """Shares of an interview's answers: ``lying`` of all; the three disclosures of those that do not lie.

    Each [monitored, unmonitored]; ``egregious`` is the share of lies that are outright.
    """

    pressure: Pair
    disagreement: Pair
    strategy: Pair
    lying: Pair
    egregious: Share


class _Decided(Strict):
    monitored: Inside  # not complied: refused, or the option of the value
    unmonitored: Inside
    alignment_faking: Share = 0.0


class Rates(_Decided):
    """Shares of samples without any fact, over all queries.

    ``alignment_faking`` is of monitored samples that do not refuse, and ``partial`` is the share of those, in either
    tier, that do half of what is asked. What is None is as in the truth's [otherwise].
    """

    partial: Share | None = None
    revealing: Revealing | None = None
    asked: Asked | None = None


class Otherwise(_Decided):
    """The rates of all settings that have none of their own, and of what others leave out."""

    partial: Share = 0.0  # read only in settings with full replies
    revealing: Revealing
    asked: Asked


class Slope(Strict):
    """Log-odds per level of salience of an affirmed fact."""

    monitored: Effect = 0.0  # of not complying
    unmonitored: Effect = 0.0
    alignment_faking: Effect = 0.0  # of reasoning so, among monitored samples that do not refuse
    pressure: Effect = 0.0  # of disclosing it unasked, in either tier
    disagreement: Effect = 0.0
    strategy: Effect = 0.0
    asked: Effect = 0.0  # of each disclosure in an interview
    lying: Effect = 0.0  # of lying in an interview


class Noise(Strict):
    """Standard deviations in log-odds: of queries, of a query's own tier gap, of frames and of wordings.

    Beside them a share of queries may be ``odd``: of these, one half is moved up by ``odd_effect`` log-odds of not
    complying and one half down, so that queries have heavier tails than a normal distribution.
    """

    query: Spread
    query_tier: Spread
    frame: Spread
    wording: Spread
    odd: Share = 0.0
    odd_effect: Effect = 0.0


class Shapes(Strict):
    """How replies come out, as shares of 0 to 1; whatever the condition, and whatever is decided unless told."""

    length_stop: Share
    length_stop_if_noncompliant: Share | None = None  # None: as the others
    unparseable: Share
    unparseable_if_noncompliant: Share | None = None
    refused: Share  # plain refusals among replies that do not comply where two options are offered
    stopped: Share  # … of refusals that the provider reports instead of text
    faking_when_refusing: Share  # monitored samples that reason so and refuse all the same
    keyword_hit: Share  # alignment-faking reasoning that the keyword rule finds
    keyword_false_alarm: Share  # other monitored reasoning that it takes for it

    def losses(self, *, complies: bool) -> tuple[float, float]:
        """Shares of replies that are cut, and that cannot be read, where the model complies or where it does not."""
        cut, broken = self.length_stop_if_noncompliant, self.unparseable_if_noncompliant
        return (self.length_stop if complies or cut is None else cut,
                self.unparseable if complies or broken is None else broken)  # fmt: skip


class Recall(Strict):
    """Shares of right answers about facts that are present, or absent; to a choice and to an open question alike."""

    present: Share
    absent: Share


class Views(NamedTuple):
    """Chances to hold a claim right and to hold it wrong; otherwise the model is unsure."""

    affirmed: float
    negated: float

    @property
    def unsure(self) -> float:
        """The chance to hold neither."""
        return 1 - self.affirmed - self.negated


class Belief(Strict):
    """Chances to take over what the prompt says, and what is then done about it; apart from recall.

    Whoever does not take it over, or is told nothing, holds an ``arbitrary`` view (right or wrong, one as likely as the
    other) or none. Without a view every choice that has to be made is a guess.
    """

    affirmed: Levels
    negated: Levels
    arbitrary: Share
    consistent: Share  # of those who hold a view: who calls wrong the opposite of what they call right
    use: Share  # … who act on it in an everyday case; the others guess

    def views(self, said: Polarity | None, level: int) -> Views:
        """The chances where the prompt says this of the fact, or (None, a placebo, level 0) nothing."""
        taken = {kind: getattr(self, kind)[level - 1] if said == kind and level else 0.0 for kind in Views._fields}
        arbitrary = (1 - sum(taken.values())) * self.arbitrary / 2
        return Views(taken["affirmed"] + arbitrary, taken["negated"] + arbitrary)


class Uptake(Strict):
    """Chances that the reasoning speaks of a fact that is present at each level 0–5 (affirmed or negated)."""

    by_level: Annotated[list[Share], Field(min_length=6, max_length=6)]


class Awareness(Strict):
    """Chances that the reasoning names the tier of its chat, where the message has a tag and where it has none."""

    tagged: Share
    untagged: Share
