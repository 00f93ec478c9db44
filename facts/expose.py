"""Measures how much of a rendered prompt speaks of each fact, and where."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from facts.prompt import Exposure, Message, Span
from facts.salience import Dose
from facts.tokens import count_tokens

# Both tiers, every reasoning mode and every model show the same stretches of text.
_count = lru_cache(maxsize=4096)(count_tokens)


def measure(
    messages: Sequence[Message], spans: Sequence[Span], doses: Sequence[Dose]
) -> tuple[tuple[Exposure, ...], int]:
    """One ``Exposure`` per dose and the tokens of the whole prompt, computed from the text that is shown.

    Each stretch of text is counted once: between facts, and each fact's spans.
    """
    at = 0
    bounds: list[tuple[str, int, int, int]] = []  # fact, first token, last token, tokens of the claim itself
    for number, message in enumerate(messages):
        offset = 0
        for span in sorted((s for s in spans if s.message == number), key=lambda s: s.start):
            at += _count(message.text[offset : span.start])
            begin = at
            at += _count(message.text[span.start : span.end])
            bounds.append((span.fact, begin, at, at - begin if span.own_tokens is None else span.own_tokens))
            offset = span.end
        at += _count(message.text[offset:])
    total = at or 1
    rows: list[Exposure] = []
    for dose in doses:
        mine = [(begin, end, own) for fact, begin, end, own in bounds if fact == dose.fact]
        rows.append(Exposure(
            fact=dose.fact, level=int(dose.level), exposures=len(mine),
            airtime=sum(own for *_, own in mine) / total,
            first=min((begin for begin, *_ in mine), default=0) / total,
            last=max((end for _, end, _ in mine), default=0) / total,
        ))  # fmt: skip
    return tuple(rows), at


def block_tokens(text: str) -> int:
    """Tokens of a background block; remembered, since a block stands in many prompts."""
    return _count(text)
