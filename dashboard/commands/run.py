"""`salience run FILE`: run or resume a comparison; what is kept is never bought again."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, replace
from types import FrameType

from cache.store import Store
from dashboard.commands.plan import find_comparison
from dashboard.launch import judges_of, launch, models_of
from dashboard.plan_problems import over_budget
from dashboard.plan_text import made_of, plan_lines, progress_line, trouble_lines
from dashboard.planned_sizes import planned_sizes
from dashboard.workspace import open_workspace
from facts.catalog import load
from runners import providers
from runners.estimate import estimate
from runners.model import Model
from runners.planning import check
from runners.progress import Progress, State
from runners.providers import Connection

_BATCHES = (
    "What goes in batches waits at the provider for up to a day. Ctrl-C cancels this comparison's batches "
    "there; if this process ends in any other way (SIGTERM, SIGKILL) they go on, and the same command brings them in."
)
_LEFT = "; batches go on at the provider, and the same command brings them in"
_ENDED = "; batches of this comparison are cancelled at the provider, and what they have finished is brought in"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("comparison", help="a comparison file (TOML), or the name of one in the workspace")
    parser.add_argument("--model", action="append", metavar="LABEL", help="run on this model instead (repeatable)")
    parser.add_argument("--judge", action="append", metavar="LABEL", help="judge with this model instead (repeatable)")
    parser.add_argument("--replicates", type=int, metavar="N", help="this many replicates instead")
    parser.add_argument("--queries", type=int, metavar="N", help="this many queries instead")
    parser.add_argument("--max-usd", type=float, metavar="USD", help="stop before this much is spent")
    parser.add_argument("--max-calls", type=int, metavar="N", help="stop after this many calls")
    parser.add_argument("--concurrency", type=int, metavar="N", help="at most this many calls at once per model")
    parser.add_argument("--ray", metavar="ADDRESS",
                        help="have a Ray cluster's workers make the calls (auto, HOST:6379, or "
                        "local to start one here); this process alone keeps what comes back")  # fmt: skip
    parser.add_argument("--via", choices=("live", "batch"), help="call models under test so instead: in batches they "
                        "cost half and take up to a day")  # fmt: skip
    parser.add_argument("--yes", action="store_true", help="do not ask before spending money")
    parser.add_argument("--json", action="store_true", help="print the last progress as JSON on stdout")
    parser.add_argument("--no-report", action="store_true", help="do not write the report at the end")


class Terminal:
    """Writes progress to stderr: one line that is rewritten on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self.last = 0.0
        self.state: State | None = None

    def show(self, progress: Progress) -> None:
        """Show a progress, unless the last one was just shown."""
        now = time.monotonic()
        if now - self.last < (0.2 if self.live else 5.0) and progress.state == self.state:
            return
        self.last, self.state = now, progress.state
        line = progress_line(progress)
        print(f"\r\x1b[2K{line}" if self.live else line, end="" if self.live else "\n", file=sys.stderr, flush=True)


def main(args: argparse.Namespace) -> int:
    """Run the command: exit code 0 when every planned request has a sample, 1 otherwise."""
    workspace = open_workspace(args.workspace)
    comparison = find_comparison(args.comparison, workspace)
    chosen = {
        "models": tuple(args.model) if args.model else None,
        "judges": tuple(args.judge) if args.judge else None, "replicates": args.replicates, "queries": args.queries,
        "max_usd": args.max_usd, "max_calls": args.max_calls, "concurrency": args.concurrency,
        "via": args.via,
    }  # fmt: skip
    comparison = replace(comparison, **{name: value for name, value in chosen.items() if value is not None})
    library = load(workspace.facts, workspace.documents)
    models, judges = models_of(comparison, workspace), judges_of(comparison, workspace)
    check(comparison, library, models, judges)
    with Store(workspace.store) as store:
        sized = planned_sizes(comparison, library, models, workspace)
        plan = estimate(comparison, library, models, store, sized, judges=judges)
        words = [*plan_lines(plan), *(f"  {found.text}" for found in over_budget(plan))]
        print("\n".join(words), file=sys.stderr)
        paid = plan.cost("high")
        if plan.new and paid != 0 and not args.yes and sys.stdin.isatty() and not agreed():
            return 1
        terminal = Terminal()
        in_batches = any(item.in_batches or item.waiting for item in plan.models)
        if in_batches:
            print(_BATCHES, file=sys.stderr)
        with connections(args.ray) as connect, stopping_signals(in_batches=in_batches) as stopping:
            last = launch(comparison, library, workspace, store, terminal.show, stopping, connect=connect,
                          leaves=stopping.leaves)  # fmt: skip
        if terminal.live:
            print(file=sys.stderr)
        for line in (*filter(None, (made_of(last), last.message)), *trouble_lines(last)):
            print(line, file=sys.stderr)
        if args.json:
            print(json.dumps(asdict(last)))
        if not args.no_report and last.finished:
            from dashboard.commands.report import write_report  # noqa: PLC0415  (pandas is slow to import)

            print(f"report: {write_report(comparison, library, models, store, workspace)}", file=sys.stderr)
    return 0 if last.state is State.FINISHED and not last.failed else 1


@contextmanager
def connections(ray: str | None) -> Generator[Callable[[Model, int], Connection]]:
    """How models are reached: from this process, or over the workers of a Ray cluster. Raises ``FactError``."""
    if ray is None:
        yield providers.connect
        return
    from runners.cluster.ray_workers import join  # noqa: PLC0415

    with redirect_stdout(sys.stderr):  # Ray prints what befalls its nodes; a script that reads --json must not meet it
        cluster = join(ray)
        try:
            yield cluster.connect
        finally:
            cluster.leave()


class Stopping:
    """Whether the user has asked to stop, and whether only this process shall end, so that batches go on."""

    def __init__(self) -> None:
        self.asked = self.left = False

    def __call__(self) -> bool:
        """Whether to stop."""
        return self.asked

    def leaves(self) -> bool:
        """Whether batches are to be left to go on."""
        return self.left


@contextmanager
def stopping_signals(*, in_batches: bool = False) -> Generator[Stopping]:
    """Signals once to end gracefully, a second time to abandon what is in flight.

    Ctrl-C (SIGINT) cancels batches; SIGTERM, which a shutdown or a scheduler sends, leaves them to go on.
    """
    stopping = Stopping()

    def stop(number: int, _frame: FrameType | None) -> None:
        if stopping.asked:
            raise KeyboardInterrupt
        stopping.asked, stopping.left = True, number == signal.SIGTERM
        also = (_LEFT if stopping.left else _ENDED) if in_batches else ""
        print(f"\nstopping: no new calls; waiting for what is in flight (Ctrl-C again to abandon it){also}",
              file=sys.stderr)  # fmt: skip

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def agreed() -> bool:
    """Whether the user says yes to spending money."""
    print("This costs money. Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
