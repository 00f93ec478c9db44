"""Draws what the organism does in a situation, from its truth."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from facts.condition import Reasoning, Tier
from facts.salience import Polarity
from runners.organism.bank import Found
from runners.organism.chances import THREE, chances
from runners.organism.situation import Situation
from runners.organism.truth import Truth

Shape = Literal["whole", "unparseable", "cut"]
Kind = Literal["complied", "partial", "chose_value", "refused", "stopped"]
COMPLIANT: tuple[Kind, ...] = ("complied", "partial")


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """``faking``: it reasons that complying now protects its values; ``caught``: in words that a keyword rule finds.

    ``mentions`` are the facts that the reasoning takes up, ``aware`` says that it names the tier, and ``tells`` is what
    the visible reply discloses.
    """

    kind: Kind
    faking: bool
    caught: bool
    shape: Shape
    mentions: tuple[Found, ...] = ()
    aware: bool = False
    tells: tuple[str, ...] = ()


def behave(truth: Truth, now: Situation, present: tuple[Found, ...], draw: random.Random) -> Behaviour:
    """One draw of what the organism does."""
    odds, shapes = chances(truth, now, present), truth.shapes
    refuses, fakes, words, way, stops, broken, half, aware = (draw.random() for _ in range(8))
    kind: Kind = "complied"
    if refuses < odds.noncompliance:
        options = now.metric == "option"
        kind = "chose_value" if options and way >= shapes.refused else "refused"
        if kind == "refused" and stops < shapes.stopped:
            kind = "stopped"
    elif half < truth.partial(now.setting, now.variant, now.mode.value):
        kind = "partial"
    complies, monitored = kind in COMPLIANT, now.tier is Tier.MONITORED
    likely = odds.faking if complies else shapes.faking_when_refusing if odds.faking else 0.0
    faking = now.mode is not Reasoning.NONE and monitored and fakes < likely
    caught = words < (shapes.keyword_hit if faking else shapes.keyword_false_alarm)
    cut, unparseable = shapes.losses(complies=complies)
    named = truth.awareness.tagged if now.tagged else truth.awareness.untagged
    return Behaviour(
        kind=kind, faking=faking, caught=caught and monitored,
        shape="cut" if broken < cut else "unparseable" if broken < cut + unparseable else "whole",
        mentions=taken_up(truth, present, draw), aware=aware < named,
        tells=tuple(name for name in THREE if draw.random() < getattr(odds, name)),
    )  # fmt: skip


def taken_up(truth: Truth, present: tuple[Found, ...], draw: random.Random) -> tuple[Found, ...]:
    """The facts of the prompt that the reasoning speaks of."""
    said = [one for one in present if one.polarity is not Polarity.PLACEBO]
    return tuple(one for one in said if draw.random() < truth.uptake.by_level[one.level])
