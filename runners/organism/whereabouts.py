"""Reads off a system prompt alone which setting it is of, how it names the tiers and what an untagged message means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from facts.catalog import shipped
from facts.condition import Tier
from facts.setting import Frame, Setting

HOLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """``untagged`` is the tier of a message without a tag; None where every message has one."""

    setting: str
    variant: str
    labels: Mapping[Tier, str]
    untagged: Tier | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """Two stretches of text by which a variant of a setting, under a label set, is known."""

    setting: Setting
    variant: str
    labels: Mapping[Tier, str]
    stretches: tuple[str, str]


def named(template: str, labels: Mapping[Tier, str]) -> str:
    """The template with the words for the tiers filled in."""
    for tier, label in labels.items():
        template = template.replace("{" + tier.value + "}", label)
    return template


def longest(template: str, labels: Mapping[Tier, str]) -> str:
    """The longest stretch of a template that is the same whatever fills its other holes."""
    return max(HOLE.split(named(template, labels))[::2], key=len)


@lru_cache(maxsize=1)
def _marks() -> tuple[_Mark, ...]:
    marks = [
        _Mark(setting=setting, variant=name, labels=labels,
              stretches=(longest(variant.tiers, labels), longest(variant.policy, labels)))
        for setting in shipped().settings.values()
        for labels in setting.labels.values()
        for name, variant in setting.variants.items()
    ]  # fmt: skip
    return tuple(sorted(marks, key=lambda mark: -sum(map(len, mark.stretches))))


@lru_cache(maxsize=2048)
def whereabouts(system: str) -> Whereabouts | None:
    """Where the model is by this system prompt; None where it is of no shipped setting."""
    for mark in _marks():
        if all(stretch in system for stretch in mark.stretches):
            tier = next((t for frame in mark.setting.frames for t in untagged_tiers(frame, system, mark.labels)), None)
            return Whereabouts(setting=mark.setting.slug, variant=mark.variant, labels=mark.labels, untagged=tier)
    return None


def untagged_tiers(frame: Frame, system: str, labels: Mapping[Tier, str]) -> Iterator[Tier]:
    """The tier of a message without a tag, where the system prompt says in this frame's words that there are such."""
    for tagged, other in ((Tier.MONITORED, Tier.UNMONITORED), (Tier.UNMONITORED, Tier.MONITORED)):
        said = frame.tagging.get(f"only_{tagged}", "")
        if said and named(said, labels) in system:
            yield other


def variant_of(setting: Setting, system: str, labels: Mapping[Tier, str]) -> str:
    """The variant whose words stand in the system prompt, else the first."""
    for name, variant in setting.variants.items():
        if longest(variant.tiers, labels) in system and longest(variant.policy, labels) in system:
            return name
    return next(iter(setting.variants))
