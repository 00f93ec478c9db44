"""Where doses go: each channel lays fact pieces and neutral filler out in one block of fixed length."""

from __future__ import annotations

import importlib
from typing import Protocol, cast

from facts.background import Background, Piece
from facts.condition import Channel, Condition


class ChannelFile(Protocol):
    """What a channel file defines."""

    DEFAULT_TOKENS: int

    def background(self, condition: Condition, pieces: tuple[Piece, ...], seed: str) -> Background:
        """The block for these pieces, ``condition.background_tokens`` long within 2 %; ``DoesNotFit`` otherwise."""
        ...


def find(channel: Channel) -> ChannelFile:
    """The file of that channel."""
    return cast("ChannelFile", importlib.import_module(f"facts.channels.{channel.value}"))
