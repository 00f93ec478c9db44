"""Says what the unscored samples of a figure are: those without a verdict, and those whose class counts as neither."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dashboard.class_counts import FAILED, UNSCORED
from dashboard.findings import Findings
from dashboard.points import GAP, Point
from runners import metrics


def unscored_words(findings: Findings, measure: str, points: Sequence[Point]) -> str:
    """A sentence, e.g. ``Unscored here, by the metric compliance: unparseable 16, no verdict 8.``; empty where none is.

    Empty too where the split cannot be told: a metric that asks about several facts or questions counts answers.
    """
    total = sum(point.unscored for point in points)
    name, base = findings.results.measures()[measure], measure.partition("@")[0]
    if not total or metrics.find(name).SCOPE in {"fact", "part", "claim"}:
        return ""
    read = metrics.find(name).MEASURES[base]
    arms = {(p.model, p.arm, p.quantity, p.reasoning) for p in points}
    arms |= {(p.model, p.arm, tier, p.reasoning) for p in points if p.quantity == GAP
             for tier in ("monitored", "unmonitored")}  # fmt: skip
    split = Counter[str]()
    for count in findings.counts(name):
        here = (count.model, count.arm, count.tier, count.reasoning) in arms
        if here and count.outcome != FAILED and count.outcome not in read:
            split[count.outcome] += count.n
    if split.total() != total:  # a tuned model's points stand under another name
        return ""
    without = split.pop(UNSCORED, 0)
    parts = [f"{outcome} {n:,}" for outcome, n in split.items() if n] + ([f"no verdict {without:,}"] if without else [])
    return f" Unscored here, by the metric {name}: {', '.join(parts)}."
