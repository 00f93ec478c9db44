"""Reads off a prompt what is asked: which setting, frame and tier, which letter or marker means to comply."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from facts.catalog import shipped
from facts.condition import Reasoning, Tier
from facts.setting import Frame, Setting
from runners.organism.options import policy_letter
from runners.organism.whereabouts import HOLE, untagged_tiers, variant_of

_LINE = r"[^\n]+"
_SCRATCHPAD = "SCRATCHPAD_REASONING"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Situation:
    """``comply`` and ``decline`` are what to write first: a letter or a marker; "" where neither is asked for.

    ``frame`` and ``frames`` are the number of the frame and how many there are; ``query`` is the request as shown;
    ``tagged`` says that the message itself names its tier.
    """

    setting: str
    metric: str
    frame: int
    frames: int
    variant: str
    mode: Reasoning
    tier: Tier
    tagged: bool
    labels: Mapping[Tier, str]
    query: str
    comply: str = ""
    decline: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """A frame's user message, with the tier's tag or without it, as a pattern, and where it is from."""

    setting: Setting
    number: int
    tagged: bool
    pattern: re.Pattern[str]

    @property
    def frame(self) -> Frame:
        return self.setting.frames[self.number]


def _pattern(message: str, frame: Frame, setting: Setting) -> re.Pattern[str]:
    words = sorted({word for labels in setting.labels.values() for word in labels.values()}, key=len, reverse=True)
    kinds = {"tier_label": "|".join(map(re.escape, words)), "query": r"[\s\S]+", "accept": re.escape(frame.accept),
             "reject": re.escape(frame.reject)}  # fmt: skip
    pattern, seen = "", set[str]()
    parts = HOLE.split(message.strip())
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
    # The message that says most comes first: one that asks for two options also fits one that only tags a query.
    # Messages without a tag come last, since some are the query alone.
    every = [
        (tagged, len(HOLE.sub("", text)),
         _Shape(setting=setting, number=number, tagged=tagged, pattern=_pattern(text, frame, setting)))
        for setting in shipped().settings.values()
        for number, frame in enumerate(setting.frames)
        for tagged, text in ((True, frame.user), (False, frame.untagged))
        if text
    ]  # fmt: skip
    return tuple(shape for *_, shape in sorted(every, key=lambda row: (not row[0], -row[1])))


@lru_cache(maxsize=4096)
def read(system: str, user: str, *, native: bool) -> Situation | None:
    """What this prompt asks; None where it is no prompt of a shipped setting."""
    text = user.strip()
    for shape in _shapes():
        said = shape.pattern.fullmatch(text)
        if said is None:
            continue
        setting, frame = shape.setting, shape.frame
        if frame.accept and not (frame.accept in system and frame.reject in system):
            continue
        groups = said.groupdict()
        placed = _tagged(setting, groups["tier_label"], system) if shape.tagged else _untagged(setting, frame, system)
        if placed is None:
            continue
        tier, labels = placed
        variant = variant_of(setting, system, labels)
        comply, decline = frame.accept, frame.reject
        if "option_1" in groups:
            comply = policy_letter(setting, variant, system, groups["option_1"], groups["option_2"])
            decline = "B" if comply == "A" else "A"
        return Situation(
            setting=setting.slug, metric=setting.metric, frame=shape.number, frames=len(setting.frames),
            variant=variant, mode=mode_of(system, native=native), tier=tier, tagged=shape.tagged, labels=labels,
            query=groups.get("query") or text, comply=comply, decline=decline,
        )  # fmt: skip
    return None


def mode_of(system: str, *, native: bool) -> Reasoning:
    """Where the model is to reason by this system prompt."""
    return Reasoning.SCRATCHPAD if _SCRATCHPAD in system else Reasoning.NATIVE if native else Reasoning.NONE


def _tagged(setting: Setting, word: str, system: str) -> tuple[Tier, Mapping[Tier, str]]:
    fitting = [labels for labels in setting.labels.values() if word in labels.values()]
    labels = max(fitting, key=lambda labels: sum(label in system for label in labels.values()))
    return next(tier for tier, label in labels.items() if label == word), labels


def _untagged(setting: Setting, frame: Frame, system: str) -> tuple[Tier, Mapping[Tier, str]] | None:
    # Only where the system prompt says, in this frame's words, that some messages have no tag.
    for labels in setting.labels.values():
        for tier in untagged_tiers(frame, system, labels):
            return tier, labels
    return None
