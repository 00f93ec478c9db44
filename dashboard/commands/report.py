"""`salience report NAME`: rates and effects of a comparison as text, JSON or one self-contained HTML file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from cache.store import Store
from dashboard.commands.plan import find_comparison
from dashboard.progress_file import read_progress
from dashboard.results import Results, load_results
from dashboard.workspace import Workspace, open_workspace
from facts.catalog import Library, load
from facts.errors import FactError
from runners.comparison import Comparison
from runners.model import Model
from runners.models import find_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("comparison", help="the name of a comparison in the workspace, or a comparison file (TOML)")
    parser.add_argument("--measure", action="append", metavar="NAME", help="only this measure (repeatable)")
    parser.add_argument("--adjust", choices=("max_t", "holm", "benjamini_hochberg"), default="max_t",
                        help="how p values are adjusted for their family (default max_t)")  # fmt: skip
    parser.add_argument("--judge", metavar="LABEL", help="read the verdicts of this judge instead of the first")
    parser.add_argument("--json", action="store_true", help="print every rate, gap and effect as JSON")
    parser.add_argument("--html", nargs="?", const="", metavar="FILE",
                        help="write the report as HTML (default: exports/NAME/report.html)")  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """Run the command."""
    workspace = open_workspace(args.workspace)
    comparison = find_comparison(args.comparison, workspace)
    library = load(workspace.facts, workspace.documents)
    with Store(workspace.store) as store:
        judge = find_model(args.judge, workspace.models) if args.judge else None
        results = load_results(comparison, library, workspace, store, judge)
        if args.html is not None:
            print(_write(results, library, store, workspace, Path(args.html) if args.html else None))
            return 0
    from dashboard.effects.families import Adjustment  # noqa: PLC0415  (numpy and scipy are slow to import)
    from dashboard.measured import measures  # noqa: PLC0415
    from dashboard.report_text import report_lines  # noqa: PLC0415
    from dashboard.tables import tables  # noqa: PLC0415

    known = measures(results)
    wanted = args.measure or list(known)
    if unknown := [name for name in wanted if name not in known]:
        raise FactError(f"{comparison.name} has no measure {unknown[0]!r}; it has {', '.join(known)}")
    found = [tables(results, name, library, Adjustment(args.adjust)) for name in wanted]
    if args.json:
        print(json.dumps({
            "comparison": comparison.name, "simulated": results.simulated, "interim": results.interim,
            "judge": results.judge.label if results.judge else None,
            "document_sets": {name: standing for name, standing, _ in results.sets},
            "planned": results.planned, "kept": results.kept, "measures": [asdict(table) for table in found],
        }, ensure_ascii=False))  # fmt: skip
    else:
        print("\n".join(report_lines(results, found)))
    return 0


def write_report(
    comparison: Comparison, library: Library, models: Sequence[Model], store: Store, workspace: Workspace
) -> Path:
    """Write the HTML report to the workspace's exports, and say where; raises ``FactError`` where it cannot."""
    del models  # the comparison names them
    return _write(load_results(comparison, library, workspace, store), library, store, workspace, None)


def _write(results: Results, library: Library, store: Store, workspace: Workspace, path: Path | None) -> Path:
    from dashboard.render import RenderError  # noqa: PLC0415  (altair is slow to import)
    from dashboard.report import report_html  # noqa: PLC0415

    name = results.comparison.name
    target = path or workspace.exports / name / "report.html"
    try:
        text = report_html(results, library, store, read_progress(workspace.run_folder(name)))
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(target.name + ".new")
        fresh.write_text(text, encoding="utf-8")
        return fresh.replace(target)
    except (OSError, RenderError) as error:
        raise FactError(f"cannot write the report to {target}: {error}; choose another place with --html") from error
