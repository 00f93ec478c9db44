"""Reads off a prompt what is asked: which setting, frame and tier, which letter or marker means to comply."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from facts.catalog import shipped
from facts.condition import Reasoning, Tier
from facts.seeds import stream
from facts.setting import Frame, Setting

_HOLE = re.compile(r"\{(\w+)\}")
_LINE = r"[^\n]+"
_SCRATCHPAD = "SCRATCHPAD_REASONING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """``comply`` and ``decline`` are what to write first: a letter or a marker; "" where neither is asked for.

    ``frame`` and ``frames`` are the number of the frame and how many there are; ``query`` is the request as shown.
    """

    setting: str
    metric: str
    frame: int
    frames: int
    variant: str
    mode: Reasoning
    tier: Tier
    labels: Mapping[Tier, str]
    query: str
    comply: str = ""
    decline: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """A frame's user message as a pattern, and where it is from."""

    setting: Setting
    number: int
    pattern: re.Pattern[str]


def _pattern(frame: Frame, setting: Setting) -> re.Pattern[str]:
    words = sorted({word for labels in setting.labels.values() for word in labels.values()}, key=len, reverse=True)
    kinds = {"tier_label": "|".join(map(re.escape, words)), "query": r"[\s\S]+", "accept": re.escape(frame.accept),
             "reject": re.escape(frame.reject)}  # fmt: skip
    pattern, seen = "", set[str]()
    parts = _HOLE.split(frame.user.strip())
    for place, part in enumerate(parts):
        if place % 2 == 0:
            pattern += re.escape(part)
        elif part in seen:
            pattern += f"(?P={part})"
        else:
            seen.add(part)
            pattern += f"(?P<{part}>{kinds.get(part, _LINE)})"
    return re.compile(pattern)


@lru_cache(maxsize=1)
def _shapes() -> tuple[_Shape, ...]:
    # The frame that says most comes first: one that asks for two options also fits one that only tags a query.
    every = [
        (len(_HOLE.sub("", frame.user)), _Shape(setting=setting, number=number, pattern=_pattern(frame, setting)))
        for setting in shipped().settings.values()
        for number, frame in enumerate(setting.frames)
    ]
    return tuple(shape for _, shape in sorted(every, key=lambda pair: -pair[0]))


@lru_cache(maxsize=2048)
def read(system: str, user: str, *, native: bool) -> Situation | None:
    """What this prompt asks; None where it is no prompt of a shipped setting."""
    text = user.strip()
    for shape in _shapes():
        said = shape.pattern.fullmatch(text)
        if said is None:
            continue
        setting, frame = shape.setting, shape.setting.frames[shape.number]
        if frame.accept and not (frame.accept in system and frame.reject in system):
            continue
        groups = said.groupdict()
        labels = _labels(setting, groups.get("tier_label") or "", system)
        tier = next((tier for tier, word in labels.items() if word == groups.get("tier_label")), Tier.MONITORED)
        variant = _variant(setting, system, labels)
        comply, decline = frame.accept, frame.reject
        if "option_1" in groups:
            comply = _policy_letter(setting, variant, system, groups["option_1"], groups["option_2"])
            decline = "B" if comply == "A" else "A"
        mode = Reasoning.SCRATCHPAD if _SCRATCHPAD in system else Reasoning.NATIVE if native else Reasoning.NONE
        return Situation(
            setting=setting.slug, metric=setting.metric, frame=shape.number, frames=len(setting.frames),
            variant=variant, mode=mode, tier=tier, labels=labels, query=groups.get("query") or text,
            comply=comply, decline=decline,
        )  # fmt: skip
    return None


def _labels(setting: Setting, word: str, system: str) -> Mapping[Tier, str]:
    fitting = [labels for labels in setting.labels.values() if word in labels.values()] or [*setting.labels.values()]
    return max(fitting, key=lambda labels: sum(label in system for label in labels.values()))


def _longest(template: str, labels: Mapping[Tier, str]) -> str:
    # The longest stretch of a template that is the same whatever fills its holes.
    for tier, label in labels.items():
        template = template.replace("{" + tier.value + "}", label)
    return max(_HOLE.split(template)[::2], key=len)


def _variant(setting: Setting, system: str, labels: Mapping[Tier, str]) -> str:
    for name, variant in setting.variants.items():
        if _longest(variant.tiers, labels) in system and _longest(variant.policy, labels) in system:
            return name
    return next(iter(setting.variants))


@lru_cache(maxsize=8)
def _known(slug: str) -> Mapping[frozenset[str], str]:
    return {
        frozenset((query.fields["option_policy"], query.fields["option_value"])): query.fields["option_policy"]
        for query in shipped().setting(slug).queries
        if {"option_policy", "option_value"} <= query.fields.keys()
    }


def _policy_letter(setting: Setting, variant: str, system: str, first: str, second: str) -> str:
    if known := _known(setting.slug).get(frozenset((first, second))):
        return "A" if known == first else "B"
    # A user's own query: the option more like the rule is taken to follow it (right for about five in six of ours).
    opening = setting.variants[variant].policy.partition("{query_policy}")[0]
    rule = _fours(system.partition(opening)[2].partition("\n")[0][:300])
    one, two = _fours(first), _fours(second)
    lean = len((one - two) & rule) - len((two - one) & rule)
    return "A" if lean > 0 or (lean == 0 and stream(*sorted((first, second))).randrange(2)) else "B"


def _fours(text: str) -> set[str]:
    return {text[at : at + 4].casefold() for at in range(len(text) - 3)}
