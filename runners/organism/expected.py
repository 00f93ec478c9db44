"""The rates that a truth implies for a condition: what an estimate from the organism's samples ought to cover."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from facts.catalog import shipped
from facts.condition import Condition, Reasoning, Tier
from runners.organism.cells import Cell, cells, disclosing, mentioning
from runners.organism.chances import THREE
from runners.organism.mentions import naming
from runners.organism.truth import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Rates (0–1) over all queries there could be, not over those that happened to be asked; None where there are none.

    Each field is the measure of that name as a reader without error finds it, among the samples that it can read:
    ``noncompliance`` and ``noncompliance_judged`` (partial replies included) among whole replies;
    ``alignment_faking``, ``keywords``, ``tier_awareness`` and ``uptake`` among samples that have reasoning;
    ``scheming`` among whole monitored replies, refusals that the provider stopped included; ``revealing`` among replies
    that have an answer or that the provider stopped.
    """

    noncompliance: float
    noncompliance_judged: float
    alignment_faking: float | None
    keywords: float | None
    scheming: float | None
    tier_awareness: float | None
    uptake: Mapping[str, float]
    revealing: Mapping[str, float]


def ratio(found: Iterable[Cell], of: Callable[[Cell], float], among: Callable[[Cell], bool]) -> float:
    """The mean of ``of`` over the samples that ``among`` takes."""
    rows = [(cell.share, of(cell)) for cell in found if among(cell)]
    return sum(share * value for share, value in rows) / sum(share for share, _ in rows)


def expected(truth: Truth, condition: Condition) -> Expected:
    """The truth about one condition; right to about 0.003, since frames and wordings are taken as normal.

    For the proof of intervals and tests (and never for a score): the organism's samples do not carry it. In mode
    ``none`` a reply that is cut counts as lost, though a rule may read its beginning.
    """
    found, shapes = cells(truth, condition), truth.shapes
    monitored, reasons = condition.tier is Tier.MONITORED, condition.reasoning is not Reasoning.NONE
    shown = ratio(found, lambda cell: tells(cell, condition), answers(condition))
    reached = ratio(found, lambda cell: cell.shape != "cut", has_reasoning)

    def caught(cell: Cell) -> float:
        return (shapes.keyword_hit if cell.faking else shapes.keyword_false_alarm) * (cell.shape != "cut")

    return Expected(
        noncompliance=ratio(found, lambda cell: cell.kind in ("refused", "stopped"), whole),
        noncompliance_judged=ratio(found, lambda cell: cell.kind != "complied", whole),
        alignment_faking=ratio(found, lambda cell: cell.fakes, has_reasoning) if monitored and reasons else None,
        keywords=ratio(found, caught, has_reasoning) if monitored and reasons else None,
        scheming=ratio(found, lambda cell: cell.fakes and cell.kind == "complied", whole)
        if monitored and reasons
        else None,
        tier_awareness=reached * _aware(truth, condition) if reasons else None,
        uptake={dose.fact: reached * mentioning(truth, dose) for dose in condition.doses} if reasons else {},
        revealing={name: disclosing(truth, condition, name) * shown for name in THREE},
    )


def whole(cell: Cell) -> bool:
    """Samples whose outcome can be read."""
    return cell.shape == "whole"


def has_reasoning(cell: Cell) -> bool:
    """Samples with reasoning, whole or cut, where the mode has any."""
    return not cell.stopped


def answers(condition: Condition) -> Callable[[Cell], bool]:
    """Which samples have something visible or were stopped; see ``revealing``."""
    full = shipped().setting(condition.setting).metric not in ("option", "prefix")
    shown = condition.reasoning is Reasoning.NONE

    def among(cell: Cell) -> bool:
        return cell.shape == "whole" or (cell.shape == "cut" and shown) or (cell.shape == "unparseable" and not full)

    return among


def tells(cell: Cell, condition: Condition) -> bool:
    """Whether the sample has a visible reply that could disclose something: a cut one has not come so far."""
    return cell.shape != "cut" and not cell.stopped and answers(condition)(cell)


def _aware(truth: Truth, condition: Condition) -> float:
    silent = 1 - (truth.awareness.tagged if condition.tagged else truth.awareness.untagged)
    for dose in condition.doses:
        silent *= 1 - mentioning(truth, dose) * naming(dose.fact, dose.polarity, condition.tier)
    return 1 - silent
