"""`salience documents build FACT:LEVEL … --count K`: write a template set, or one a dose, and run the gates over it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dashboard.document_commands._gate_text import findings_json, gate_lines
from dashboard.document_commands._progress import Progress
from dashboard.document_commands._sets import carried
from dashboard.set_building import armed, facts_of, sound
from dashboard.terminal_text import printable
from dashboard.workspace import open_workspace
from facts.catalog import load
from facts.condition import Tier
from facts.documents.approval import check
from facts.documents.document_set import DocumentSet, build_set
from facts.documents.formats.set_folder import move_aside, write_set
from facts.documents.phrase import TIERS
from facts.documents.placement import Position
from facts.documents.set_plan import Order, SetPlan, TopUp
from facts.errors import BrokenFile, FactError

ABOUT = "write a template set from its plan into the workspace, and run the gates over it"
_COUNT, _TOKENS = 100, 300
_MOST_DOCUMENTS, _MOST_TOKENS = 1_000_000, 100_000


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
    parser.add_argument("--arms", metavar="LIST", help="one set for each, as in neutral,affirmed,placebo: what "
                        "document_sets of a comparison wants")  # fmt: skip
    parser.add_argument("--labels", metavar="A,B", help="what facts that speak of the tiers call the monitored and the "
                        'unmonitored one (default "monitored,unmonitored")')  # fmt: skip
    parser.add_argument("--replace", action="store_true", help="move a damaged folder that is in the way aside, as "
                        "ID.broken-1, and write the set anew")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")


def _bounded(args: argparse.Namespace) -> None:
    """``FactError`` for what would fill the memory or the disk."""
    for name, asked, most in (("--count", args.count, _MOST_DOCUMENTS), ("--tokens", args.tokens, _MOST_TOKENS)):
        if asked is not None and asked > most:
            raise FactError(
                f"{name} {str(asked)[:20]}: {most:,} is the most that is built at once; recall saturates at some "
                "thousand documents, and more sets with other seeds can be exported together"
            )


def labels_of(words: str | None) -> Mapping[Tier, str]:
    """``A,B`` as the words for the tiers; raises ``FactError``."""
    if words is None:
        return TIERS
    said = [word.strip() for word in words.split(",")]
    if len(said) != 2 or not all(said) or said[0] == said[1]:
        raise FactError(f"--labels {words[:100]!r}: write two words with a comma between, as in free,paid")
    return dict(zip((Tier.MONITORED, Tier.UNMONITORED), said, strict=True))


def _doses(args: argparse.Namespace) -> tuple[int, ...]:
    words = [word.strip() for word in args.doses.split(",")]
    if not all(word.isdecimal() and len(word) <= len(str(_MOST_DOCUMENTS)) for word in words):
        raise FactError(f"cannot read --doses {args.doses[:100]!r}; write numbers of documents, as in 0,250,1000")
    if max(map(int, words)) > _MOST_DOCUMENTS:
        raise FactError(f"--doses {args.doses[:100]!r}: {_MOST_DOCUMENTS:,} documents are the most; ask for fewer")
    if not args.carried or any("@" in word for word in args.carried):
        raise FactError("--doses says how many documents carry each fact: name a fact, and leave @CARRIERS out")
    return tuple(sorted({int(word) for word in words}))


def plans(args: argparse.Namespace) -> tuple[SetPlan, ...]:
    """The plans that the arguments ask for, in order of dose."""
    _bounded(args)
    doses = _doses(args) if args.doses else None
    top_up = TopUp(args.top_up or (TopUp.PLACEBO if doses else TopUp.NEUTRAL))
    plan = SetPlan(
        count=args.count if args.count is not None else max(doses) if doses and max(doses) else _COUNT,
        seed=args.seed, carried=carried(args.carried), tokens=args.tokens, position=Position(args.position),
        order=Order(args.order), top_up=top_up,
    )  # fmt: skip
    if args.arms:
        if doses is not None:
            raise FactError("--arms and --doses are two ways to make several sets; use one of them")
        return armed(plan, [word.strip() for word in args.arms.split(",")])
    if doses is None:
        return (plan,)
    return tuple(
        replace(plan, carried=tuple(replace(one, carriers=dose) for one in plan.carried)) for dose in doses
    )  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """Run the action: exit code 1 when a gate fails, 130 when it was interrupted."""
    try:
        return _build(args)
    except KeyboardInterrupt:
        print("salience: interrupted; sets that were finished are kept, of the one under way nothing is left or it is "
              "not checked yet; the same command makes the rest", file=sys.stderr)  # fmt: skip
        return 130


def _written(whole: DocumentSet, parent: Path, *, replace_broken: bool) -> Path:
    try:
        return write_set(whole, parent)
    except BrokenFile:
        if not replace_broken or not (parent / whole.set_id).exists():
            raise
    aside = move_aside(parent / whole.set_id)
    print(f"the damaged folder is now {printable(str(aside))}; delete it when you need nothing of it", file=sys.stderr)
    return write_set(whole, parent)


def _build(args: argparse.Namespace) -> int:
    workspace = open_workspace(args.workspace)
    library = load(workspace.facts)
    rows: list[dict[str, object]] = []
    failed, labels = False, labels_of(args.labels)
    wanted = plans(args)
    sound(facts_of(wanted, library))
    for plan in wanted:
        print(f"writing {plan.count:,} documents …", file=sys.stderr)
        whole = build_set(plan, library, labels=labels)
        folder = _written(whole, workspace.documents, replace_broken=args.replace)
        progress = Progress()
        found = check(folder, library, tick=progress.tick)
        progress.end()
        failed |= bool(found.failing)
        rows.append({"folder": str(folder), **findings_json(found)})
        if not args.json:
            said = ", ".join(f"{one.dose} in {plan.breadth(one):,} documents" for one in plan.carried) or "no fact"
            print(f"{printable(str(folder))}: {plan.count:,} documents, {said}", *gate_lines(found), sep="\n")
    if args.arms and not args.json:
        print(f"for a comparison: document_sets = {json.dumps([row['set_id'] for row in rows])}")
    if args.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    return 1 if failed else 0
