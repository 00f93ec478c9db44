"""A blind draw: which samples people label, in an order that says nothing about condition or verdict."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from facts.errors import FactError


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One sample with a verdict. ``condition`` is any name that tells conditions (and models) apart."""

    key: str
    condition: str
    verdict: bool
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """``order`` is all that a labeller may see: keys. ``hidden`` says what stands behind each key: one item, or
    several where conditions share a sample."""

    order: tuple[str, ...]
    hidden: Mapping[str, tuple[Item, ...]]


def draw(items: Iterable[Item], *, per: int, seed: int, own: str = "") -> Drawn:
    """At most ``per`` random items of each verdict of each condition.

    Both the choice and the order depend on the seed, ``own`` and the keys alone: more ``per`` only adds, and more
    samples change the choice only where they are drawn themselves. The order is drawn apart from the choice: by the
    ranks of the choice the last items would come from the rarest verdicts. Raises ``FactError`` for ``per`` below 1.
    """
    if per < 1:
        raise FactError(f"at least 1 sample of each verdict must be drawn, not {per}")
    strata: dict[tuple[str, bool], list[Item]] = {}
    for item in items:
        strata.setdefault((item.condition, item.verdict), []).append(item)
    hidden: dict[str, tuple[Item, ...]] = {}
    for stratum in strata.values():
        for item in sorted(stratum, key=lambda item: _rank(seed, own, "choice", item.key))[:per]:
            hidden[item.key] = (*hidden.get(item.key, ()), item)
    return Drawn(order=tuple(sorted(hidden, key=lambda key: _rank(seed, own, "order", key))), hidden=hidden)


def _rank(seed: int, own: str, what: str, key: str) -> bytes:
    return hashlib.sha256(f"{seed}\x1f{own}\x1f{what}\x1f{key}".encode()).digest()
