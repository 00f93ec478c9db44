"""`salience plan FILE`: what a comparison would call, cost and take; calls nothing."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from cache.store import Store
from dashboard.comparisons import read_own
from dashboard.launch import judges_of, models_of
from dashboard.plan_problems import over_budget
from dashboard.plan_text import plan_json, plan_lines
from dashboard.planned_sizes import planned_sizes
from dashboard.workspace import Workspace, open_workspace
from facts.catalog import load
from facts.errors import BrokenFile
from runners.comparison import Comparison
from runners.comparison_file import read_comparison
from runners.estimate import estimate
from runners.planning import check


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("comparison", help="a comparison file (TOML), or the name of one in the workspace")
    parser.add_argument("--via", choices=("live", "batch"), help="call models under test so instead: in batches they "
                        "cost half and take up to a day")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")


def find_comparison(name: str, workspace: Workspace) -> Comparison:
    """The comparison in file ``name``, or of that name in the workspace; raises ``BrokenFile``."""
    path = Path(name)
    inside = workspace.comparisons / f"{name}.toml"
    if not path.exists() and inside.exists():
        path = inside
    if not path.exists() and not name.endswith(".toml"):
        known = ", ".join(sorted(p.stem for p in workspace.comparisons.glob("*.toml"))) or "none yet"
        raise BrokenFile(
            f"no comparison {name!r}: give a TOML file (see examples/) or a name in the workspace ({known})"
        )
    return read_own(path) if path.resolve().parent == workspace.comparisons.resolve() else read_comparison(path)


def main(args: argparse.Namespace) -> int:
    """Run the command."""
    workspace = open_workspace(args.workspace)
    comparison = find_comparison(args.comparison, workspace)
    comparison = replace(comparison, via=args.via) if args.via else comparison
    library = load(workspace.facts, workspace.documents)
    models, judges = models_of(comparison, workspace), judges_of(comparison, workspace)
    check(comparison, library, models, judges)
    if workspace.store.exists():
        with Store(workspace.store) as store:
            plan = estimate(
                comparison, library, models, store, planned_sizes(comparison, library, models, workspace), judges=judges
            )  # fmt: skip
    else:
        plan = estimate(comparison, library, models, None, judges=judges)
    words = [*plan_lines(plan), *(f"  {found.text}" for found in over_budget(plan))]
    print(json.dumps(plan_json(plan), indent=2) if args.json else "\n".join(words))
    return 0
