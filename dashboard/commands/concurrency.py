"""`salience concurrency NAME N`: let a run have so many calls at once from now on, each model."""

from __future__ import annotations

import argparse
import sys

from dashboard.launch import request_concurrency
from dashboard.workspace import open_workspace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("name", help="the comparison's name")
    parser.add_argument("most", type=int, metavar="N", help="calls at once, each model")


def main(args: argparse.Namespace) -> int:
    """Run the command."""
    if not request_concurrency(open_workspace(args.workspace), args.name, args.most):
        print(f"salience: {args.name!r} is not running", file=sys.stderr)
        return 1
    print(f"{args.name}: each model has at most {args.most:,} calls at once from now on")
    return 0
