"""`salience batches`: what lies in batches at providers, from this workspace; `--forget TAG` gives one up."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace

from filelock import Timeout

from dashboard.terminal_text import printable
from dashboard.workspace import open_workspace
from facts.errors import FactError
from runners.batches import folder_beside
from runners.batches.batch import Stage
from runners.batches.ledger import Ledger


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--all", action="store_true", help="also those that have been harvested or never arrived")
    parser.add_argument("--forget", metavar="TAG", help="give a batch up: its requests can be bought again, and what "
                        "it brought is never looked for")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")


def main(args: argparse.Namespace) -> int:
    """Run the command."""
    ledger = Ledger(folder_beside(open_workspace(args.workspace).store))
    if args.forget:
        _forget(ledger, args.forget)
        return 0
    every, wrong = ledger.readable()
    for error in wrong:
        print(printable(str(error)), file=sys.stderr)
    found = [batch for batch in every if args.all or batch.open]
    if args.json:
        print(json.dumps([asdict(batch) for batch in found], indent=2))
        return 1 if wrong else 0
    for batch in found:
        kept = f", {batch.kept:,} kept" if batch.stage is Stage.HARVESTED else ""
        note = f" ({batch.note})" if batch.note else ""
        begun = f"begun {batch.began[:16]} UTC, id {batch.id or 'not known'}"
        print(printable(f"{batch.tag}  {batch.stage}  {batch.label}  {batch.requests:,} requests{kept} of "
                        f"{batch.comparison}, {begun}{note}"))  # fmt: skip
    if not found:
        print("nothing lies in batches; `salience run FILE --via batch` sends some")
    return 1 if wrong else 0


def _forget(ledger: Ledger, tag: str) -> None:
    every, _ = ledger.readable()
    batch = next((one for one in every if one.tag == tag), None)
    if batch is None or not batch.open:
        known = ", ".join(one.tag for one in every if one.open) or "none"
        raise FactError(f"no open batch {tag!r}; open ones: {known}")
    try:
        with ledger.lock(tag):
            ledger.close(replace(batch, stage=Stage.FORGOTTEN))
    except Timeout:
        raise FactError(f"a run waits for batch {tag!r} now; cancel it first (`salience cancel NAME`)") from None
    print(f"{tag} is given up; what it asked is asked again by the next run, and may be billed twice")
