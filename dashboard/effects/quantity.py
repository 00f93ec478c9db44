"""One number that may not be known, with its interval, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """``value`` with 95 % limits. ``value`` None: it is not defined, or nothing is known; ``low`` None: no interval.

    ``reason`` says why something is None, and is empty otherwise.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""


def unknown(reason: str) -> Quantity:
    """Nothing can be said, and why."""
    return Quantity(value=None, reason=reason)
