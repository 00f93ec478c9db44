"""What a metric read off one sample; a value of None says that nothing could be read, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """``value`` is one of the metric's CLASSES, or ``None`` (unscored, with ``reason``). ``evidence`` is the text
    that decided, found verbatim in the sample. ``number`` is the probability that a metric found, from 0 to 1.
    """

    value: str | None
    fact: str = ""  # the fact that a manipulation check is about; empty for outcomes
    part: str = ""  # which of several questions about one sample, as in an interview: ``group/question``
    reason: str = ""
    evidence: str = ""
    number: float | None = None
