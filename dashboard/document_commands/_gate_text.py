"""What gates found, as lines for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from dashboard.terminal_text import printable
from facts.documents.approval import Findings
from facts.documents.gates import Finding, gates

_SHOWN = 3  # examples of one gate


def gate_lines(found: Findings) -> Iterator[str]:
    """One line a gate, its worst examples below."""
    titles = {gate.NAME: gate.TITLE for gate in gates()}
    for name, finding in found.found:
        yield f"{finding.status:10} {name:13} {titles[name]}"
        yield f"{'':25}{printable(finding.says)}"
        if finding.kept:
            yield f"{'':25}{printable(finding.kept)}"
        yield from (f"{'':25}{one.doc_id}: {_line(one.shown)}" for one in finding.examples[:_SHOWN])


def _line(text: str) -> str:
    return printable(text).replace("\n", " ")[:300]


def finding_json(finding: Finding) -> dict[str, object]:
    """Status, sentence, numbers and examples; tables for pages stay in quality.json."""
    return {"status": finding.status.value, "says": finding.says, "numbers": dict(finding.numbers),
            "kept": finding.kept or None, "examples": [asdict(example) for example in finding.examples]}  # fmt: skip


def findings_json(found: Findings) -> dict[str, object]:
    """All gates by name."""
    return {"set_id": found.set_id, "gates": {name: finding_json(finding) for name, finding in found.found}}
