"""`salience documents check SET`: run the gates over a set again, or record why one that fails is used all the same."""

from __future__ import annotations

import argparse
import json

from dashboard.document_commands._gate_text import findings_json, gate_lines
from dashboard.document_commands._progress import Progress
from dashboard.document_commands._sets import find_set
from dashboard.terminal_text import printable
from dashboard.workspace import open_workspace
from facts.catalog import load
from facts.documents.approval import approve, check, override

ABOUT = "run the gates over a document set and record what they find"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the action."""
    parser.add_argument("set", metavar="SET", help="a set's folder, or the beginning of its id")
    parser.add_argument(
        "--twin",
        metavar="SET",
        help="the placebo arm to compare with (a template set makes its own); "
        "what it finds stays until a twin is given again",
    )
    parser.add_argument("--override", metavar="REASON",
                        help="record why the set is used although it fails; shown wherever it is used")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")


def main(args: argparse.Namespace) -> int:
    """Run the action: exit code 1 when a gate fails and no override is recorded."""
    workspace = open_workspace(args.workspace)
    folder = find_set(args.set, workspace)
    twin = find_set(args.twin, workspace) if args.twin else None
    progress = Progress()
    try:
        found = check(folder, load(workspace.facts), twin=twin, tick=progress.tick)
    finally:
        progress.end()
    if args.override is not None:
        override(folder, args.override)
        said = approve(folder).override
    else:
        said = None
    if args.json:
        print(json.dumps({**findings_json(found), "override": said}, indent=2, ensure_ascii=False))
    else:
        print(*gate_lines(found), *([f"overridden: {printable(said)}"] if said else []), sep="\n")
    return 1 if found.failing and said is None else 0
