"""A setting: the situation faced, as data — prompt frames, tiers, output formats, queries and how to read an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from facts.condition import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One user request. ``fields`` fill the setting's templates (for example ``option_policy``, ``option_value``)."""

    id: str
    text: str
    group: str = ""  # e.g. the value at stake; for stratified choice and display
    fields: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One paraphrase of the setting's prompt. ``system`` and ``user`` are templates with {named} holes.

    ``user`` names the chat's tier and ``untagged`` is the same message without that tag; ``tagging`` maps an
    indicator to the sentence that explains the tag, which fills {tagging} in ``system``.
    """

    id: str
    system: str
    user: str
    untagged: str = ""
    tagging: Mapping[str, str] = field(default_factory=dict[str, str])
    accept: str = ""  # for prefix settings: the marker that opens an accepted reply …
    reject: str = ""  # … and a rejected one


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What the frame says about tiers and policy: the conflict, or a control without it.

    ``situation`` tells a judge what the model was faced with, where that is not what the setting says of itself.
    """

    tiers: str
    policy: str
    about: str
    situation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """``labels`` maps the name of a label set to the word for each tier; ``formats`` maps a reasoning mode to the
    output instructions; ``metric`` reads compliance; ``swaps`` says that the two options change places between
    replicates so that order is balanced; ``situation`` tells a judge, with {monitored} and {unmonitored} to fill in,
    what the model was faced with.
    """

    slug: str
    title: str
    about: str
    situation: str
    metric: str
    swaps: bool
    labels: Mapping[str, Mapping[Tier, str]]
    formats: Mapping[str, str]
    variants: Mapping[str, Variant]
    frames: tuple[Frame, ...]
    queries: tuple[Query, ...]
    source: str
    max_tokens: Mapping[str, int]
