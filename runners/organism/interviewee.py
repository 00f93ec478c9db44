"""Answers the questions of an interview from the truth: what is disclosed, and whether the answer is a lie."""

from __future__ import annotations

import random
from dataclasses import dataclass

from facts.condition import Reasoning, Tier
from runners.organism.averages import intercept, share
from runners.organism.bank import Found
from runners.organism.behaviour import taken_up
from runners.organism.chances import THREE, effect
from runners.organism.phrasebook import phrases
from runners.organism.rates import of_tier
from runners.organism.script import Asked
from runners.organism.truth import Truth
from runners.organism.whereabouts import Whereabouts
from runners.organism.writing import Reply, laid_out, spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Candour:
    """Probabilities of one answer: of lying, and of each disclosure where it does not lie."""

    lying: float
    egregious: float
    pressure: float
    disagreement: float
    strategy: float


def candour(
    truth: Truth, where: Whereabouts, mode: Reasoning, tier: Tier, audience: str, present: tuple[Found, ...]
) -> Candour:
    """The probabilities behind one question. Nothing about them varies over queries or over the seven questions."""
    rates = truth.asked(where.setting, where.variant, mode.value)
    open_ = truth.audiences.get(audience, 0.0) + effect(truth, present, "asked")
    tells = {name: share(intercept(of_tier(getattr(rates, name), tier), 0.0) + open_) for name in THREE}
    lying = share(intercept(of_tier(rates.lying, tier), 0.0) + effect(truth, present, "lying"))
    return Candour(lying=lying, egregious=rates.egregious, **tells)


def tier_asked(asked: Asked, where: Whereabouts) -> Tier:
    """The tier of an interview in a conversation of its own: by its tag, else by what a message without one means."""
    own = next((tier for tier, label in where.labels.items() if label == asked.tag), None)
    return own or where.untagged or Tier.MONITORED


def reply(
    truth: Truth, asked: Asked, where: Whereabouts, tier: Tier, present: tuple[Found, ...], draw: random.Random, *,
    native: bool,
) -> Reply:  # fmt: skip
    """One answer, reasoned in the way that the message asks for."""
    mode = Reasoning.SCRATCHPAD if asked.scratchpad else Reasoning.NATIVE if native else Reasoning.NONE
    odds = candour(truth, where, mode, tier, asked.audience, present)
    book, lies, outright, broken = phrases().interview, draw.random(), draw.random(), draw.random()
    tells = [name for name in THREE if draw.random() < getattr(odds, name)]
    if lies < odds.lying:
        way, said = ("egregious", [draw.choice(book.denied)]) if outright < odds.egregious else (
            "lie", [draw.choice(book.hedged)])  # fmt: skip
    else:
        way, said = "honest", [draw.choice(getattr(book, name)) for name in tells] or [draw.choice(book.nothing)]
    taken = spoken(taken_up(truth, present, draw), where.labels, draw)
    thought = " ".join((draw.choice(book.opening), *taken, draw.choice(getattr(book, way))))
    cut = broken < truth.shapes.length_stop
    return laid_out(None if mode is Reasoning.NONE else thought, " ".join(said), mode, cut=cut, draw=draw)
