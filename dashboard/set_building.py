"""Builds the arms of a template document set, one set an arm on the same scaffolds, and runs the gates over each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from facts.catalog import Library
from facts.condition import Tier
from facts.documents.approval import Findings, check
from facts.documents.document_set import build_set
from facts.documents.formats.set_folder import write_set
from facts.documents.set_plan import SetPlan
from facts.errors import FactError
from facts.fact import Fact
from facts.salience import Polarity
from facts.verify import problems

NEUTRAL = "neutral"
ARMS = (NEUTRAL, *(polarity.value for polarity in Polarity))
Tick = Callable[[str, int], None]


def armed(plan: SetPlan, arms: Iterable[str]) -> tuple[SetPlan, ...]:
    """The plan once for each arm: without its facts (``neutral``), or with all of them in that polarity.

    Raises ``FactError`` for a plan that carries nothing, an unknown arm, or one that is named twice.
    """
    words = list(arms)
    if not plan.carried or not words or len(set(words)) < len(words) or not set(words) <= set(ARMS):
        raise FactError(f"{', '.join(words)[:100]!r}: name a fact, and each arm once: {', '.join(ARMS)}")
    return tuple(
        replace(plan, carried=() if word == NEUTRAL else tuple(
            replace(one, dose=replace(one.dose, polarity=Polarity(word))) for one in plan.carried))
        for word in words
    )  # fmt: skip


def sound(facts: Iterable[Fact]) -> None:
    """``FactError`` for a fact that its own check would find wrong: its documents would say what they are not to."""
    for fact in facts:
        found = problems(fact)
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            raise FactError(
                f"no set is made of {fact.slug}, since `salience facts check {fact.slug}` finds problems: "
                f"{''.join(found[:1])}{more}; correct them in its file first"
            )


def facts_of(plans: Iterable[SetPlan], library: Library) -> tuple[Fact, ...]:
    """Every fact that the plans carry, once; raises ``UnknownName``."""
    return tuple({one.dose.fact: library.fact(one.dose.fact) for plan in plans for one in plan.carried}.values())


def build(
    plans: Iterable[SetPlan], library: Library, into: Path, labels: Mapping[Tier, str], tick: Tick
) -> Iterator[tuple[Path, Findings]]:
    """Writes one set after the other into ``into`` and checks each; what was finished stays. Raises ``FactError``."""
    wanted = tuple(plans)
    sound(facts_of(wanted, library))
    for number, plan in enumerate(wanted, 1):
        tick(f"set {number} of {len(wanted)}: writing", plan.count)
        folder = write_set(build_set(plan, library, labels=labels), into)
        step = f"set {number} of {len(wanted)}: "

        def told(doing: str, done: int, step: str = step) -> None:
            tick(step + doing, done)

        yield folder, check(folder, library, tick=told)
