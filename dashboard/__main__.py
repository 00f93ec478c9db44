"""The command line: plan, run, watch and report comparisons without a browser; `salience app` opens the dashboard."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

# Each command is a module in dashboard/commands with `add_arguments(parser)` and `main(args) -> int`; modules are
# imported only for the command that is used, so that --help stays instant.
COMMANDS = {
    "app": "open the dashboard in a browser, on this machine only",
    "plan": "say what a comparison would call, cost and take; calls nothing",
    "run": "run or resume a comparison; what is kept is never bought again",
    "watch": "follow a run that this or another process started",
    "pause": "hold a run: no new calls until it is resumed, what is in flight is kept",
    "concurrency": "let a run have more or fewer calls at once",
    "resume": "let a paused run go on",
    "cancel": "stop a run: no new calls, what is in flight is kept",
    "batches": "list what waits in batches at providers",
    "report": "rates and effects of a comparison, as text, JSON or Markdown",
    "power": "say what a planned comparison could detect, by formula and by simulation",
    "judge": "have a judge read what is kept; samples nothing",
    "agreement": "say how far judges agree on the same samples",
    "probabilities": "exact probabilities of the options, where the metric option_probability was asked for",
    "label": "say what samples are, blind to their condition, to check a judge",
    "labels": "pass labels on, take them in, and report what they say of the judge",
    "export": "write figures, points, samples and methods as one zip",
    "open": "take in a zip that was exported elsewhere; calls nothing",
    "documents": "build, check, show, export and import document sets, or have a model write them",
    "train": "tune a small model on a document set, on this machine, and add it to your models",
    "facts": "list, show and check facts",
    "models": "list models, their prices, and what stands in the way of calling them",
    "store": "verify, measure and explain what is kept",
}


def _parser(names: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="salience",
        description="Which facts about the world, made salient, make a language model scheme less or reveal more?",
    )
    parser.add_argument("--workspace", metavar="FOLDER", help="where your work is kept (default: ./workspace)")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, about in COMMANDS.items():
        child = commands.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
        if name in names:
            import_module(f"dashboard.commands.{name}").add_arguments(child)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; exit code 0 done, 1 something is wrong (said on stderr), 2 usage, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that cannot show a letter shows its number
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if argv is None else argv)
    args = _parser([word for word in words if word in COMMANDS]).parse_args(words)
    from cache.errors import StoreError  # noqa: PLC0415  (after --help, which must not wait for it)
    from dashboard.terminal_text import printable  # noqa: PLC0415
    from facts.errors import FactError  # noqa: PLC0415

    try:
        code: int = import_module(f"dashboard.commands.{args.command}").main(args)
    except (FactError, StoreError) as error:
        print(f"salience: {printable(str(error))}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        what = printable(str(error))
        print(f"salience: {what}; check the path, its permissions and the disk, then try again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("salience: interrupted; everything received is kept", file=sys.stderr)
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
