"""`salience cancel NAME`: stop a run; no new calls, what is in flight is kept."""

from __future__ import annotations

import argparse
import sys

from dashboard.launch import is_running, request_cancel
from dashboard.lying import lying_words
from dashboard.workspace import open_workspace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("name", help="the comparison's name")


def main(args: argparse.Namespace) -> int:
    """Run the command."""
    workspace = open_workspace(args.workspace)
    if not is_running(workspace, args.name):
        print(f"salience: {args.name!r} is not running", file=sys.stderr)
        if lying := lying_words(workspace, args.name):
            print(f"{lying} To cancel them there, run it again and cancel that run.", file=sys.stderr)
        return 1
    request_cancel(workspace, args.name)
    print(f"{args.name}: no new calls start from now; `salience watch {args.name}` shows when it has stopped")
    return 0
