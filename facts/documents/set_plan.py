"""The plan of a document set: how many documents, which doses in how many of them, how long, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from facts.breadth import Order, Position
from facts.documents.turns import shuffled
from facts.errors import DoesNotFit, FactError
from facts.salience import Dose
from facts.seeds import stream

# In every block of so many documents, carriers are spread evenly; blocks are shuffled on their own.
_BLOCK = 16


class TopUp(StrEnum):
    """What the documents say that do not carry a dose: nothing, or its placebo twin at the same level."""

    NEUTRAL = "neutral"
    PLACEBO = "placebo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A dose (depth) and how many documents carry it (breadth); ``None`` is all of them."""

    dose: Dose
    carriers: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPlan:
    """All that decides a template set, beside the library: same plan, same bytes.

    ``tokens`` is the mean length: document i has its own within ``document_set.SPREAD`` of it, whatever it carries.
    Raises ``FactError`` for a fact carried twice, or more carriers than documents.
    """

    count: int
    seed: str
    carried: tuple[Carried, ...] = ()
    tokens: int = 300
    position: Position = Position.SPREAD
    order: Order = Order.DRAWN
    top_up: TopUp = TopUp.NEUTRAL

    def __post_init__(self) -> None:
        known = tuple(sorted(self.carried, key=lambda one: one.dose))
        slugs = [one.dose.fact for one in known]
        if len(set(slugs)) != len(slugs):
            raise FactError(f"a set may carry each fact once; got {', '.join(slugs)}")
        if self.count < 1:
            raise FactError(f"a set of {self.count} documents is empty; ask for one or more")
        if "\0" in self.seed:
            raise FactError("the seed holds a null byte; use plain text")
        for one in known:
            if one.carriers is not None and not 0 <= one.carriers <= self.count:
                raise DoesNotFit(f"{one.dose}: {one.carriers} carriers among {self.count} documents; ask for more")
        object.__setattr__(self, "carried", known)

    def breadth(self, one: Carried) -> int:
        """How many documents carry it."""
        return self.count if one.carriers is None else one.carriers


def carriers(plan: SetPlan, one: Carried) -> frozenset[int]:
    """The documents that carry a dose: those of the lowest ranks among the first ``plan.count``.

    Ranks depend on seed and fact alone. So the carriers of a smaller m are among those of a larger one, a fact and its
    placebo have the same, and the first n documents of a larger set have those of the set of n documents.
    """
    wanted = plan.breadth(one)
    if wanted == plan.count:
        return frozenset(range(plan.count))
    draw = stream(plan.seed, "carriers", one.dose.fact)
    blocks = 1 + plan.count // _BLOCK
    ranks = [
        (place + draw.random(), index)
        for index, place in enumerate(
            place for block in range(blocks) for place in shuffled(_BLOCK, plan.seed, "carriers", one.dose.fact, block)
        )
        if index < plan.count
    ]
    return frozenset(index for _, index in sorted(ranks)[:wanted])
