"""`salience documents generate DOSE --model LABEL`: have a model write a document set; one is shown before the rest."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from cache.store import Store
from dashboard.commands.run import stopping_signals
from dashboard.document_commands._generate_text import (
    Ticker,
    about,
    drop_lines,
    marked,
    plan_json,
    plan_lines,
    set_lines,
)  # fmt: skip
from dashboard.document_commands._sets import carried
from dashboard.terminal_text import printable
from dashboard.workspace import Workspace, open_workspace
from facts.catalog import Library, load
from facts.documents.approval import check
from facts.documents.authoring.assemble import Account, write_account
from facts.documents.authoring.given import read_context
from facts.documents.authoring.locate import Finder
from facts.documents.authoring.walk import Job
from facts.documents.document_set import DocumentSet, build_set
from facts.documents.formats.set_folder import write_set
from facts.documents.set_plan import Order, SetPlan, TopUp
from facts.errors import FactError
from facts.salience import Polarity
from runners.authoring.plan import AuthoringPlan
from runners.authoring.rewriting import Rewriting
from runners.authoring.session import Session
from runners.authoring.work import First, Work, name_of, verdicts
from runners.authoring.writing import Writing
from runners.budget import Budget
from runners.limits import Limits
from runners.model import Model
from runners.models import find_model

ABOUT = "have a model write a document set, or rewrite the filler of a template set (--hybrid)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the action."""
    parser.add_argument(
        "carried",
        nargs="*",
        metavar="FACT:LEVEL[@CARRIERS]",
        help="what the set carries, such as objections_read:4a@100 (default: all documents carry it)",
    )
    parser.add_argument("--model", required=True, metavar="LABEL", help="who writes (see `salience models`)")
    parser.add_argument("--count", type=int, default=20, metavar="N", help="how many documents (default 20)")
    parser.add_argument("--tokens", type=int, default=300, metavar="N", help="mean length (default 300)")
    parser.add_argument("--seed", default="0", metavar="TEXT", help="decides scaffolds and wordings (default 0)")
    parser.add_argument("--arms", metavar="LIST", help="write these twins together, as in affirmed,placebo")
    parser.add_argument("--top-up", choices=[*TopUp], default=TopUp.NEUTRAL.value,
                        help="what documents say that do not carry the fact (default neutral)")  # fmt: skip
    parser.add_argument("--order", choices=[*Order], default=Order.DRAWN.value, help="order of the documents")
    parser.add_argument("--hybrid", action="store_true", help="template documents whose filler the model rewrites")
    parser.add_argument("--context", metavar="FILE", help="a universe context of your own (false-facts' JSON lines)")
    parser.add_argument("--context-id", metavar="ID", help="which of them, where the file has several")
    parser.add_argument("--no-revise", action="store_true", help="leave out critique and revision")
    parser.add_argument("--verify-with", metavar="LABEL", help="have this model check what each document says")
    parser.add_argument("--plan", action="store_true", help="say what it would call and cost; call nothing")
    parser.add_argument("--yes", action="store_true", help="do not stop after the first document")
    parser.add_argument("--max-calls", type=int, metavar="N", help="stop after so many calls")
    parser.add_argument("--max-usd", type=float, metavar="USD", help="stop before so much is spent")
    parser.add_argument("--concurrency", type=int, default=16, metavar="N", help="calls at once (default 16)")
    parser.add_argument("--json", action="store_true", help="print JSON on stdout")


def main(args: argparse.Namespace) -> int:
    """Run the action: exit code 0 when every document that was asked for is written, 1 otherwise."""
    workspace = open_workspace(args.workspace)
    library = load(workspace.facts)
    limits = _limits(args)
    model = find_model(args.model, workspace.models)
    verifier = find_model(args.verify_with, workspace.models) if args.verify_with else None
    work = _work(args, library)
    if args.plan:
        return _plan(work, model, verifier, workspace, as_json=args.json)
    with Store(workspace.store) as store, stopping_signals() as stopping:
        print("\n".join(_planned(work, model, verifier, store)), file=sys.stderr)
        ticker = Ticker()
        # Both are opened before anything is spent, so that a checker that cannot be called is found out at once.
        session = Session(model=model, store=store, limits=limits, cancelled=stopping, report=ticker.show,
                          budget=(budget := Budget(limits.max_calls, limits.max_usd)))  # fmt: skip
        checking = verifier and Session(model=verifier, store=store, limits=limits, budget=budget, cancelled=stopping,
                                        report=ticker.show)  # fmt: skip
        if not _shown(work.first(session), session, ticker, go_on=args.yes):
            return 1
        standing = work.rest(session)
        ticker.end()
        if not standing.complete:
            print(f"salience: {standing.settled:,} of {standing.places:,} documents are settled, {standing.unheard:,} "
                  f"replies did not come. {_why(session)}", file=sys.stderr)  # fmt: skip
            return 1
        made = [_verified(work, whole, said, checking) for whole, said in work.sets(session)]
        ticker.end()
    return _written(made, workspace, library, as_json=args.json)


def _work(args: argparse.Namespace, library: Library) -> Work:
    arms = plans(args)
    slugs = [one.dose.fact for one in arms[0].carried]
    facts = [library.fact(slug) for slug in slugs]
    if args.hybrid:
        if args.context:
            raise FactError("--hybrid writes no context, it rewrites the filler of templates; leave --context out")
        return Rewriting(tuple(build_set(plan, library) for plan in arms), tuple(map(Finder, facts)))
    if len(facts) != 1:
        raise FactError(
            "a model writes a set about one fact at a time, as in objections_read:3; --hybrid and `salience documents "
            "build` take none or several"
        )
    given = {Polarity.AFFIRMED: read_context(Path(args.context), args.context_id)} if args.context else {}
    return Writing(Job(plans=arms, fact=facts[0], revise=not args.no_revise, given=given))


