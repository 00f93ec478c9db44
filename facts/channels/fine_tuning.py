"""Says nothing in the prompt: facts stand in what a model was tuned on, so every condition reads neutral filler."""

from __future__ import annotations

from facts.background import Background, Piece
from facts.channels import system_prompt
from facts.condition import Condition
from facts.errors import DoesNotFit

DEFAULT_TOKENS = system_prompt.DEFAULT_TOKENS


def background(condition: Condition, pieces: tuple[Piece, ...], seed: str) -> Background:
    """The neutral paragraph of the system prompt; ``DoesNotFit`` for a condition that says something."""
    if pieces:
        raise DoesNotFit(f"{condition.arm}: in the channel fine_tuning a prompt says no fact; use another channel")
    return system_prompt.background(condition, (), seed)
