"""How a model is trained: everything that decides the adapter beside the base and the set."""

from __future__ import annotations

import math
from dataclasses import dataclass

from facts.errors import FactError


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A LoRA on every linear part of every layer, AdamW, warm-up over a tenth of the steps and a linear way down.

    ``learning_rate`` is the peak. A document longer than ``piece_tokens`` is learnt in pieces of that length. Raises
    ``FactError`` for what cannot be trained.
    """

    epochs: int = 1
    rank: int = 16
    learning_rate: float = 2e-4
    batch: int = 8
    piece_tokens: int = 256
    max_steps: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("epochs", 1, 1000), ("rank", 1, 512), ("batch", 1, 4096), ("piece_tokens", 16, 32_768),
            ("seed", 0, 2**32 - 1),
        ):  # fmt: skip
            if not low <= getattr(self, name) <= high:
                raise FactError(f"{name} is a number from {low} to {high}, got {getattr(self, name)}")
        if self.max_steps is not None and self.max_steps < 1:
            raise FactError(f"max_steps is at least 1, got {self.max_steps}; leave it out to train on the whole set")
        if not (math.isfinite(self.learning_rate) and 0 < self.learning_rate <= 1):
            raise FactError(f"the learning rate is above 0 and at most 1, got {self.learning_rate}; try 0.0002")

    @property
    def alpha(self) -> float:
        """How much the adapter counts: twice its rank, as is usual, so that the rank alone is to be chosen."""
        return 2.0 * self.rank

    def rate(self, step: int, steps: int) -> float:
        """The learning rate of step ``step`` (from 0) of ``steps``."""
        warm = max(1, steps // 10)
        return self.learning_rate * min(1.0, (step + 1) / warm) * (steps - step) / steps
