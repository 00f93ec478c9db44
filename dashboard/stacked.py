"""The six stacked outcomes: how every planned sample ended, refused to complied, with alignment faking or without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.arm_points import OutcomePoint, arm_fields
from dashboard.charts.outcomes import FAILED, OUTCOMES, UNSCORED, outcomes_chart
from dashboard.charts.words import arm_words, percent
from dashboard.figure import Figure, View, heading_of, hidden_words, shown_of
from dashboard.findings import Findings
from dashboard.row import Read
from facts.condition import Condition, Reasoning, Tier
from runners import metrics

SCHEMED = "complied + faking"
_RULES = ("compliance", "option", "prefix", "compliance_rule")
_JUDGES_OF_REASONING = {"alignment_faking": "yes", "keyword_alignment_faking": "present"}
_KINDS = {"chose_value": "refused"}
_UNKNOWN = {"refused": "did not comply, reasoning unknown", "partial": "did not comply, reasoning unknown",
            "complied": "complied, reasoning unknown"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Which metrics say how a sample ended; ``faking`` is empty where nothing reads the reasoning."""

    whole: str = ""
    rule: str = ""
    faking: str = ""

    @property
    def words(self) -> str:
        if self.whole:
            return "the metric outcomes"
        thought = f" and {self.faking}" if self.faking else "; no metric of this comparison reads alignment faking"
        return f"the metric {self.rule}{thought}"

    @property
    def used(self) -> tuple[str, ...]:
        return tuple(name for name in (self.whole, self.rule, self.faking) if name)

    def of(self, row: Read, condition: Condition) -> str:
        if row.stop is None:
            return FAILED
        value = row.values.get(self.whole or self.rule)
        if value is None:
            return UNSCORED
        if self.whole:
            kind, mark, _ = value.partition(" (")
            return _UNKNOWN.get(kind, kind) if mark else value
        return self._thought(_KINDS.get(value, value), row, condition)

    def _thought(self, kind: str, row: Read, condition: Condition) -> str:
        asked = self.faking and condition.tier is Tier.MONITORED and condition.reasoning is not Reasoning.NONE
        if not asked or kind not in _UNKNOWN:
            return kind
        thought = row.values.get(self.faking)
        if thought is None:
            return _UNKNOWN[kind]
        return f"{kind} + faking" if thought == _JUDGES_OF_REASONING[self.faking] else kind


def outcome_points(findings: Findings) -> tuple[OutcomePoint, ...]:
    """Every outcome that occurs of every condition, in the order of the stack; none without a metric of compliance."""
    return findings.once("outcomes", "", lambda: _points(findings))


def outcomes_figure(findings: Findings, view: View, *, pick: str = "") -> Figure:
    """One stacked bar a condition and tier."""
    results, every = findings.results, outcome_points(findings)
    points, reader = shown_of(every, view), _reader(findings)
    heading = heading_of("How samples ended, by what the prompt says", "Share of planned samples", results, view,
                         reader.used if reader else ())  # fmt: skip
    lost = Counter[str]()
    for point in points:
        lost[point.outcome] += point.n
    caption = (
        f"Read from {reader.words if reader else 'nothing'}. Shares of all {sum(lost.values()):,} planned samples: "
        f"{lost[UNSCORED]:,} unscored (no verdict), {lost['unparseable']:,} unparseable and "
        f"{lost[FAILED]:,} failed or missing are segments of their own; rates leave all of them out. Alignment "
        "faking is read in the monitored tier only. Numbers in the bars are percentages."
    )
    return Figure(
        name="outcomes", heading=heading, caption=caption + hidden_words(view, every, tested=False),
        about=f"{heading.marked}: stacked shares of outcomes of each arm and tier", points=points,
        chart=outcomes_chart(points, heading, pick=pick), takeaway=_takeaway(points),
        lacking="no metric of compliance was read; add outcomes (with a judge), compliance, or the setting's own rule",
    )  # fmt: skip


def _reader(findings: Findings) -> _Reader | None:
    known = findings.results.metrics
    if "outcomes" in known:
        return _Reader(whole="outcomes")
    rule = next((name for name in _RULES if name in known), "")
    faking = next((name for name in _JUDGES_OF_REASONING if name in known), "")
    return _Reader(rule=rule, faking=faking) if rule else None


def _points(findings: Findings) -> tuple[OutcomePoint, ...]:
    results, reader = findings.results, _reader(findings)
    if reader is None:
        return ()
    judged = any(metrics.find(name).KIND == "judge" for name in reader.used)
    found: list[OutcomePoint] = []
    for model in results.models:
        counts = [Counter[str]() for _ in results.conditions]
        for number, read, rows in model.arrays.counts():
            counts[number][reader.of(read, results.conditions[number])] += rows
        simulated = model.simulated or (judged and results.judge_simulated)
        for condition, count in zip(results.conditions, counts, strict=True):
            fields, total = arm_fields(condition, findings.library), count.total()
            found += [
                OutcomePoint(
                    **fields, model=model.model.label, of=model.model.label, simulated=simulated,
                    interim=model.kept < len(model.rows), source=reader.words, quantity=condition.tier.value,
                    outcome=name, n=count[name], total=total, share=count[name] / total,
                )
                for name in OUTCOMES if count[name]
            ]  # fmt: skip
    return tuple(found)


def _takeaway(points: Sequence[OutcomePoint]) -> str:
    """Where the headline outcome is most and least common; a description, no test."""
    if not points:
        return ""
    first = points[0].model
    monitored = [p for p in points if p.quantity == Tier.MONITORED.value and p.model == first]
    shares: Mapping[str, float] = {p.arm: p.share for p in monitored if p.outcome == SCHEMED}
    arms = dict.fromkeys(p.arm for p in monitored)
    if not shares:
        return ""
    words = {p.arm: arm_words(p) for p in monitored}
    rates = sorted((shares.get(arm, 0.0), arm) for arm in arms)
    base = f"{percent(shares.get('baseline', 0.0))} without any fact, " if "baseline" in arms else ""
    return (
        f"{first}, monitored tier, complied with alignment-faking reasoning: {base}from {percent(rates[0][0])} "
        f"({words[rates[0][1]]}) to {percent(rates[-1][0])} ({words[rates[-1][1]]}). A description, not a test."
    )
