"""`salience export NAME`: figures, points, samples and methods of a comparison as one zip."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cache.store import Store
from dashboard.commands.plan import find_comparison
from dashboard.results import load_results
from dashboard.workspace import open_workspace
from facts.catalog import load
from facts.errors import FactError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("comparison", help="the name of a comparison in the workspace, or a comparison file (TOML)")
    parser.add_argument("--out", metavar="FILE", help="where to write it (default: exports/NAME.zip in the workspace)")


def main(args: argparse.Namespace) -> int:
    """Run the command."""
    from dashboard.export import write_file  # noqa: PLC0415  (altair is slow to import)
    from dashboard.render import RenderError  # noqa: PLC0415

    workspace = open_workspace(args.workspace)
    comparison = find_comparison(args.comparison, workspace)
    library = load(workspace.facts, workspace.documents)
    path = Path(args.out) if args.out else workspace.exports / f"{comparison.name}.zip"
    with Store(workspace.store) as store:
        results = load_results(comparison, library, workspace, store)
        if not results.kept:
            raise FactError(f"{comparison.name} has no samples yet; run it with `salience run {args.comparison}`")
        try:
            print(write_file(path, results, library, store, workspace))
        except (OSError, RenderError) as error:
            raise FactError(f"cannot write {path}: {error}; choose another place with --out") from error
    if results.simulated:
        print("SIMULATED: samples or verdicts here come from a simulated model", file=sys.stderr)
    return 0
