"""`salience documents import SOURCE`: outside documents and claims into the workspace, all of a source or nothing."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict

from dashboard.workspace import Workspace, open_workspace
from facts.catalog import load
from facts.documents.imports import Imported, import_documents, names
from facts.documents.imports.table import ROLES, ConfirmColumns
from facts.errors import FactError, UnknownName
from facts.parse import home_path

ABOUT = "take in documents and claims from files of other pipelines, tables and folders of texts"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the action."""
    parser.add_argument("source", metavar="SOURCE", help="a .jsonl, .csv, .tsv or .yaml file, or a folder of texts")
    parser.add_argument("--kind", choices=names(), default="", help="what the source is (default: what it looks like)")
    parser.add_argument("--fact", metavar="SLUG", help="look for this fact in every document, by its anchors")
    parser.add_argument("--column", action="append", default=[], metavar="ROLE=COLUMN",
                        help=f"confirm a column of a table; roles are {', '.join(ROLES)}; repeatable")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print what was imported as JSON")


def main(args: argparse.Namespace) -> int:
    """Run the action: exit code 1 where a column is to be confirmed first."""
    workspace = open_workspace(args.workspace)
    source, columns = home_path(args.source), _columns(args.column)
    if columns and args.kind not in ("", "table"):
        raise FactError(f"--column is of tables, and {args.kind} is none; leave one of them out")
    fact = load(workspace.facts).fact(args.fact) if args.fact else None
    try:
        # Whoever names columns means a table, whatever else the file looks like.
        kind = "table" if columns else args.kind
        done = import_documents(source, workspace.documents, kind=kind, columns=columns, fact=fact)
    except ConfirmColumns as asked:
        print(f"salience: {_question(args, asked, columns)}", file=sys.stderr)
        return 1
    if args.json:
        said = {"set_id": done.set_id, "folder": str(done.folder), "new": done.new}
        said |= {"drafts": [str(path) for path in done.drafts], "report": asdict(done.report)}
        print(json.dumps(said, indent=2))
    else:
        _show(done, workspace, looked_for=fact is not None)
    return 0


def _columns(words: list[str]) -> dict[str, str]:
    """What ``text=body`` says: role → column."""
    found: dict[str, str] = {}
    for word in words:
        role, equals, column = word.partition("=")
        if not equals or not role or not column:
            raise FactError(f"cannot read {word[:100]!r}; write --column ROLE=COLUMN, as in --column text=body")
        if role not in ROLES:
            raise UnknownName("role of a column", role[:100], ROLES)
        if found.setdefault(role, column) != column:
            raise FactError(f"--column names two columns for {role}; name one")
    return found


def _question(args: argparse.Namespace, asked: ConfirmColumns, given: Mapping[str, str]) -> str:
    listed = ", ".join(map(repr, asked.columns[:20]))
    guess = {**asked.suggested, **given}
    if "text" not in guess:
        return (f"which column of {args.source} holds the texts? No name looks like it (there are {listed}). Nothing "
                f"was imported; name it:\n  {_command(args, {**guess, 'text': 'NAME'})}")  # fmt: skip
    said = ", ".join(f"{role} from {column!r}" for role, column in guess.items())
    return (f"columns are guessed by their names and not read before you confirm them: {said} (there are {listed}). "
            f"Nothing was imported; if that is right, run:\n  {_command(args, guess)}")  # fmt: skip


def _command(args: argparse.Namespace, columns: Mapping[str, str]) -> str:
    words = ["salience", *(["--workspace", args.workspace] if args.workspace else [])]
    words += ["documents", "import", args.source]
    words += ["--kind", args.kind] if args.kind else []
    words += ["--fact", args.fact] if args.fact else []
    for role, column in columns.items():
        words += ["--column", f"{role}={column}"]
    return shlex.join(words)


def _show(done: Imported, workspace: Workspace, *, looked_for: bool) -> None:
    print(f"{done.folder}{'' if done.new else '  (was there already, the same)'}")
    for line in done.report.sentences():
        print(f"  {line}")
    if done.report.documents:
        if not looked_for:
            print("  no fact was looked for, so what the documents say of one is unknown; --fact SLUG looks for it")
        print(f"  next: salience documents check {done.set_id}")
    if done.drafts:
        shown = [*map(str, done.drafts[:5]), *(["…"] if len(done.drafts) > 5 else [])]
        print(f"  {len(done.drafts):,} draft{'' if len(done.drafts) == 1 else 's'} of facts, none of them a fact yet:")
        print("".join(f"    {path}\n" for path in shown), end="")
        print("  next: write what is marked TO WRITE, then for each")
        print(f"    salience facts check {shlex.quote(shown[0])}")
        print(f"    move it to {workspace.facts}")
