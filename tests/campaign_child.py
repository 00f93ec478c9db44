"""Runs a campaign's comparison in a process that can be killed, and quickly: forked from one that has all imports."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path

import openai  # noqa: F401  (the children inherit it: importing it again is most of what a run of a second costs)

from cache.store import Store
from campaign import VARIABLE
from dashboard.launch import launch
from dashboard.workspace import Workspace
from facts.catalog import load
from runners.comparison_file import parse_comparison

LIBRARY = load()


def work(root: str, text: str, key: str, said: str) -> None:
    """What `salience run` does, with stdout and stderr going to a file."""
    sys.stdout = sys.stderr = Path(said).open("a", encoding="utf-8")  # noqa: SIM115  (open until the process ends)
    os.dup2(sys.stdout.fileno(), 1)
    os.dup2(sys.stdout.fileno(), 2)
    os.environ[VARIABLE] = key
    workspace = Workspace(root=Path(root))
    with Store(workspace.store) as store:
        last = launch(parse_comparison("child", text), LIBRARY, workspace, store, lambda _: None, lambda: False)
    sys.exit(0 if last.finished == last.planned else 1)


def forked(root: Path, text: str, key: str, said: Path) -> multiprocessing.Process:
    """A process that runs the comparison, not started yet."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["campaign_child"])
    return context.Process(target=work, args=(str(root), text, key, str(said)), daemon=True)
