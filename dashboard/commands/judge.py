"""`salience judge NAME --judge MODEL`: have a judge read the samples that are kept; pays only for the judge."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace

from cache.store import Store
from dashboard.commands.plan import find_comparison
from dashboard.commands.run import Terminal, agreed, stopping_signals
from dashboard.launch import judges_of, launch, models_of
from dashboard.plan_text import plan_lines, trouble_lines
from dashboard.workspace import open_workspace
from facts.catalog import load
from runners.estimate import estimate
from runners.planning import check
from runners.progress import State


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("comparison", help="the name of a comparison in the workspace, or a comparison file (TOML)")
    parser.add_argument("--judge", action="append", metavar="LABEL", help="this judge instead (repeatable)")
    parser.add_argument("--rubric", action="append", metavar="NAME@VERSION", help="this version (repeatable)")
    parser.add_argument("--votes", type=int, metavar="N", help="this many votes on alignment faking instead")
    parser.add_argument("--metric", action="append", metavar="NAME", help="these metrics instead (repeatable)")
    parser.add_argument("--max-usd", type=float, metavar="USD", help="stop before this much is spent")
    parser.add_argument("--max-calls", type=int, metavar="N", help="stop after this many calls")
    parser.add_argument("--yes", action="store_true", help="do not ask before spending money")
    parser.add_argument("--json", action="store_true", help="print the last progress as JSON on stdout")


def main(args: argparse.Namespace) -> int:
    """Run the command: exit code 0 when every question about a kept sample has an answer, 1 otherwise."""
    workspace = open_workspace(args.workspace)
    chosen = {
        "judges": tuple(args.judge) if args.judge else None, "rubrics": tuple(args.rubric) if args.rubric else None,
        "metrics": tuple(args.metric) if args.metric else None, "votes": args.votes, "max_usd": args.max_usd,
        "max_calls": args.max_calls,
    }  # fmt: skip
    comparison = replace(
        find_comparison(args.comparison, workspace),
        **{name: value for name, value in chosen.items() if value is not None},
    )
    library = load(workspace.facts, workspace.documents)
    models, judges = models_of(comparison, workspace), judges_of(comparison, workspace)
    check(comparison, library, models, judges)
    with Store(workspace.store) as store:
        plan = estimate(comparison, library, models, store, judges=judges, only_kept=True)
        print("\n".join(plan_lines(plan)), file=sys.stderr)
        if plan.new and plan.cost("high") != 0 and not args.yes and sys.stdin.isatty() and not agreed():
            return 1
        terminal = Terminal()
        with stopping_signals() as stopping:
            last = launch(comparison, library, workspace, store, terminal.show, stopping, only_kept=True)
    for line in (*([last.message] if last.message else []), *trouble_lines(last)):
        print(line, file=sys.stderr)
    if args.json:
        print(json.dumps(asdict(last)))
    return 0 if last.state is State.FINISHED and not last.failed else 1
