"""Draws by quota: every value of an attribute comes once before any comes back, each attribute on its own shuffle."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

from facts.seeds import stream

T = TypeVar("T")


@lru_cache(maxsize=1024)
def shuffled(length: int, *names: object) -> tuple[int, ...]:
    """The numbers below ``length`` in an order that the names decide."""
    order = list(range(length))
    stream(*names).shuffle(order)
    return tuple(order)


def in_turn(rows: Sequence[T], number: int, *names: object) -> T:
    """Row ``number`` of endless shuffled rounds through ``rows``: every row once before any comes back.

    Attributes drawn so, each under its own name, are a Latin hypercube in rounds (McKay et al. 1979): any stretch of
    documents has each value of each attribute equally often, give or take one, and no two attributes go in step. Unlike
    a hypercube of fixed size, it can go on: more documents leave the first ones as they were.
    """
    return rows[shuffled(len(rows), *names, number // len(rows))[number % len(rows)]]


def latin_row(length: int, number: int, *names: object) -> tuple[int, ...]:
    """Row ``number`` of shuffled Latin squares: over ``length`` rows, each number stands once at each rank."""
    turn = number // length
    rows = shuffled(length, *names, "rows", turn)
    columns = shuffled(length, *names, "columns", turn)
    symbols = shuffled(length, *names, "symbols", turn)
    start = rows[number % length]
    return tuple(symbols[(start + column) % length] for column in columns)
