"""How we call, as opposed to what we ask: none of this is hashed."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on a run. ``max_calls`` and ``max_usd`` are hard: the run stops, it does not warn."""

    concurrency: int = 32
    timeout_s: float = 300.0
    attempts: int = 6
    retry_wall_s: float = 600.0
    backoff_s: float = 0.5
    max_calls: int | None = None
    max_usd: float | None = None

    def __post_init__(self) -> None:
        for name in ("concurrency", "attempts"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        for name in ("timeout_s", "retry_wall_s", "backoff_s", "max_usd", "max_calls"):
            value = getattr(self, name)
            if value is not None and (not math.isfinite(value) or value < 0):
                raise ValueError(f"{name} must be a finite number of at least 0, got {value}")
