"""What labels say of a judge, for a terminal: doubts first, then each condition, then the labellers."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.effects.quantity import Quantity
from dashboard.labelled import Judged, LabelReport
from dashboard.results import Results
from dashboard.terminal_text import printable

_METHOD = (
    "Corrected rates hold for the population of queries, queries weighing equally; their limits put together (MOVER)",
    "the errors of the queries (Wilson with an effective sample size) and of labelling a part only (Jeffreys).",
    "Precision, recall, specificity and kappa are of these samples (two-phase, Jeffreys).",
)


def label_lines(results: Results, report: LabelReport, warnings: Sequence[str] = ()) -> list[str]:
    """Lines of the report; every value has its 95 % interval or the reason why there is none."""
    mark = "SIMULATED · " if results.simulated else ""
    lines = [f"{mark}{results.comparison.name}: {report.metric}, measure {report.measure}"]
    if results.interim:
        lines.append(
            "interim: the run is not complete, and what is labelled now may not stand for what is still to come"
        )
    lines += warnings
    lines.append(f"{report.labels:,} labels by {_names(report.labellers)}")
    lines += [f"  {count:,} left out: {reason}" for reason, count in report.left_out.items()]
    if not report.labels:
        lines.append(f"nothing is labelled yet; begin with `salience label {results.comparison.name} --metric "
                     f"{report.metric} --labeller YOU`")  # fmt: skip
    for judged in report.conditions:
        lines += ["", *_condition(judged)]
    found = report.agreement
    lines += ["", f"agreement between labellers ({found.samples:,} samples labelled by two or more)"]
    lines += [f"  {name:22} {_number(value, percent=name == 'percent agreement')}" for name, value in (
        ("percent agreement", found.percent), ("Cohen's kappa", found.kappa), ("Krippendorff's alpha", found.alpha),
    )]  # fmt: skip
    return [*lines, "", *_METHOD]


def _condition(judged: Judged) -> list[str]:
    q = judged.quality
    yes, no = (
        f"{name}: {q.samples[v]:,} samples, {q.labelled[v]:,} of {judged.drawn[v]:,} drawn are labelled, "
        f"{q.positive[v]:,} truly"
        for v, name in enumerate(("judge yes", "judge no"))
    )
    values = (("judge's rate", Quantity(value=judged.raw, reason="without an interval: see `salience report`")),
              ("corrected rate", judged.corrected), ("precision", q.precision), ("recall", q.recall),
              ("specificity", q.specificity))  # fmt: skip
    if not sum(q.labelled):
        values = values[:1]  # nothing else is known, and nothing more needs saying
    flag = [f"  unlabelled strata: {', '.join(q.unlabelled)}; nothing is assumed of them"] if q.unlabelled else []
    where = "  ".join((printable(judged.model), judged.arm, judged.tier, judged.reasoning))
    return [
        f"{where}  ({judged.queries:,} queries, {judged.unscored:,} unscored)",
        f"  {yes}", f"  {no}", *flag,
        *(f"  {name:22} {_number(value, percent=True)}" for name, value in values),
        *([f"  {'kappa':22} {_number(q.kappa, percent=False)}"] if sum(q.labelled) else []),
    ]  # fmt: skip


def _number(found: Quantity, *, percent: bool) -> str:
    def shown(value: float | None) -> str:
        if value is None:
            return "not known"
        return f"{100 * value:.1f} %" if percent else f"{value:.2f}"

    limits = "" if found.low is None else f"  95 % {shown(found.low)} to {shown(found.high)}"
    return f"{shown(found.value):>9}{limits}{f'  ({found.reason})' if found.reason else ''}"


def _names(people: Sequence[str]) -> str:
    return ", ".join(map(printable, people)) or "nobody"
