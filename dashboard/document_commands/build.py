"""`salience documents build FACT:LEVEL … --count K`: write a template set, or one a dose, and run the gates over it."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace

from dashboard.document_commands._gate_text import findings_json, gate_lines
from dashboard.document_commands._sets import carried
from dashboard.workspace import open_workspace
from facts.catalog import load
from facts.documents.approval import check
from facts.documents.document_set import build_set
from facts.documents.formats.set_folder import write_set
from facts.documents.placement import Position
from facts.documents.set_plan import Order, SetPlan, TopUp
from facts.errors import FactError

ABOUT = "write a template set from its plan into the workspace, and run the gates over it"
_COUNT, _TOKENS = 100, 300


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the action."""
    parser.add_argument("carried", nargs="*", metavar="FACT:LEVEL[a|n|p][@CARRIERS]",
                        help="what the set carries, such as objections_read:4a@100 (default: nothing)")  # fmt: skip
    parser.add_argument("--count", type=int, metavar="K", help=f"documents (default {_COUNT}, or the largest dose)")
    parser.add_argument("--seed", default="0", metavar="TEXT", help="decides scaffolds and wordings (default 0)")
    parser.add_argument("--tokens", type=int, default=_TOKENS, metavar="N", help=f"mean length (default {_TOKENS})")
    parser.add_argument("--position", choices=[*Position], default=Position.SPREAD.value,
                        help="where a document begins to speak of its facts (default spread)")  # fmt: skip
    parser.add_argument("--order", choices=[*Order], default=Order.DRAWN.value, help="order of the documents")
    parser.add_argument("--top-up", choices=[*TopUp], help="what documents say that carry no fact (default neutral, "
                        "or placebo with --doses)")  # fmt: skip
    parser.add_argument("--doses", "--levels", metavar="N,N,…", help="one set for each number of carriers, as in "
                        "0,250,1000,4000,16000, all of the largest size on the same scaffolds")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")


def _doses(args: argparse.Namespace) -> tuple[int, ...]:
    words = [word.strip() for word in args.doses.split(",")]
    if not all(word.isdecimal() for word in words):
        raise FactError(f"cannot read --doses {args.doses[:100]!r}; write numbers of documents, as in 0,250,1000")
    if not args.carried or any("@" in word for word in args.carried):
        raise FactError("--doses says how many documents carry each fact: name a fact, and leave @CARRIERS out")
    return tuple(sorted({int(word) for word in words}))


def plans(args: argparse.Namespace) -> tuple[SetPlan, ...]:
    """The plans that the arguments ask for, in order of dose."""
    doses = _doses(args) if args.doses else None
    top_up = TopUp(args.top_up or (TopUp.PLACEBO if doses else TopUp.NEUTRAL))
    plan = SetPlan(
        count=args.count if args.count is not None else max(doses) if doses and max(doses) else _COUNT,
        seed=args.seed, carried=carried(args.carried), tokens=args.tokens, position=Position(args.position),
        order=Order(args.order), top_up=top_up,
    )  # fmt: skip
    if doses is None:
        return (plan,)
    return tuple(
        replace(plan, carried=tuple(replace(one, carriers=dose) for one in plan.carried)) for dose in doses
    )  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """Run the action: exit code 1 when a gate fails."""
    workspace = open_workspace(args.workspace)
    library = load(workspace.facts)
    rows: list[dict[str, object]] = []
    failed = False
    for plan in plans(args):
        print(f"writing {plan.count:,} documents …", file=sys.stderr)
        folder = write_set(build_set(plan, library), workspace.documents)
        found = check(folder, library)
        failed |= bool(found.failing)
        rows.append({"folder": str(folder), **findings_json(found)})
        if not args.json:
            said = ", ".join(f"{one.dose} in {plan.breadth(one):,} documents" for one in plan.carried) or "no fact"
            print(f"{folder}: {plan.count:,} documents, {said}", *gate_lines(found), sep="\n")
    if args.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    return 1 if failed else 0
