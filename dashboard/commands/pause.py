"""`salience pause NAME`: hold a run; no new calls until it is resumed, what is in flight is kept."""

from __future__ import annotations

import argparse
import sys

from dashboard.launch import request_pause
from dashboard.workspace import open_workspace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("name", help="the comparison's name")


def main(args: argparse.Namespace) -> int:
    """Run the command."""
    if not request_pause(open_workspace(args.workspace), args.name, paused=True):
        print(f"salience: {args.name!r} is not running", file=sys.stderr)
        return 1
    print(f"{args.name}: no new calls start from now; `salience resume {args.name}` goes on")
    return 0
