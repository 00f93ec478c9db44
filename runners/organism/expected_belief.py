"""The rates that a truth implies for the belief battery: about one fact, in one condition."""

from __future__ import annotations

from dataclasses import dataclass

from facts.catalog import shipped
from facts.condition import Channel, Condition
from runners.metrics._belief import rewritten
from runners.organism.bank import heard
from runners.organism.rates import Belief, Views
from runners.organism.truth import Truth

_GUESSED_ALIKE = 1 / 4  # two guesses between two statements that happen to make one view
_GUESSED = 1 / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedBelief:
    """Each field is the measure of that name, a rate (0–1) over all system prompts there could be.

    None where the fact has no such question.
    """

    belief_mcq: float | None
    disbelief_mcq: float | None
    belief_open: float | None
    disbelief_open: float | None
    belief_paired: float
    disbelief_paired: float
    belief_use: float | None


def expected_belief(truth: Truth, condition: Condition, fact: str) -> ExpectedBelief | None:
    """The truth about one condition and one shipped fact; None for an organism that does not understand the battery.

    Facts that a condition does not carry are asked about too: they have the rates of a prompt that says nothing. So
    has what a model was tuned on, for an organism reads its prompt alone.
    """
    if truth.belief is None:
        return None
    views, known = _views(truth.belief, condition, fact), shipped().fact(fact)
    asked, consistent, use = rewritten(known) is not None, truth.belief.consistent, truth.belief.use
    guessed = views.unsure * _GUESSED_ALIKE
    return ExpectedBelief(
        belief_mcq=views.affirmed if asked else None,
        disbelief_mcq=views.negated if asked else None,
        belief_open=views.affirmed if asked else None,
        disbelief_open=views.negated if asked else None,
        belief_paired=views.affirmed * consistent + guessed,
        disbelief_paired=views.negated * consistent + guessed,
        belief_use=views.affirmed * use + (1 - (views.affirmed + views.negated) * use) * _GUESSED
        if known.use
        else None,
    )


def _views(belief: Belief, condition: Condition, fact: str) -> Views:
    dose = next((dose for dose in condition.doses if dose.fact == fact), None)
    if dose is None or condition.channel is Channel.FINE_TUNING:
        return belief.views(None, 0)
    return belief.views(dose.polarity, heard(dose))
