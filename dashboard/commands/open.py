"""`salience open FILE.zip`: take in a comparison that was exported elsewhere, and draw its figures anew at no cost."""

from __future__ import annotations

import argparse
from pathlib import Path

from cache.store import Store
from dashboard.bundle_open import open_bundle
from dashboard.terminal_text import printable
from dashboard.workspace import open_workspace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("file", help="a zip that `salience export` or the dashboard wrote")


def main(args: argparse.Namespace) -> int:
    """Run the command."""
    workspace = open_workspace(args.workspace)
    with Store(workspace.store) as store:
        done = open_bundle(Path(args.file), workspace, store)
    print(f"{done.name}: {done.records:,} samples and replies, {done.new:,} of them new here")
    print(*(f"  {printable(line)}" for line in done.says), sep="\n", end="\n" if done.says else "")
    print(f"see it with `salience report {done.name}` or in the dashboard")
    return 0
