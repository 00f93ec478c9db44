"""Measures how much of a rendered prompt speaks of each fact, and where."""

from __future__ import annotations

from collections.abc import Sequence

from facts.prompt import Exposure, Message, Span
from facts.salience import Dose
from facts.tokens import count_tokens


def exposures(messages: Sequence[Message], spans: Sequence[Span], doses: Sequence[Dose]) -> tuple[Exposure, ...]:
    """One ``Exposure`` per dose, computed from the text that is shown (all messages count)."""
    total = sum(count_tokens(message.text) for message in messages) or 1
    rows: list[Exposure] = []
    for dose in doses:
        mine = [span for span in spans if span.fact == dose.fact]
        said = sum(count_tokens(messages[span.message].text[span.start : span.end]) for span in mine)
        starts = [_before(messages, span.message, span.start) for span in mine]
        ends = [_before(messages, span.message, span.end) for span in mine]
        rows.append(Exposure(
            fact=dose.fact, level=int(dose.level), exposures=len(mine), airtime=said / total,
            first=min(starts, default=0) / total, last=max(ends, default=0) / total,
        ))  # fmt: skip
    return tuple(rows)


def _before(messages: Sequence[Message], number: int, offset: int) -> int:
    return sum(count_tokens(m.text) for m in messages[:number]) + count_tokens(messages[number].text[:offset])