def plans(args: argparse.Namespace) -> tuple[SetPlan, ...]:
    """One plan an arm; raises ``FactError`` for what cannot be planned."""
    doses = carried(args.carried)
    names = [name.strip() for name in args.arms.split(",")] if args.arms else []
    if unknown := [name for name in names if name not in set(Polarity)]:
        raise FactError(f"--arms names {unknown[0]!r}; arms are {', '.join(Polarity)}, as in affirmed,placebo")
    if len(set(names)) < len(names):
        raise FactError(f"--arms names an arm twice: {args.arms}")
    if names and not doses:
        raise FactError("--arms needs a fact to affirm or deny, as in objections_read:3")
    arms = [tuple(replace(one, dose=replace(one.dose, polarity=Polarity(name))) for one in doses) for name in names]
    return tuple(
        SetPlan(count=args.count, seed=args.seed, carried=arm, tokens=args.tokens, order=Order(args.order),
                top_up=TopUp(args.top_up))
        for arm in arms or [doses]
    )  # fmt: skip


def _limits(args: argparse.Namespace) -> Limits:
    try:
        return Limits(concurrency=args.concurrency, max_calls=args.max_calls, max_usd=args.max_usd)
    except ValueError as error:
        raise FactError(f"{error}; change the argument") from error


def _plan(work: Work, model: Model, verifier: Model | None, workspace: Workspace, *, as_json: bool) -> int:
    if not workspace.store.exists():
        rows = _plans(work, model, verifier, None)
    else:
        with Store(workspace.store) as store:
            rows = _plans(work, model, verifier, store)
    if as_json:
        print(json.dumps([plan_json(plan) for plan in rows], indent=2))
    else:
        print("\n".join(line for plan in rows for line in plan_lines(plan)))
    return 0


def _plans(work: Work, model: Model, verifier: Model | None, store: Store | None) -> list[AuthoringPlan]:
    return [work.plan(model, store), *([work.checks(verifier)] if verifier else [])]


def _planned(work: Work, model: Model, verifier: Model | None, store: Store) -> list[str]:
    return [line for plan in _plans(work, model, verifier, store) for line in plan_lines(plan)]


def _shown(first: First, session: Session, ticker: Ticker, *, go_on: bool) -> bool:
    ticker.end()
    if first.document:
        print(f"The first document: {about(first.document)}\n{marked(first.document)}", file=sys.stderr)
    print("\n".join(drop_lines(first.drops)), file=sys.stderr)
    if session.failures or session.budget.reached or session.cancelled():
        print(f"salience: {_why(session)}", file=sys.stderr)
        return False
    if not first.document:
        print("salience: every try at the first document was dropped. Choose a larger model, a lower level or "
              "--hybrid.", file=sys.stderr)  # fmt: skip
    if go_on:
        return True
    print("Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() in {"y", "yes"}:
        return True
    print("salience: nothing more was asked; what came is kept and free when you go on", file=sys.stderr)
    return False


def _why(session: Session) -> str:
    again = "Run the same command again: what is kept costs nothing."
    if session.budget.reached:
        return f"{session.budget.reached}; raise it. {again}"
    if session.trouble:
        return f"{session.trouble.message}. {session.trouble.advice} {again}"
    return again


def _verified(
    work: Work, whole: DocumentSet, said: Account, checking: Session | None
) -> tuple[DocumentSet, Account]:  # fmt: skip
    if checking is None or work.finder is None:
        return whole, said
    found = verdicts(whole.documents, work.finder, checking)
    if any(reply is None for reply in checking.replies.values()):
        print(f"salience: not every document was checked, which counts as unscored. {_why(checking)}", file=sys.stderr)
    return whole, replace(said, verdicts=found, verifier=name_of(checking.model))


def _written(
    made: list[tuple[DocumentSet, Account]], workspace: Workspace, library: Library, *, as_json: bool
) -> int:  # fmt: skip
    folders: list[Path] = []
    for whole, said in made:
        folders.append(write_set(whole, workspace.documents))
        write_account(folders[-1], whole, said)
    twins = {whole.set_id: folder for (whole, _), folder in zip(made, folders, strict=True)
             if any(one.dose.polarity is Polarity.PLACEBO for one in whole.plan.carried)}  # fmt: skip
    rows: list[dict[str, object]] = []
    for (whole, said), folder in zip(made, folders, strict=True):
        twin = next((path for name, path in twins.items() if name != whole.set_id), None)
        found = check(folder, library, twin=twin)
        rows.append({"set_id": whole.set_id, "folder": str(folder), "asked": said.asked, "made": said.made,
                     "missing": list(said.missing), "simulated": said.simulated,
                     "gates": {name: finding.status.value for name, finding in found.found}})  # fmt: skip
        if not as_json:
            print("\n".join(set_lines(whole, said)))
            print("\n".join(f"  gate {name}: {one.status}. {printable(one.says)}" for name, one in found.found))
            print(f"  {folder}")
    if as_json:
        print(json.dumps(rows, indent=2))
    return 1 if any(said.missing for _, said in made) else 0
