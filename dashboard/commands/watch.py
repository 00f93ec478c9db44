"""`salience watch NAME`: follow a run that this or another process started."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict

from dashboard.launch import is_running
from dashboard.plan_text import model_progress_lines, progress_line, trouble_lines
from dashboard.progress_file import read_progress
from dashboard.workspace import open_workspace
from runners.progress import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("name", help="the comparison's name")
    parser.add_argument("--once", action="store_true", help="say how far it is and leave")
    parser.add_argument("--json", action="store_true", help="print JSON, once")


def main(args: argparse.Namespace) -> int:
    """Run the command."""
    workspace = open_workspace(args.workspace)
    folder = workspace.run_folder(args.name)
    while True:
        progress = read_progress(folder)
        if progress is None:
            print(
                f"salience: no run of {args.name!r} in {workspace.root}; start one with `salience run`", file=sys.stderr
            )
            return 1
        if args.json:
            print(json.dumps(asdict(progress)))
            return 0
        live = is_running(workspace, args.name)
        print(progress_line(progress) + ("" if live else _gone(progress)), flush=True)
        if len(progress.models) > 1 or any(model.waiting for model in progress.models):
            print("\n".join(model_progress_lines(progress, live=live)), flush=True)
        if args.once or not live:
            print("\n".join(trouble_lines(progress)), end="")
            return 0
        time.sleep(2.0)


def _gone(progress: Progress) -> str:
    if progress.live:
        return f" (interrupted: the process that ran it ended; `salience run {progress.comparison}` resumes it)"
    return " (not running now)"
