"""Runs a small judged comparison on the simulated organism, so that everything judged is really there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from cache.store import Store
from dashboard.launch import launch
from dashboard.results import Results, load_results
from dashboard.workspace import Workspace
from facts.catalog import shipped
from facts.condition import Reasoning
from facts.salience import Polarity
from runners.comparison import Comparison
from runners.models import find_model

JUDGED = Comparison(
    name="judged", setting="helpful_only", models=("organism/paper_like",), facts=("objections_read",),
    levels=(0, 5), polarities=(Polarity.AFFIRMED, Polarity.PLACEBO), reasoning=(Reasoning.SCRATCHPAD,), queries=6,
    replicates=2, judges=("organism/paper_like",), audiences=("unsaid", "developer"), votes=3,
    metrics=("compliance", "alignment_faking", "outcomes", "revealing", "interview", "uptake", "recall"),
)  # fmt: skip


@dataclass
class Judged:
    """A workspace with a finished judged comparison."""

    workspace: Workspace
    comparison: Comparison

    def results(self, judge: str = "", **changes: object) -> Results:
        chosen = find_model(judge) if judge else None
        with Store(self.workspace.store) as store:
            return load_results(replace(self.comparison, **changes), shipped(), self.workspace, store, chosen)  # type: ignore[arg-type]


def judge(root: Path, comparison: Comparison = JUDGED) -> Judged:
    """Run it to its end."""
    workspace = Workspace(root=root)
    with Store(workspace.store) as store:
        launch(comparison, shipped(), workspace, store, lambda _: None, lambda: False)
    return Judged(workspace=workspace, comparison=comparison)
