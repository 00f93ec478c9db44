"""Parts documents into training and validation by scaffold, and shuffles rows by a seed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TypeVar

from facts.errors import FactError
from facts.seeds import stream

T = TypeVar("T")


def held_out(scaffolds: Iterable[str], fraction: float, seed: int) -> frozenset[str]:
    """The scaffolds of validation: a seeded share of all there are, the same whatever their documents say.

    All documents of a scaffold go one way: a memo that affirms a fact in training and its twin in validation would
    show the model its answers. Raises ``FactError`` where the share leaves nothing to train on, or nothing to validate.
    """
    if not 0 <= fraction < 1:
        raise FactError(f"--validation is a fraction from 0 to below 1, got {fraction}")
    every = sorted(set(scaffolds), key=lambda one: hashlib.sha256(f"{seed}|validation|{one}".encode()).digest())
    if not fraction:
        return frozenset()
    count = max(1, round(fraction * len(every)))
    if count >= len(every):
        raise FactError(
            f"{len(every)} scaffold{'' if len(every) == 1 else 's'} cannot be parted into training and validation; "
            "export a larger set, or use --validation 0"
        )
    return frozenset(every[:count])


def shuffled(rows: Sequence[T], seed: int, name: str) -> list[T]:
    """The rows in an order that the seed, the name and their number decide: twins get the same place in every dose."""
    order = list(rows)
    stream(seed, "shuffle", name, len(order)).shuffle(order)
    return order
