"""What labels say of a judge as rows of tables, and those tables and the labels themselves as CSV."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.effects.quantity import Quantity
from dashboard.export_points import csv_text
from dashboard.labelled import Judged, LabelReport
from runners.labels.file import Labels

Cell = str | int | float | None
_FEW = 5  # labels in a stratum below which its intervals span nearly everything
_VALUES = ("corrected", "precision", "recall", "specificity", "kappa")


def quantity_text(found: Quantity, *, percent: bool) -> str:
    """A value with its 95 % limits, or why there is none."""

    def shown(value: float) -> str:
        return f"{100 * value:.0f} %" if percent else f"{value:.2f}"

    if found.value is None:
        return found.reason or "not known"
    limits = "" if found.low is None or found.high is None else f" ({shown(found.low)} to {shown(found.high)})"
    return f"{shown(found.value)}{limits}"


def condition_rows(report: LabelReport) -> list[dict[str, str]]:
    """One row a model and condition: how much is labelled, the judge's rate, the corrected one, the judge's quality."""
    rows: list[dict[str, str]] = []
    several = len({judged.model for judged in report.conditions}) > 1
    for judged in report.conditions:
        q = judged.quality
        rows.append({
            **({"model": judged.model} if several else {}), "arm": judged.arm, "tier": judged.tier,
            "labelled": f"{sum(q.labelled):,} of {sum(judged.drawn):,}",
            "kappa": quantity_text(q.kappa, percent=False),
            "judge's rate": "" if judged.raw is None else f"{100 * judged.raw:.0f} %",
            "corrected rate": quantity_text(judged.corrected, percent=True),
            "precision": quantity_text(q.precision, percent=True), "recall": quantity_text(q.recall, percent=True),
            "unlabelled strata": ", ".join(q.unlabelled),
        })  # fmt: skip
    return rows


def too_few(report: LabelReport) -> str:
    """How many more labels a first look at the judge needs; empty where each stratum has a few."""
    sizes = [
        (judged.quality.samples[verdict], judged.quality.labelled[verdict])
        for judged in report.conditions
        for verdict in (0, 1)
        if judged.quality.samples[verdict]
    ]
    needed = sum(max(0, min(_FEW, samples) - labelled) for samples, labelled in sizes)
    if not needed:
        return ""
    bare = sum(not labelled for _, labelled in sizes)
    labels = f"{report.labels:,} label{'' if report.labels == 1 else 's'}"
    return (
        f"Too few yet: {labels} in {len(sizes):,} strata (a condition and a verdict each), {bare:,} of "
        f"them without any. Kappa and corrected rates of a condition need labels in both of its strata; label at least "
        f"{needed:,} more, so that each has {_FEW}."
    )


def agreement_rows(report: LabelReport) -> list[dict[str, str]]:
    """How far labellers agree, one row a statistic."""
    found = report.agreement
    return [
        {"between labellers": name, "value (95 % interval)": quantity_text(value, percent=name == "equal labels")}
        for name, value in (
            ("equal labels", found.percent), ("Cohen's kappa", found.kappa), ("Krippendorff's alpha", found.alpha),
        )
    ]  # fmt: skip


def report_csv(report: LabelReport) -> str:
    """Every number of the report in full, one row a model and condition."""
    head = ["metric", "measure", "model", "arm", "tier", "reasoning", "queries", "unscored", "samples_judge_yes",
            "samples_judge_no", "drawn_judge_yes", "drawn_judge_no", "labelled_judge_yes", "labelled_judge_no",
            "truly_yes_of_judge_yes", "truly_yes_of_judge_no", "judge_rate",
            *(f"{name}{part}" for name in _VALUES for part in ("", "_low", "_high", "_why_not"))]  # fmt: skip
    return csv_text(head, [[report.metric, report.measure, *_numbers(judged)] for judged in report.conditions])


def _numbers(judged: Judged) -> list[Cell]:
    q = judged.quality
    quantities = (judged.corrected, q.precision, q.recall, q.specificity, q.kappa)
    values: Sequence[Cell] = [cell for one in quantities for cell in (one.value, one.low, one.high, one.reason)]
    return [judged.model, judged.arm, judged.tier, judged.reasoning, judged.queries, judged.unscored, *q.samples,
            *judged.drawn, *q.labelled, *q.positive, judged.raw, *values]  # fmt: skip


def labels_csv(labels: Labels) -> str:
    """The labels that stand, one row a labeller and sample."""
    head = ["labeller", "sample", "metric", "label", "at", "rubric", "note"]
    return csv_text(head, [[one.labeller, one.item, one.metric, one.value, one.at, one.rubric, one.note]
                           for one in labels.current.values()])  # fmt: skip
