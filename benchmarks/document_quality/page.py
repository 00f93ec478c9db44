"""Fills the tables of docs/document-quality.md with what was measured; the words around them are written by hand."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.document_quality.measure import Case, Said, share
from facts.documents.gates import Status

THRESHOLDS = Path(__file__).parents[2] / "facts" / "documents" / "gates" / "thresholds.toml"
_SLOT = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_STATUSES = (Status.PASS, Status.WARN, Status.FAIL, Status.UNMEASURED)


def fill(page: str, tables: Mapping[str, str]) -> str:
    """The page with each table in its slot; ``KeyError`` for a slot that nothing fills."""
    return _SLOT.sub(lambda slot: f"{slot[1]}{tables[slot[2]]}\n{slot[3]}", page)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


def thresholds_table() -> str:
    """Every threshold as it stands in thresholds.toml."""
    known = tomllib.loads(THRESHOLDS.read_text(encoding="utf-8"))
    return table(("gate", "threshold", "value"), [
        (gate, name, f"{value:,}" if isinstance(value, int) else value)
        for gate, values in known.items() for name, value in values.items()
    ])  # fmt: skip


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def spread(cases: Sequence[Case], names: Sequence[str]) -> str:
    """Smallest, median and largest of each number by size of set."""
    rows: list[Sequence[object]] = []
    for count in sorted({case.count for case in cases}):
        group = [case for case in cases if case.count == count]
        for name in names:
            values = [value for case in group if (value := case.number(name)) is not None]
            low, mid, high = np.quantile(values, (0, 0.5, 1)) if values else (None, None, None)
            rows.append((f"{count:,}", name, len(values), *map(_figure, (low, mid, high))))
    return table(("documents", "figure", "sets", "smallest", "median", "largest"), rows)


def statuses(by_gate: Mapping[str, Sequence[Case]]) -> str:
    """How often each status was given to sets as the generator writes them."""
    rows: list[Sequence[object]] = []
    for gate, cases in by_gate.items():
        for count in sorted({case.count for case in cases}):
            group = [case for case in cases if case.count == count]
            rows.append((gate, f"{count:,}", len(group), *(f"{share(group, status):.0%}" for status in _STATUSES)))
    return table(("gate", "documents", "sets", *(status.value for status in _STATUSES)), rows)


def planted(cases: Sequence[Case]) -> str:
    """The fingerprint gate by how many documents hold a word that the twin lacks."""
    rows: list[Sequence[object]] = []
    for count, name in dict.fromkeys((case.count, case.name) for case in cases):
        group = [case for case in cases if (case.count, case.name) == (count, name)]
        aucs = [value for case in group if (value := case.number("auc_twin")) is not None]
        rows.append((f"{count:,}", name, len(group), _figure(float(np.median(aucs)) if aucs else None),
                     *(f"{share(group, status):.0%}" for status in _STATUSES)))  # fmt: skip
    head = ("documents", "with the word", "sets", "median AUC", *(status.value for status in _STATUSES))
    return table(head, rows)


def bad(cases: Sequence[Case], names: Sequence[str] = ()) -> str:
    """One row a spoiled set."""
    return table(("set", "status", *names), [
        (case.name, case.finding.status.value, *(_figure(case.number(name)) for name in names)) for case in cases
    ])  # fmt: skip


def airtime(rows: Sequence[Said]) -> str:
    """How many banks have longer statements than mentions, whole and without the words of the twin."""

    def line(name: str, pairs: Sequence[tuple[float, float]]) -> Sequence[object]:
        ratios = [state / mention for mention, state in pairs]
        low, mid, high = np.quantile(ratios, (0, 0.5, 1))
        return name, len(pairs), sum(ratio > 1 for ratio in ratios), *map(_figure, (low, mid, high))

    return table(
        ("what is counted", "banks", "statement longer", "smallest ratio", "median", "largest"),
        [line("whole wording", [one.whole for one in rows]), line("the claim itself", [one.claim for one in rows])],
    )
