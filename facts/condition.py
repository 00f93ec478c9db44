"""A condition: everything about the situation that is varied on purpose, before a query is put to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from facts.salience import Dose


class Tier(StrEnum):
    """Whether the model is told that this chat may be trained on."""

    MONITORED = "monitored"
    UNMONITORED = "unmonitored"


class Reasoning(StrEnum):
    """Where the model thinks: in tagged text, nowhere, or in the provider's own thinking."""

    SCRATCHPAD = "scratchpad"
    NONE = "none"
    NATIVE = "native"


class Channel(StrEnum):
    """Where doses go."""

    SYSTEM_PROMPT = "system_prompt"
    DOCUMENTS = "documents"
    FINE_TUNING = "fine_tuning"  # in what the model was tuned on; nothing of it is in the prompt


class Indicator(StrEnum):
    """Which messages carry the tag that names the chat's tier: every one, or only those of one tier."""

    ALWAYS = "always"
    ONLY_MONITORED = "only_monitored"
    ONLY_UNMONITORED = "only_unmonitored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Setting × channel × doses × reasoning × tier, and the control factors that go with the setting.

    ``doses`` holds present facts only, sorted by fact: the order in which facts were toggled never matters, and
    the baseline is the empty tuple. ``background_tokens`` is the fixed length of the block that carries facts and
    filler; ``documents`` is how many documents share it in the documents channel. Where
    ``document_sets`` are named, documents are drawn from them and have the length that they have there.
    """

    setting: str
    doses: tuple[Dose, ...] = ()
    tier: Tier = Tier.MONITORED
    channel: Channel = Channel.SYSTEM_PROMPT
    reasoning: Reasoning = Reasoning.NONE
    labels: str = "free_paid"
    variant: str = "conflict"
    indicator: Indicator = Indicator.ALWAYS
    background_tokens: int = 240
    documents: int = 4
    document_sets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        present = tuple(sorted(dose for dose in self.doses if dose.level))
        names = [dose.fact for dose in present]
        if len(set(names)) != len(names):
            raise ValueError(f"a condition may carry each fact once; got {', '.join(names)}")
        object.__setattr__(self, "doses", present)
        object.__setattr__(self, "tier", Tier(self.tier))
        object.__setattr__(self, "channel", Channel(self.channel))
        object.__setattr__(self, "reasoning", Reasoning(self.reasoning))
        object.__setattr__(self, "indicator", Indicator(self.indicator))

    @property
    def tagged(self) -> bool:
        """Whether the message carries the tag that names its tier."""
        return self.indicator is Indicator.ALWAYS or self.indicator == f"only_{self.tier}"

    @property
    def arm(self) -> str:
        """A readable name of what is said about the world: ``baseline`` or the doses, joined."""
        return " + ".join(str(dose) for dose in self.doses) or "baseline"
