"""`salience watch NAME`: follow a run that this or another process started."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from dashboard import jobs
from dashboard.launch import is_running
from dashboard.plan_text import made_of, model_progress_lines, progress_line, trouble_lines
from dashboard.progress_file import JUDGING, NAME, damaged, read_progress
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
        run, live = read_progress(folder), is_running(workspace, args.name)
        judging, judges_now = jobs.judging(workspace, args.name, run, live=live)
        progress = judging if judges_now else run
        if progress is None:
            print(f"salience: {_nothing(args.name, folder)}", file=sys.stderr)
            return 1
        if args.json:
            print(json.dumps(asdict(progress)))
            return 0
        mark = "judging kept samples: " if judges_now else ""
        print(mark + progress_line(progress) + ("" if live else _gone(progress)), flush=True)
        if len(progress.models) > 1 or any(model.waiting or model.in_batches for model in progress.models):
            print("\n".join(model_progress_lines(progress, live=live)), flush=True)
        if args.once or not live:
            more = [*filter(None, [made_of(progress)]), *trouble_lines(progress)]
            more += [f"judging kept samples again: {progress_line(judging)}"] if judging and not judges_now else []
            print("".join(f"{line}\n" for line in more), end="")
            return 0
        time.sleep(2.0)


def _nothing(name: str, folder: Path) -> str:
    if damaged(folder):
        return (
            f"the record of the run of {name!r} is damaged ({folder / NAME}); what it brought is kept in the store, "
            f"and `salience run {name}` goes on from there"
        )
    if read_progress(folder, JUDGING):
        return f"{name!r} has only been judged again here, not run; start a run with `salience run`"
    return f"no run of {name!r}; start one with `salience run`"


def _gone(progress: Progress) -> str:
    if progress.live:
        return f" (interrupted: the process that ran it ended; `salience run {progress.comparison}` resumes it)"
    return " (not running now)"
