"""`salience labels export | import | report NAME`: pass labels on, take them in, and say how good the judge is."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from cache.store import Store
from dashboard.commands.plan import find_comparison
from dashboard.labelled import label_path, label_report
from dashboard.labelled_text import label_lines
from dashboard.results import Results, load_results
from dashboard.workspace import Workspace, open_workspace
from facts.catalog import load
from facts.errors import FactError
from runners import metrics
from runners.comparison import Comparison
from runners.labels.exchange import export_text, import_file
from runners.labels.file import read

_UNBLINDS = "salience: this unblinds: it shows conditions and verdicts. Read it when you have finished labelling."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    about = {
        "export": "write the labels as one file",
        "import": "take in labels from such a file, all of them or none",
        "report": "precision, recall, kappa and corrected rates per condition, and how far labellers agree",
    }
    for name, words in about.items():
        child = actions.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
        child.add_argument("comparison", help="the name of a comparison in the workspace, or a comparison file (TOML)")
        if name == "import":
            child.add_argument("file", help="a file that `salience labels export` wrote")
        child.add_argument("--metric", required=True, metavar="NAME", help="the metric that is judged")
        if name == "export":
            child.add_argument("--out", metavar="FILE", help="where to write it (default: exports in the workspace)")
        else:
            child.add_argument("--json", action="store_true", help="print JSON")
        if name == "report":
            child.add_argument("--measure", metavar="NAME", help="the measure to report (default: the metric's first)")
            child.add_argument("--rubric", default="", metavar="VERSION", help="only labels given under this version")
            child.add_argument("--seed", type=int, default=0, metavar="N", help="of the intervals' draws (default 0)")


def main(args: argparse.Namespace) -> int:
    """Run the command."""
    workspace = open_workspace(args.workspace)
    comparison = find_comparison(args.comparison, workspace)
    match args.action:
        case "export":
            return _export(args, workspace, comparison)
        case "import":
            return _import(args, workspace, comparison)
        case _:
            return _report(args, workspace, comparison)


def _results(workspace: Workspace, comparison: Comparison) -> Results:
    with Store(workspace.store) as store:
        return load_results(comparison, load(workspace.facts, workspace.documents), workspace, store)


def _export(args: argparse.Namespace, workspace: Workspace, comparison: Comparison) -> int:
    labels = read(label_path(workspace, comparison.name, args.metric))
    if not labels.history:
        raise FactError(f"{comparison.name} has no labels of {args.metric}; begin with `salience label`")
    classes = metrics.find(args.metric).CLASSES
    target = Path(args.out) if args.out else workspace.exports / f"{comparison.name}-{args.metric}-labels.jsonl"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(target.name + ".new")
        fresh.write_text(
            export_text(labels, comparison=comparison.name, metric=args.metric, classes=classes), encoding="utf-8"
        )
        print(fresh.replace(target))
    except OSError as error:
        raise FactError(f"cannot write {target}: {error}; choose another place with --out") from error
    return 0


def _import(args: argparse.Namespace, workspace: Workspace, comparison: Comparison) -> int:
    target = label_path(workspace, comparison.name, args.metric)
    keys = {row.key for model in _results(workspace, comparison).models for row in model.rows if row.stop is not None}
    done = import_file(
        Path(args.file), target, comparison=comparison.name, metric=args.metric,
        classes=metrics.find(args.metric).CLASSES, keys=keys,
    )  # fmt: skip
    if args.json:
        print(json.dumps(asdict(done)))
        return 0
    print(f"{done.read:,} rows read, {done.kept:,} kept, {sum(done.dropped.values()):,} dropped")
    for reason, count in done.dropped.items():
        print(f"  {count:,} dropped: {reason}")
    return 0


def _report(args: argparse.Namespace, workspace: Workspace, comparison: Comparison) -> int:
    labels = read(label_path(workspace, comparison.name, args.metric))
    print(_UNBLINDS, file=sys.stderr)
    results = _results(workspace, comparison)
    report = label_report(results, labels, metric=args.metric, measure=args.measure, rubric=args.rubric, seed=args.seed)
    if args.json:
        print(json.dumps({
            "comparison": comparison.name, "simulated": results.simulated, "interim": results.interim,
            "warnings": labels.warnings, **asdict(report),
        }, ensure_ascii=False))  # fmt: skip
    else:
        print("\n".join(label_lines(results, report, labels.warnings)))
    return 0
