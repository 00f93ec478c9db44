"""`salience resume NAME`: let a paused run go on."""

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
    if not request_pause(open_workspace(args.workspace), args.name, paused=False):
        print(f"salience: nobody runs {args.name!r} now; `salience run {args.name}` goes on from what is kept",
              file=sys.stderr)  # fmt: skip
        return 1
    print(f"{args.name}: goes on")
    return 0
